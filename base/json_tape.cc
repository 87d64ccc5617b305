#include "base/json_tape.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"

namespace heirloom::detail {
namespace {

constexpr std::size_t kIndexFrom = 32;   // members from which an object gets an index
constexpr std::size_t kSharedMax = 256;  // longer strings are hardly ever repeated
constexpr std::size_t kOffsetMax = std::numeric_limits<std::uint32_t>::max();

}  // namespace

StringTable::Entry* StringTable::find(std::string_view text, std::uint64_t hash, const std::string& bytes) {
  if (slots_.empty()) slots_.resize(kFirstSlots);
  const auto short_hash = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t probe = 0; probe < kMaxProbes; ++probe) {
    Entry& entry = slots_[(hash + probe) & (slots_.size() - 1)];
    if (entry.offset == 0) {
      entry.hash = short_hash;
      entry.length = static_cast<std::uint32_t>(text.size());
      return &entry;
    }
    if (entry.hash == short_hash && std::string_view(bytes).substr(entry.offset - 1, entry.length) == text)
      return &entry;
  }
  return nullptr;
}

void StringTable::added() {
  if (++used_ * 2 < slots_.size()) return;
  // Slots do not hold the whole hash: start afresh, so that growing costs nothing. Earlier strings may be
  // stored once more, a logarithmic number of times.
  slots_.assign(slots_.size() * 4, Entry());
  used_ = 0;
}

void StringTable::clear() {
  if (used_ == 0) return;
  slots_.clear();
  used_ = 0;
}

JsonNode JsonTape::scalar(JsonKind kind) {
  JsonNode node;
  node.kind = kind;
  return node;
}

void JsonTape::begin(JsonKind kind) {
  JsonNode node = scalar(kind);
  node.container = {0, 1};
  add(node);
  frames_.push_back({static_cast<std::uint32_t>(nodes_.size() - 1), 0, 0, false});
}

std::uint32_t JsonTape::end(JsonKind kind) {
  HEIRLOOM_ASSERT(!frames_.empty() && !has_key_);
  const Frame frame = frames_.back();
  JsonNode& node = nodes_[frame.node];
  HEIRLOOM_ASSERT(node.kind == kind);
  node.container = {frame.size, static_cast<std::uint32_t>(nodes_.size() - frame.node)};
  frames_.pop_back();
  return frame.node;
}

void JsonTape::end_array() { end(JsonKind::Array); }

void JsonTape::end_object() {
  HEIRLOOM_ASSERT(!frames_.empty());
  const bool keys_may_repeat = frames_.back().keys_may_repeat;
  const std::uint32_t object = end(JsonKind::Object);
  if (keys_may_repeat) drop_repeated_keys(object);
  if (nodes_[object].container.size >= kIndexFrom) add_index(object);
}

void JsonTape::key(std::string_view key) {
  HEIRLOOM_ASSERT(!frames_.empty() && !has_key_);
  Frame& frame = frames_.back();
  HEIRLOOM_ASSERT(nodes_[frame.node].kind == JsonKind::Object);
  const std::uint64_t hash = hash_bytes(key);
  const std::uint64_t bit = std::uint64_t{1} << (hash & 63);
  if ((frame.key_bits & bit) != 0) frame.keys_may_repeat = true;
  frame.key_bits |= bit;
  pending_key_ = JsonNode();
  set_key(pending_key_, key, hash);
  has_key_ = true;
}

void JsonTape::boolean(bool value) {
  JsonNode node = scalar(JsonKind::Bool);
  node.integer = value ? 1 : 0;
  add(node);
}

void JsonTape::int64(std::int64_t value) {
  JsonNode node = scalar(JsonKind::Int64);
  node.integer = value;
  add(node);
}

void JsonTape::uint64(std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return int64(static_cast<std::int64_t>(value));
  JsonNode node = scalar(JsonKind::Uint64);
  node.unsigned_integer = value;
  add(node);
}

void JsonTape::number(double value) {
  HEIRLOOM_ASSERT(std::isfinite(value));  // JSON has no others
  JsonNode node = scalar(JsonKind::Double);
  node.number = value;
  add(node);
}

