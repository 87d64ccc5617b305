// The inside of a Json: one allocation that holds a tape of 16-byte nodes in document order, then string
// bytes. Only json*.cc include this.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/json.h"
#include "base/json_keys.h"

namespace heirloom::detail {

// One value together with the key it has in its object. Children follow their container; distances are
// relative, so a subtree can be moved or copied as it is.
struct JsonNode {
  static constexpr std::uint8_t kKnownKey = 1;  // key is an index into known_keys()
  static constexpr std::uint8_t kInlineText =
      2;  // the string's bytes are in the payload; length in the upper bits
  static constexpr std::uint8_t kIndexed = 4;  // an object whose last node is an index of its members
  static constexpr unsigned kInlineShift = 4;
  static constexpr std::size_t kInlineMax = 8;
  static constexpr std::uint16_t kLongKey = 0xFFFF;  // four bytes of length stand before the key's bytes

  // Missing marks the index of a large object: `string` is where the sorted uint32 distances are, length in
  // bytes.
  JsonKind kind = JsonKind::Null;
  std::uint8_t flags = 0;
  std::uint16_t key_length = 0;
  std::uint32_t key = 0;  // offset into the bytes, or known key; meaningless outside objects
  struct Text {
    std::uint32_t offset, length;
  };
  struct Container {
    std::uint32_t size, span;  // members or elements; nodes of the whole subtree, this one included
  };
  union {
    std::int64_t integer = 0;  // also booleans
    std::uint64_t unsigned_integer;
    double number;
    char inline_text[kInlineMax];
    Text text;
    Container container;
  };

  bool is_container() const { return kind == JsonKind::Array || kind == JsonKind::Object; }
  std::uint32_t span() const { return is_container() ? container.span : 1; }
  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
  void take_key_of(const JsonNode& o) {
    flags = static_cast<std::uint8_t>((flags & ~kKnownKey) | (o.flags & kKnownKey));
    key_length = o.key_length;
    key = o.key;
  }
};
static_assert(sizeof(JsonNode) == 16);

inline std::string_view node_key(const JsonNode& node, const char* bytes) {
  if (node.has(JsonNode::kKnownKey)) return known_key(node.key);
  if (node.key_length != JsonNode::kLongKey) return {bytes + node.key, node.key_length};
  std::uint32_t length = 0;
  std::memcpy(&length, bytes + node.key, sizeof length);
  return {bytes + node.key + sizeof length, length};
}

inline std::string_view node_text(const JsonNode& node, const char* bytes) {
  if (node.has(JsonNode::kInlineText))
    return {node.inline_text, static_cast<std::size_t>(node.flags >> JsonNode::kInlineShift)};
  return {bytes + node.text.offset, node.text.length};
}

class alignas(JsonNode) JsonBlock {
 public:
  // With one reference, the caller's.
  static const JsonBlock* create(std::span<const JsonNode> nodes, std::string_view bytes);
  static const JsonBlock* null_value();  // a block that lives for ever and holds null

  // Atomic, because the store's commit thread may hold the last copy.
  void retain() const { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() const;

  const JsonNode* nodes() const { return reinterpret_cast<const JsonNode*>(this + 1); }
  const JsonNode& node(std::uint32_t i) const { return nodes()[i]; }
  const char* bytes() const { return reinterpret_cast<const char*>(nodes() + node_count_); }
  std::string_view key(const JsonNode& node) const { return node_key(node, bytes()); }
  std::string_view text(const JsonNode& node) const { return node_text(node, bytes()); }
  std::size_t memory_bytes() const { return sizeof *this + node_count_ * sizeof(JsonNode) + byte_count_; }

  // The node of the member, or 0 (which is the root and never a member).
  std::uint32_t find(std::uint32_t object, std::string_view key) const;

  // For the code beside this class: what a view looks at.
  static const JsonBlock* block_of(JsonView view) { return view.block_; }
  static std::uint32_t node_of(JsonView view) { return view.node_; }
  static JsonView view_of(const JsonBlock* block, std::uint32_t node) { return {block, node}; }

 private:
  JsonBlock(std::uint32_t node_count, std::uint32_t byte_count)
      : node_count_(node_count), byte_count_(byte_count) {}

  mutable std::atomic<std::uint32_t> references_{1};
  std::uint32_t node_count_;
  std::uint32_t byte_count_;
};
static_assert(sizeof(JsonBlock) == 16);

}  // namespace heirloom::detail
