#include <string>

#include "base/assert.h"
#include "base/json.h"
#include "base/json_block.h"
#include "base/json_tape.h"
#include "base/utf8.h"

namespace heirloom {

struct JsonBuilder::State {
  detail::JsonTape tape;
};

JsonBuilder::JsonBuilder() : state_(std::make_unique<State>()) {}
JsonBuilder::~JsonBuilder() = default;
JsonBuilder::JsonBuilder(JsonBuilder&&) noexcept = default;
JsonBuilder& JsonBuilder::operator=(JsonBuilder&&) noexcept = default;

JsonBuilder& JsonBuilder::begin_object() {
  state_->tape.begin_object();
  return *this;
}

JsonBuilder& JsonBuilder::end_object() {
  state_->tape.end_object();
  return *this;
}

JsonBuilder& JsonBuilder::begin_array() {
  state_->tape.begin_array();
  return *this;
}

JsonBuilder& JsonBuilder::end_array() {
  state_->tape.end_array();
  return *this;
}

JsonBuilder& JsonBuilder::key(std::string_view key) {
  if (is_valid_utf8(key))
    state_->tape.key(key);
  else
    state_->tape.key(replace_invalid_utf8(key));
  return *this;
}

JsonBuilder& JsonBuilder::null() {
  state_->tape.null();
  return *this;
}

JsonBuilder& JsonBuilder::boolean(bool value) {
  state_->tape.boolean(value);
  return *this;
}

JsonBuilder& JsonBuilder::int64(std::int64_t value) {
  state_->tape.int64(value);
  return *this;
}

JsonBuilder& JsonBuilder::uint64(std::uint64_t value) {
  state_->tape.uint64(value);
  return *this;
}

JsonBuilder& JsonBuilder::number(double value) {
  state_->tape.number(value);
  return *this;
}

JsonBuilder& JsonBuilder::string(std::string_view value) {
  if (is_valid_utf8(value))
    state_->tape.string(value);
  else
    state_->tape.string(replace_invalid_utf8(value));
  return *this;
}

JsonBuilder& JsonBuilder::value(JsonView value) {
  HEIRLOOM_ASSERT(value.exists());
  state_->tape.copy(*value.block_, value.node_);
  return *this;
}

Json JsonBuilder::take() { return Json(state_->tape.take()); }

}  // namespace heirloom
