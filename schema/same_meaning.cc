// Equality but for form: what the server writes differently than people do.
#include <optional>
#include <string>

#include "base/base64.h"
#include "base/clock.h"
#include "schema/quantity.h"
#include "schema/three_way.h"

namespace heirloom::schema {

namespace {

bool absent_or_null(JsonView value) { return !value.exists() || value.is_null(); }

// What Go's omitempty leaves out.
bool is_empty(JsonView value) {
  if (value.is_object() || value.is_array()) return value.empty();
  if (value.is_string()) return value.string().empty();
  return value.is_number() ? value.number() == 0 : value.is_bool() && !value.boolean();
}

bool means_absent(JsonView value, const Node* node) {
  if (absent_or_null(value)) return true;
  // What the server fills in by itself is as good as not there.
  if (node != nullptr && node->default_value && node->default_value->view() == value) return true;
  return node != nullptr && node->empty_is_absent && is_empty(value);
}

std::string scalar_text(JsonView value) {
  return value.is_string() ? std::string(value.string()) : write_json(value);
}

bool is_scalar(JsonView value) { return !value.is_object() && !value.is_array(); }

bool same_bytes(std::string_view a, std::string_view b) {
  const Result<std::string> left = decode_base64(a), right = decode_base64(b);
  return left.ok() && right.ok() && *left == *right;
}

bool same_time(std::string_view a, std::string_view b) {
  const Result<WallTime> left = parse_time(a), right = parse_time(b);
  return left.ok() && right.ok() && *left == *right;
}

bool same_scalar(JsonView a, JsonView b, const Node* node) {
  if (a == b) return true;
  if (a.is_number() && b.is_number()) return a.number() == b.number() && !(a.is_integer() && b.is_integer());
  switch (node == nullptr ? Form::Plain : node->form) {
    case Form::Plain:
      return false;
    case Form::Quantity: {
      const std::optional<Quantity> left = Quantity::parse(a), right = Quantity::parse(b);
      return left && right && *left == *right;
    }
    case Form::IntOrString:
      return scalar_text(a) == scalar_text(b);
    case Form::Time:
      return a.is_string() && b.is_string() && same_time(a.string(), b.string());
    case Form::Bytes:
      return a.is_string() && b.is_string() && same_bytes(a.string(), b.string());
  }
  return false;
}

bool same_objects(JsonView a, JsonView b, const Node* node) {
  for (const JsonMember member : a.members())
    if (!same_meaning(member.value, b[member.key], member_of(node, member.key))) return false;
  for (const JsonMember member : b.members())
    if (!a.contains(member.key) && !means_absent(member.value, member_of(node, member.key))) return false;
  return true;
}

bool same_arrays(JsonView a, JsonView b, const Node* node) {
  if (a.size() != b.size()) return false;
  const Node* items = items_of(node);
  auto other = b.elements().begin();
  for (const JsonView element : a.elements()) {
    if (!same_meaning(element, *other, items)) return false;
    ++other;
  }
  return true;
}

}  // namespace

bool same_meaning(JsonView a, JsonView b, const Node* node) {
  if (means_absent(a, node) && means_absent(b, node)) return true;
  if (absent_or_null(a) || absent_or_null(b)) return false;
  if (a.is_object() && b.is_object()) return same_objects(a, b, node);
  if (a.is_array() && b.is_array()) return same_arrays(a, b, node);
  return is_scalar(a) && is_scalar(b) && same_scalar(a, b, node);
}

}  // namespace heirloom::schema
