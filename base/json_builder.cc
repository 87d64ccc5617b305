#include <string>
#include <utility>

#include "base/assert.h"
#include "base/json.h"
#include "base/json_block.h"
#include "base/json_tape.h"
#include "base/utf8.h"

namespace heirloom {

JsonBuilder::JsonBuilder() : tape_(detail::acquire_tape()) {}
JsonBuilder::~JsonBuilder() { detail::release_tape(tape_); }
JsonBuilder::JsonBuilder(JsonBuilder&& other) noexcept : tape_(std::exchange(other.tape_, nullptr)) {}
JsonBuilder& JsonBuilder::operator=(JsonBuilder&& other) noexcept {
  std::swap(tape_, other.tape_);
  return *this;
}

JsonBuilder& JsonBuilder::begin_object() {
  tape_->begin_object();
  return *this;
}

JsonBuilder& JsonBuilder::end_object() {
  tape_->end_object();
  return *this;
}

JsonBuilder& JsonBuilder::begin_array() {
  tape_->begin_array();
  return *this;
}

JsonBuilder& JsonBuilder::end_array() {
  tape_->end_array();
  return *this;
}

JsonBuilder& JsonBuilder::key(std::string_view key) {
  if (is_valid_utf8(key))
    tape_->key(key);
  else
    tape_->key(replace_invalid_utf8(key));
  return *this;
}

JsonBuilder& JsonBuilder::null() {
  tape_->null();
  return *this;
}

JsonBuilder& JsonBuilder::boolean(bool value) {
  tape_->boolean(value);
  return *this;
}

JsonBuilder& JsonBuilder::int64(std::int64_t value) {
  tape_->int64(value);
  return *this;
}

JsonBuilder& JsonBuilder::uint64(std::uint64_t value) {
  tape_->uint64(value);
  return *this;
}

JsonBuilder& JsonBuilder::number(double value) {
  tape_->number(value);
  return *this;
}

JsonBuilder& JsonBuilder::string(std::string_view value) {
  if (is_valid_utf8(value))
    tape_->string(value);
  else
    tape_->string(replace_invalid_utf8(value));
  return *this;
}

JsonBuilder& JsonBuilder::value(JsonView value) {
  HEIRLOOM_ASSERT(value.exists());
  tape_->copy(*value.block_, value.node_);
  return *this;
}

Json JsonBuilder::take() { return Json(tape_->take()); }

}  // namespace heirloom
