// Equality and hash by content. Neither recurses: patches can nest deeper than the parser allows.
#include <bit>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/json.h"
#include "base/json_block.h"

namespace heirloom {
namespace {

using detail::JsonBlock;
using detail::JsonNode;

class Comparison {
 public:
  Comparison(const JsonBlock& a, const JsonBlock& b) : a_(a), b_(b) {}

  bool equal(std::uint32_t a, std::uint32_t b) {
    pending_.emplace_back(a, b);
    while (!pending_.empty()) {
      const auto [i, j] = pending_.back();
      pending_.pop_back();
      if (!subtrees_equal(i, j)) return false;
    }
    return true;
  }

 private:
  // Walks both tapes side by side as long as members come in the same order; what is ordered otherwise is put
  // off.
  bool subtrees_equal(std::uint32_t i, std::uint32_t j) {
    const std::uint32_t end = i + a_.node(i).span();
    while (i < end) {
      const JsonNode& a = a_.node(i);
      const JsonNode& b = b_.node(j);
      if (a.kind != b.kind || !same_value(a, b)) return false;
      if (a.kind == JsonKind::Object && !same_order(i, j)) {
        if (!put_off_members(i, j)) return false;
        i += a.span();
        j += b.span();
      } else {
        ++i;
        ++j;
      }
    }
    return true;
  }

  bool same_value(const JsonNode& a, const JsonNode& b) const {
    switch (a.kind) {
      case JsonKind::Missing:  // the index of a large object: follows from its members
      case JsonKind::Null:
        return true;
      case JsonKind::Bool:
      case JsonKind::Int64:
      case JsonKind::Uint64:
        return a.integer == b.integer;
      case JsonKind::Double:
        return a.number == b.number;
      case JsonKind::String:
        return a_.text(a) == b_.text(b);
      case JsonKind::Array:
      case JsonKind::Object:
        return a.container.size == b.container.size;
    }
    return false;
  }

  static bool same_key(const JsonBlock& x, const JsonNode& a, const JsonBlock& y, const JsonNode& b) {
    if (a.has(JsonNode::kKnownKey) != b.has(JsonNode::kKnownKey) || a.key_length != b.key_length)
      return false;
    return a.has(JsonNode::kKnownKey) ? a.key == b.key : x.key(a) == y.key(b);
  }

  bool same_order(std::uint32_t i, std::uint32_t j) const {
    std::uint32_t at = i + 1;
    std::uint32_t other = j + 1;
    for (std::uint32_t left = a_.node(i).container.size; left > 0; --left) {
      if (!same_key(a_, a_.node(at), b_, b_.node(other))) return false;
      at += a_.node(at).span();
      other += b_.node(other).span();
    }
    return true;
  }

  bool put_off_members(std::uint32_t i, std::uint32_t j) {
    std::uint32_t at = i + 1;
    for (std::uint32_t left = a_.node(i).container.size; left > 0; --left) {
      const std::uint32_t other = b_.find(j, a_.key(a_.node(at)));
      if (other == 0) return false;
      pending_.emplace_back(at, other);
      at += a_.node(at).span();
    }
    return true;
  }

  const JsonBlock& a_;
  const JsonBlock& b_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pending_;
};

std::uint64_t scalar_hash(const JsonBlock& block, const JsonNode& node) {
  const auto tag = static_cast<std::uint64_t>(node.kind);
  switch (node.kind) {
    case JsonKind::String:
      return hash_bytes(block.text(node), tag);
    case JsonKind::Double:  // 0.0 == -0.0
      return hash_combine(tag, node.number == 0 ? 0 : std::bit_cast<std::uint64_t>(node.number));
    case JsonKind::Null:
      return hash_combine(tag, 0);
    default:
      return hash_combine(tag, node.unsigned_integer);
  }
}

struct OpenContainer {
  std::uint32_t node, end;
  std::uint64_t sum;
};

}  // namespace

bool operator==(JsonView a, JsonView b) {
  if (a.kind() != b.kind()) return false;
  if (!a.exists() || (a.block_ == b.block_ && a.node_ == b.node_)) return true;
  return Comparison(*a.block_, *b.block_).equal(a.node_, b.node_);
}

std::uint64_t hash_json(JsonView value, std::uint64_t seed) {
  if (!value.exists()) return hash_combine(seed, 0);
  const JsonBlock& block = *JsonBlock::block_of(value);
  const std::uint32_t first = JsonBlock::node_of(value);
  const std::uint32_t end = first + block.node(first).span();
  std::vector<OpenContainer> open;
  open.reserve(16);
  std::uint64_t result = 0;
  // Members are summed, so their order does not count; elements are chained, so theirs does.
  const auto finished = [&](const JsonNode& node, std::uint64_t hash) {
    if (open.empty()) {
      result = hash;
      return;
    }
    OpenContainer& parent = open.back();
    if (block.node(parent.node).kind == JsonKind::Object)
      parent.sum += hash_combine(hash_bytes(block.key(node)), hash);
    else
      parent.sum = hash_combine(parent.sum, hash);
  };
  const auto close_until = [&](std::uint32_t i) {
    while (!open.empty() && open.back().end <= i) {
      const OpenContainer closed = open.back();
      open.pop_back();
      const JsonNode& node = block.node(closed.node);
      const std::uint64_t tag = static_cast<std::uint64_t>(node.kind) << 32 | node.container.size;
      finished(node, hash_combine(tag, closed.sum));
    }
  };
  for (std::uint32_t i = first; i < end; ++i) {
    close_until(i);
    const JsonNode& node = block.node(i);
    if (node.is_container())
      open.push_back({i, i + node.span(), 0});
    else if (node.kind != JsonKind::Missing)
      finished(node, scalar_hash(block, node));
  }
  close_until(end);
  return hash_combine(seed, result);
}

}  // namespace heirloom
