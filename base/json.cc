#include "base/json.h"

#include <algorithm>
#include <utility>

#include "base/json_block.h"
#include "base/json_tape.h"

namespace heirloom {

using detail::JsonBlock;
using detail::JsonNode;

std::string_view to_string(JsonKind kind) {
  switch (kind) {
    case JsonKind::Missing:
      return "missing";
    case JsonKind::Null:
      return "null";
    case JsonKind::Bool:
      return "boolean";
    case JsonKind::Int64:
    case JsonKind::Uint64:
      return "integer";
    case JsonKind::Double:
      return "number";
    case JsonKind::String:
      return "string";
    case JsonKind::Array:
      return "array";
    case JsonKind::Object:
      return "object";
  }
  return "missing";
}

JsonKind JsonView::kind() const { return block_ == nullptr ? JsonKind::Missing : block_->node(node_).kind; }

std::string_view JsonView::string(std::string_view fallback) const {
  return is_string() ? block_->text(block_->node(node_)) : fallback;
}

bool JsonView::boolean(bool fallback) const {
  return is_bool() ? block_->node(node_).integer != 0 : fallback;
}

std::int64_t JsonView::int64(std::int64_t fallback) const {
  return kind() == JsonKind::Int64 ? block_->node(node_).integer : fallback;
}

std::uint64_t JsonView::uint64(std::uint64_t fallback) const {
  switch (kind()) {
    case JsonKind::Uint64:
      return block_->node(node_).unsigned_integer;
    case JsonKind::Int64: {
      const std::int64_t value = block_->node(node_).integer;
      return value >= 0 ? static_cast<std::uint64_t>(value) : fallback;
    }
    default:
      return fallback;
  }
}

double JsonView::number(double fallback) const {
  switch (kind()) {
    case JsonKind::Int64:
      return static_cast<double>(block_->node(node_).integer);
    case JsonKind::Uint64:
      return static_cast<double>(block_->node(node_).unsigned_integer);
    case JsonKind::Double:
      return block_->node(node_).number;
    default:
      return fallback;
  }
}

std::size_t JsonView::size() const {
  return is_array() || is_object() ? block_->node(node_).container.size : 0;
}

JsonView JsonView::operator[](std::string_view key) const {
  if (!is_object()) return {};
  const std::uint32_t member = block_->find(node_, key);
  return member == 0 ? JsonView() : JsonView(block_, member);
}

JsonView JsonView::element(std::size_t index) const {
  if (!is_array() || index >= size()) return {};
  std::uint32_t at = node_ + 1;
  for (; index > 0; --index) at += block_->node(at).span();
  return {block_, at};
}

JsonElements JsonView::elements() const {
  JsonElements range;
  if (!is_array()) return range;
  range.block_ = block_;
  range.begin_ = node_ + 1;
  range.end_ = node_ + block_->node(node_).container.span;
  return range;
}

JsonMembers JsonView::members() const {
  JsonMembers range;
  if (!is_object()) return range;
  const JsonNode& node = block_->node(node_);
  range.block_ = block_;
  range.begin_ = node_ + 1;
  range.end_ = node_ + node.container.span - (node.has(JsonNode::kIndexed) ? 1 : 0);
  return range;
}

JsonElements::Iterator& JsonElements::Iterator::operator++() {
  node_ += block_->node(node_).span();
  return *this;
}

JsonMembers::Iterator& JsonMembers::Iterator::operator++() {
  node_ += block_->node(node_).span();
  return *this;
}

JsonMember JsonMembers::Iterator::operator*() const {
  return {block_->key(block_->node(node_)), JsonView(block_, node_)};
}

Json JsonView::to_json() const {
  if (!exists() || block_ == JsonBlock::null_value()) return {};
  if (node_ == 0) {  // the whole block, which can be shared since it never changes
    block_->retain();
    return Json(block_);
  }
  detail::TapeLease tape;
  tape->copy(*block_, node_);
  return Json(tape->take());
}

std::size_t JsonView::depth() const {
  if (!exists()) return 0;
  std::size_t deepest = 0;
  std::vector<std::uint32_t> ends;
  const std::uint32_t end = node_ + block_->node(node_).span();
  for (std::uint32_t i = node_; i < end; ++i) {
    while (!ends.empty() && ends.back() <= i) ends.pop_back();
    if (!block_->node(i).is_container()) continue;
    ends.push_back(i + block_->node(i).span());
    deepest = std::max(deepest, ends.size());
  }
  return deepest;
}

Json::Json() = default;
Json::Json(const Json& other) : block_(other.block_) {
  if (block_ != nullptr) block_->retain();
}
Json::Json(Json&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
Json& Json::operator=(const Json& other) {
  Json copy(other);
  std::swap(block_, copy.block_);
  return *this;
}
Json& Json::operator=(Json&& other) noexcept {
  Json taken(std::move(other));
  std::swap(block_, taken.block_);
  return *this;
}
Json::~Json() {
  if (block_ != nullptr) block_->release();
}
Json::Json(const detail::JsonBlock* block) : block_(block) {}

JsonView Json::view() const { return {block_ == nullptr ? JsonBlock::null_value() : block_, 0}; }

std::size_t Json::memory_bytes() const { return block_ == nullptr ? 0 : block_->memory_bytes(); }

namespace {

void add(JsonBuilder& builder, const Json::Init& init) {
  struct Visitor {
    JsonBuilder& builder;
    void operator()(std::nullptr_t) const { builder.null(); }
    void operator()(bool v) const { builder.boolean(v); }
    void operator()(std::int64_t v) const { builder.int64(v); }
    void operator()(std::uint64_t v) const { builder.uint64(v); }
    void operator()(double v) const { builder.number(v); }
    void operator()(std::string_view v) const { builder.string(v); }
    void operator()(const Json& v) const { builder.value(v.view()); }
    void operator()(JsonView v) const { builder.value(v); }
  };
  std::visit(Visitor{builder}, init.value);
}

}  // namespace

Json Json::object(std::initializer_list<Pair> members) {
  JsonBuilder builder;
  builder.begin_object();
  for (const Pair& member : members) {
    builder.key(member.first);
    add(builder, member.second);
  }
  builder.end_object();
  return builder.take();
}

Json Json::array(std::initializer_list<Init> elements) {
  JsonBuilder builder;
  builder.begin_array();
  for (const Init& element : elements) add(builder, element);
  builder.end_array();
  return builder.take();
}

Json Json::string(std::string_view value) {
  JsonBuilder builder;
  builder.string(value);
  return builder.take();
}

Json Json::int64(std::int64_t value) {
  JsonBuilder builder;
  builder.int64(value);
  return builder.take();
}

Json Json::boolean(bool value) {
  JsonBuilder builder;
  builder.boolean(value);
  return builder.take();
}

}  // namespace heirloom