void JsonTape::string(std::string_view value) {
  JsonNode node = scalar(JsonKind::String);
  set_text(node, value);
  add(node);
}

void JsonTape::copy(const JsonBlock& block, std::uint32_t first) {
  const JsonNode* source = block.nodes() + first;
  const std::uint32_t count = source->span();
  const std::size_t root = nodes_.size();
  JsonNode head = *source;
  head.take_key_of(JsonNode());
  if (head.kind == JsonKind::String) set_text(head, block.text(*source));
  add(head);
  for (std::uint32_t i = 1; i < count; ++i) {
    JsonNode node = source[i];
    if (!node.has(JsonNode::kKnownKey) && node.key_length != 0) {
      // Known keys are marked in every block: this one is none.
      const std::string_view key = block.key(source[i]);
      const bool is_long = node.key_length == JsonNode::kLongKey;
      node.key = store(key, is_long ? 0 : hash_bytes(key), is_long);
    }
    if (node.kind == JsonKind::String && !node.has(JsonNode::kInlineText)) {
      set_text(node, block.text(source[i]));
    } else if (node.kind == JsonKind::Missing) {
      const std::string_view index = block.text(source[i]);
      node.text = {static_cast<std::uint32_t>(bytes_.size()), node.text.length};
      bytes_.append(index);
    }
    nodes_.push_back(node);
  }
  HEIRLOOM_ASSERT(nodes_.size() == root + count && nodes_.size() < kOffsetMax && bytes_.size() < kOffsetMax);
}

const JsonBlock* JsonTape::take() {
  HEIRLOOM_ASSERT(frames_.empty() && !nodes_.empty());
  const JsonBlock* block = JsonBlock::create(nodes_, bytes_);
  clear();
  return block;
}

void JsonTape::clear() {
  nodes_.clear();
  bytes_.clear();
  frames_.clear();
  strings_.clear();
  has_key_ = false;
}

std::size_t JsonTape::kept_bytes() const {
  return nodes_.capacity() * sizeof(JsonNode) + bytes_.capacity() + strings_.kept_bytes();
}

JsonNode& JsonTape::add(JsonNode node) {
  HEIRLOOM_ASSERT(nodes_.size() + 1 < kOffsetMax);
  if (frames_.empty()) {
    HEIRLOOM_ASSERT(nodes_.empty());  // one value at the top
  } else {
    Frame& frame = frames_.back();
    ++frame.size;
    HEIRLOOM_ASSERT(has_key_ == (nodes_[frame.node].kind == JsonKind::Object));
    if (has_key_) node.take_key_of(pending_key_);
    has_key_ = false;
  }
  return nodes_.emplace_back(node);
}

void JsonTape::set_key(JsonNode& node, std::string_view key, std::uint64_t hash) {
  if (const auto known = find_known_key(key, hash)) {
    node.flags |= JsonNode::kKnownKey;
    node.key = *known;
    node.key_length = static_cast<std::uint16_t>(key.size());
    return;
  }
  const bool is_long = key.size() >= JsonNode::kLongKey;
  node.flags &= static_cast<std::uint8_t>(~JsonNode::kKnownKey);
  node.key = store(key, hash, is_long);
  node.key_length = is_long ? JsonNode::kLongKey : static_cast<std::uint16_t>(key.size());
}

void JsonTape::set_text(JsonNode& node, std::string_view text) {
  if (text.size() <= JsonNode::kInlineMax) {
    node.integer = 0;
    if (!text.empty()) std::memcpy(node.inline_text, text.data(), text.size());
    node.flags = static_cast<std::uint8_t>((node.flags & JsonNode::kKnownKey) | JsonNode::kInlineText |
                                           text.size() << JsonNode::kInlineShift);
    return;
  }
  const std::uint64_t hash = text.size() <= kSharedMax ? hash_bytes(text) : 0;
  node.text = {store(text, hash, false), static_cast<std::uint32_t>(text.size())};
}

