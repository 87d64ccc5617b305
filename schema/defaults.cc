#include "schema/defaults.h"

namespace heirloom::schema {

namespace {

bool refuses_null(JsonView value, const Node* node) {
  return value.is_null() && node != nullptr && !node->nullable;
}

// What an explicit null becomes where null is not allowed.
enum class NullFate { Stays, Defaulted, Dropped };

NullFate fate_of(JsonView value, const Node* node) {
  if (!refuses_null(value, node)) return NullFate::Stays;
  return node->default_value ? NullFate::Defaulted : NullFate::Dropped;
}

bool needs_defaults(JsonView value, const Node* node) {
  if (node == nullptr) return false;
  if (value.is_object()) {
    for (const auto& [name, property] : node->properties)
      if (property->default_value && !value.contains(name)) return true;
    for (const JsonMember member : value.members()) {
      const Node* child = node->member(member.key);
      if (fate_of(member.value, child) != NullFate::Stays || needs_defaults(member.value, child)) return true;
    }
  }
  for (const JsonView element : value.elements()) {
    const Node* items = node->items.get();
    if (fate_of(element, items) == NullFate::Defaulted || needs_defaults(element, items)) return true;
  }
  return false;
}

void write_defaulted(JsonView value, const Node* node, JsonBuilder& out) {
  if (node == nullptr) {
    out.value(value);
  } else if (value.is_object()) {
    out.begin_object();
    for (const JsonMember member : value.members()) {
      const Node* child = node->member(member.key);
      const NullFate fate = fate_of(member.value, child);
      if (fate == NullFate::Dropped) continue;
      out.key(member.key);
      write_defaulted(fate == NullFate::Defaulted ? child->default_value->view() : member.value, child, out);
    }
    for (const auto& [name, property] : node->properties) {
      if (!property->default_value || value.contains(name)) continue;
      out.key(name);
      write_defaulted(*property->default_value, property.get(), out);
    }
    out.end_object();
  } else if (value.is_array()) {
    const Node* items = node->items.get();
    out.begin_array();
    for (const JsonView element : value.elements())
      write_defaulted(fate_of(element, items) == NullFate::Defaulted ? items->default_value->view() : element,
                      items, out);
    out.end_array();
  } else {
    out.value(value);
  }
}

}  // namespace

Json apply_defaults_to(const Json& value, const Node& node) {
  if (!needs_defaults(value, &node)) return value;
  JsonBuilder out;
  write_defaulted(value, &node, out);
  return out.take();
}

Json apply_defaults(const Json& object, const Schema& schema) {
  return apply_defaults_to(object, schema.root());
}

}  // namespace heirloom::schema
