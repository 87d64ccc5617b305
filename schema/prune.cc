#include "schema/prune.h"

#include "schema/field_error.h"

namespace heirloom::schema {

namespace {

enum class Fate { Drop, Keep, Look };

struct Verdict {
  Fate fate;                   // Look: keep the member, and look inside it with node
  const Node* node = nullptr;  // null: nothing is known, so no member inside it stays
  bool preserve = false;       // inside preserved content: unknown members stay, known ones are looked at
};

bool is_type_member(std::string_view key) { return key == "apiVersion" || key == "kind"; }

// resource: this object is the root or an embedded resource. preserve: it is inside preserved content.
Verdict judge(const Node* node, std::string_view key, bool resource, bool preserve) {
  if (node == nullptr) return {preserve ? Fate::Keep : Fate::Drop};
  if (resource && is_type_member(key)) return {Fate::Keep};
  if (resource && key == "metadata") {
    const Node* metadata = node->property("metadata");
    return metadata != nullptr ? Verdict{Fate::Look, metadata} : Verdict{Fate::Keep};
  }
  if (const Node* property = node->property(key)) return {Fate::Look, property};
  if (node->additional) return {Fate::Look, node->additional.get()};
  if (preserve) return {Fate::Keep};
  if (node->additional_allowed) return {Fate::Look, nullptr};
  return {Fate::Drop};
}

bool preserves(const Node* node, bool inherited) {
  return inherited || (node != nullptr && node->preserve_unknown);
}

struct Place {
  const Node* node;
  bool resource;
  bool preserve;  // list elements inherit it, members do not
};

Place place_of(const Verdict& verdict) {
  return {verdict.node, verdict.node != nullptr && verdict.node->embedded_resource, false};
}

bool needs_pruning(JsonView value, Place place) {
  const bool preserve = preserves(place.node, place.preserve);
  if (preserve && place.node == nullptr) return false;
  if (value.is_object()) {
    for (const JsonMember member : value.members()) {
      const Verdict verdict = judge(place.node, member.key, place.resource, preserve);
      if (verdict.fate == Fate::Drop) return true;
      if (verdict.fate == Fate::Look && needs_pruning(member.value, place_of(verdict))) return true;
    }
  }
  for (const JsonView element : value.elements()) {
    const Node* items = items_of(place.node);
    if (needs_pruning(element, {items, items != nullptr && items->embedded_resource, preserve})) return true;
  }
  return false;
}

void write_pruned(JsonView value, Place place, JsonBuilder& out) {
  const bool preserve = preserves(place.node, place.preserve);
  if (value.is_object() && !(preserve && place.node == nullptr)) {
    out.begin_object();
    for (const JsonMember member : value.members()) {
      const Verdict verdict = judge(place.node, member.key, place.resource, preserve);
      if (verdict.fate == Fate::Drop) continue;
      out.key(member.key);
      if (verdict.fate == Fate::Keep)
        out.value(member.value);
      else
        write_pruned(member.value, place_of(verdict), out);
    }
    out.end_object();
  } else if (value.is_array() && !(preserve && place.node == nullptr)) {
    const Node* items = items_of(place.node);
    out.begin_array();
    for (const JsonView element : value.elements())
      write_pruned(element, {items, items != nullptr && items->embedded_resource, preserve}, out);
    out.end_array();
  } else {
    out.value(value);
  }
}

void list_unknown(JsonView value, Place place, const std::string& path, std::size_t limit,
                  std::vector<std::string>& out) {
  const bool preserve = preserves(place.node, place.preserve);
  if (preserve && place.node == nullptr) return;
  if (value.is_object()) {
    for (const JsonMember member : value.members()) {
      if (out.size() >= limit) return;
      const Verdict verdict = judge(place.node, member.key, place.resource, preserve);
      if (verdict.fate == Fate::Drop) out.push_back(child_path(path, member.key));
      if (verdict.fate == Fate::Look)
        list_unknown(member.value, place_of(verdict), child_path(path, member.key), limit, out);
    }
  }
  std::size_t i = 0;
  for (const JsonView element : value.elements()) {
    const Node* items = items_of(place.node);
    list_unknown(element, {items, items != nullptr && items->embedded_resource, preserve},
                 index_path(path, i++), limit, out);
  }
}

Json prune_at(const Json& value, Place place) {
  if (!needs_pruning(value, place)) return value;
  JsonBuilder out;
  write_pruned(value, place, out);
  return out.take();
}

}  // namespace

Json prune(const Json& object, const Schema& schema) {
  return prune_at(object, {&schema.root(), true, false});
}

Json prune_value(const Json& value, const Node& node) {
  return prune_at(value, {&node, node.embedded_resource, false});
}

std::vector<std::string> unknown_fields(JsonView object, const Schema& schema, std::size_t limit) {
  std::vector<std::string> out;
  list_unknown(object, {&schema.root(), true, false}, {}, limit, out);
  return out;
}

}  // namespace heirloom::schema
