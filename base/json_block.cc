#include "base/json_block.h"

#include <new>

namespace heirloom::detail {

const JsonBlock* JsonBlock::create(std::span<const JsonNode> nodes, std::string_view bytes) {
  void* memory = ::operator new(sizeof(JsonBlock) + nodes.size_bytes() + bytes.size());
  auto* block = new (memory)
      JsonBlock(static_cast<std::uint32_t>(nodes.size()), static_cast<std::uint32_t>(bytes.size()));
  char* begin = reinterpret_cast<char*>(block + 1);
  std::memcpy(begin, nodes.data(), nodes.size_bytes());
  if (!bytes.empty()) std::memcpy(begin + nodes.size_bytes(), bytes.data(), bytes.size());
  return block;
}

const JsonBlock* JsonBlock::null_value() {
  static const JsonNode node{};
  static const JsonBlock* const block = create({&node, 1}, {});
  return block;
}

void JsonBlock::release() const {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  this->~JsonBlock();
  ::operator delete(const_cast<JsonBlock*>(this));
}

std::uint32_t JsonBlock::find(std::uint32_t object, std::string_view key) const {
  const JsonNode& head = node(object);
  if (!head.has(JsonNode::kIndexed)) {
    const std::uint32_t end = object + head.container.span;
    for (std::uint32_t i = object + 1; i < end; i += node(i).span()) {
      const JsonNode& member = node(i);
      if (member.key_length != key.size() && member.key_length != JsonNode::kLongKey) continue;
      const std::string_view name = this->key(member);
      // Most keys of one length differ in the first byte already.
      if (name.size() == key.size() && (name.empty() || (name.front() == key.front() && name == key))) return i;
    }
    return 0;
  }
  const JsonNode& index = node(object + head.container.span - 1);
  const char* distances = bytes() + index.text.offset;
  const auto distance = [&](std::uint32_t i) {
    std::uint32_t value = 0;
    std::memcpy(&value, distances + i * sizeof value, sizeof value);
    return value;
  };
  std::uint32_t low = 0;
  std::uint32_t high = head.container.size;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    const std::uint32_t member = object + distance(middle);
    const int order = this->key(node(member)).compare(key);
    if (order == 0) return member;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return 0;
}

}  // namespace heirloom::detail