std::uint32_t JsonTape::store(std::string_view text, std::uint64_t hash, bool with_length) {
  HEIRLOOM_ASSERT(bytes_.size() + text.size() + sizeof(std::uint32_t) < kOffsetMax);
  auto offset = static_cast<std::uint32_t>(bytes_.size());
  if (with_length) {
    const auto length = static_cast<std::uint32_t>(text.size());
    bytes_.append(reinterpret_cast<const char*>(&length), sizeof length);
  } else if (text.size() <= kSharedMax) {
    if (StringTable::Entry* entry = strings_.find(text, hash, bytes_)) {
      if (entry->offset != 0) return entry->offset - 1;
      entry->offset = offset + 1;
      bytes_.append(text);
      strings_.added();
      return offset;
    }
  }
  bytes_.append(text);
  return offset;
}

std::vector<std::uint32_t> JsonTape::members(std::uint32_t object) const {
  std::vector<std::uint32_t> found;
  found.reserve(nodes_[object].container.size);
  for (std::uint32_t at = 1; at < nodes_[object].container.span; at += nodes_[object + at].span())
    found.push_back(at);
  std::sort(found.begin(), found.end(), [&](std::uint32_t a, std::uint32_t b) {
    const int order =
        node_key(nodes_[object + a], bytes_.data()).compare(node_key(nodes_[object + b], bytes_.data()));
    return order != 0 ? order < 0 : a < b;
  });
  return found;
}

void JsonTape::drop_repeated_keys(std::uint32_t object) {
  const std::vector<std::uint32_t> sorted = members(object);
  std::vector<std::uint32_t> dropped;
  for (std::size_t i = 0; i + 1 < sorted.size(); ++i)
    if (node_key(nodes_[object + sorted[i]], bytes_.data()) ==
        node_key(nodes_[object + sorted[i + 1]], bytes_.data()))
      dropped.push_back(sorted[i]);
  if (dropped.empty()) return;
  std::sort(dropped.begin(), dropped.end());
  // Subtrees hold only relative distances, so they can simply move together.
  const std::uint32_t span = nodes_[object].container.span;
  std::uint32_t to = 1;
  std::size_t next = 0;
  for (std::uint32_t from = 1; from < span;) {
    const std::uint32_t length = nodes_[object + from].span();
    if (next < dropped.size() && dropped[next] == from) {
      ++next;
    } else {
      const auto begin = nodes_.begin() + object + from;
      std::copy(begin, begin + length, nodes_.begin() + object + to);
      to += length;
    }
    from += length;
  }
  nodes_.resize(object + to);
  nodes_[object].container.span = to;
  nodes_[object].container.size -= static_cast<std::uint32_t>(dropped.size());
}

void JsonTape::add_index(std::uint32_t object) {
  const std::vector<std::uint32_t> sorted = members(object);
  const std::size_t length = sorted.size() * sizeof(std::uint32_t);
  HEIRLOOM_ASSERT(bytes_.size() + length < kOffsetMax);
  JsonNode index = scalar(JsonKind::Missing);
  index.text = {static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(length)};
  bytes_.append(reinterpret_cast<const char*>(sorted.data()), length);
  nodes_.push_back(index);
  nodes_[object].flags |= JsonNode::kIndexed;
  ++nodes_[object].container.span;
}

namespace {

constexpr std::size_t kMaxKeptBytes = 1024 * 1024;  // a larger tape is given back to the system

struct Spare {
  JsonTape* tape = nullptr;
  ~Spare() { delete std::exchange(tape, nullptr); }
};
thread_local Spare spare;

}  // namespace

JsonTape* acquire_tape() {
  JsonTape* tape = std::exchange(spare.tape, nullptr);
  return tape != nullptr ? tape : new JsonTape;
}

void release_tape(JsonTape* tape) {
  if (tape == nullptr) return;
  if (spare.tape != nullptr || tape->kept_bytes() > kMaxKeptBytes) {
    delete tape;
    return;
  }
  tape->clear();
  spare.tape = tape;
}

}  // namespace heirloom::detail
