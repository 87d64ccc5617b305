#include "schema/three_way.h"

#include <algorithm>
#include <unordered_map>

namespace heirloom::schema {

namespace {

// Is every desired field in live, with the same meaning?
bool agrees(JsonView desired, JsonView live, const Node* node);

// Both lists merge by key, so their elements can be told apart.
bool both_keyed(JsonView desired, JsonView live, const Node* node) {
  return desired.is_array() && live.is_array() && merges_by_key(desired, node) && merges_by_key(live, node);
}

using ElementIndex = std::unordered_map<std::string, JsonView>;

ElementIndex index_of(JsonView list, const Node& node) {
  ElementIndex out;
  for (const JsonView element : list.elements()) out.emplace(element_key_text(element, node), element);
  return out;
}

bool elements_agree(JsonView desired, JsonView live, const Node& node) {
  const ElementIndex there = index_of(live, node);
  for (const JsonView element : desired.elements()) {
    const auto at = there.find(element_key_text(element, node));
    if (at == there.end() || !agrees(element, at->second, node.items.get())) return false;
  }
  return true;
}

bool agrees(JsonView desired, JsonView live, const Node* node) {
  if (same_meaning(desired, live, node)) return true;
  if (desired.is_object() && live.is_object()) {
    for (const JsonMember member : desired.members())
      if (!agrees(member.value, live[member.key], member_of(node, member.key))) return false;
    return true;
  }
  return both_keyed(desired, live, node) && elements_agree(desired, live, *node);
}

// One value of the result. Every write function emits exactly one value or, when it returns false, nothing.
class Merger {
 public:
  explicit Merger(JsonBuilder& out) : out_(out) {}

  void object_root(const FieldSet& previous, JsonView desired, JsonView live, const Node& root) {
    out_.begin_object();
    for (const JsonMember member : live.members()) {
      const FieldSet* before = previous.find(member.key);
      const JsonView want = desired[member.key];
      if (is_identity_member(member.key) || (!want.exists() && before == nullptr)) {
        out_.member(member.key, member.value);
      } else if (member.key == "metadata") {
        out_.key(member.key);
        metadata(before, want, member.value, root.member(member.key));
      } else {
        live_member(member, want, before, root.member(member.key), false, true);
      }
    }
    for (const JsonMember member : desired.members())
      if (!live.contains(member.key)) new_member(member, root.member(member.key));
    out_.end_object();
  }

 private:
  void metadata(const FieldSet* previous, JsonView desired, JsonView live, const Node* node) {
    out_.begin_object();
    for (const JsonMember member : live.members()) {
      const FieldSet* before = previous == nullptr ? nullptr : previous->find(member.key);
      const JsonView want = is_identity_metadata(member.key) ? JsonView() : desired[member.key];
      if (is_identity_metadata(member.key)) before = nullptr;
      live_member(member, want, before, member_of(node, member.key), false, true);
    }
    for (const JsonMember member : desired.members())
      if (!live.contains(member.key)) new_member(member, member_of(node, member.key));
    out_.end_object();
  }

  // A member that live has. exclusive: what is not desired goes (retainKeys). granular: of a sub-object that
  // is no longer desired only what was declared goes.
  void live_member(JsonMember live, JsonView desired, const FieldSet* previous, const Node* node,
                   bool exclusive, bool granular) {
    if (desired.exists()) {
      out_.key(live.key);
      value(previous, desired, live.value, node);
    } else if (previous != nullptr) {
      const Json rest = without_declared(*previous, live.value, node, granular);
      if (!rest.is_null()) out_.member(live.key, rest);
    } else if (!exclusive) {
      out_.member(live.key, live.value);
    }
  }

  // A member that live lacks; empty lists and maps of kinds that do not store them stay out.
  void new_member(JsonMember desired, const Node* node) {
    if (!same_meaning(desired.value, {}, node)) out_.member(desired.key, desired.value);
  }

  void value(const FieldSet* previous, JsonView desired, JsonView live, const Node* node) {
    if (desired.is_object() && live.is_object()) {
      object(previous, desired, live, node, false);
    } else if (both_keyed(desired, live, node)) {
      node->merge_keys().empty() ? set(previous, desired, live, *node) : list(previous, desired, live, *node);
    } else {
      out_.value(same_meaning(desired, live, node) ? live : desired);
    }
  }

  void object(const FieldSet* previous, JsonView desired, JsonView live, const Node* node, bool retain_keys) {
    // An atomic map is not replaced for what the server added to it, but when it has to change, it changes as
    // a whole.
    const bool whole = retain_keys || (node != nullptr && (node->patch_retain_keys || node->atomic_map));
    const bool exclusive = whole && !agrees(desired, live, node);
    out_.begin_object();
    for (const JsonMember member : live.members()) {
      const Node* child = member_of(node, member.key);
      const FieldSet* before = previous == nullptr ? nullptr : previous->find(member.key);
      // The server restores a member from its second name, so both are given up together.
      if (before == nullptr && previous != nullptr && child != nullptr && !child->mirror_of.empty() &&
          !desired.contains(child->mirror_of))
        before = previous->find(child->mirror_of);
      live_member(member, desired[member.key], before, child, exclusive, false);
    }
    for (const JsonMember member : desired.members())
      if (!live.contains(member.key)) new_member(member, member_of(node, member.key));
    out_.end_object();
  }

  // Elements that only live has keep their places; the desired ones fill the others in desired order, and
  // what does not fit comes last. So an unchanged order is no change, and injected elements stay.
  void list(const FieldSet* previous, JsonView desired, JsonView live, const Node& node) {
    const ElementIndex wanted = index_of(desired, node), there = index_of(live, node);
    const bool whole = previous != nullptr && !knows_elements(*previous, node);
    std::vector<std::pair<std::string, JsonView>> sequence;
    for (const JsonView element : desired.elements())
      sequence.emplace_back(element_key_text(element, node), element);
    std::size_t next = 0;
    const auto write_next = [&] {
      const auto& [key, element] = sequence[next++];
      const auto at = there.find(key);
      const FieldSet* before = previous == nullptr || whole ? nullptr : previous->find(key);
      if (at == there.end())
        out_.value(element);
      else
        element_value(before, element, at->second, node);
    };
    out_.begin_array();
    for (const JsonView element : live.elements()) {
      const std::string key = element_key_text(element, node);
      if (wanted.contains(key)) {
        write_next();
      } else if (!whole && (previous == nullptr || previous->find(key) == nullptr)) {
        out_.value(element);
      }
    }
    while (next < sequence.size()) write_next();
    out_.end_array();
  }

  // In a set order says nothing: live's stays, what is new follows.
  void set(const FieldSet* previous, JsonView desired, JsonView live, const Node& node) {
    const ElementIndex wanted = index_of(desired, node), there = index_of(live, node);
    const bool whole = previous != nullptr && !knows_elements(*previous, node);
    out_.begin_array();
    for (const JsonView element : live.elements()) {
      const std::string key = element_key_text(element, node);
      const bool given_up = whole || (previous != nullptr && previous->find(key) != nullptr);
      if (wanted.contains(key) || !given_up) out_.value(element);
    }
    for (const JsonView element : desired.elements())
      if (!there.contains(element_key_text(element, node))) out_.value(element);
    out_.end_array();
  }

  void element_value(const FieldSet* previous, JsonView desired, JsonView live, const Node& list) {
    const Node* items = list.items.get();
    if (desired.is_object() && live.is_object())
      object(previous, desired, live, items, list.patch_retain_keys);
    else
      value(previous, desired, live, items);
  }

  // Was the list recorded element by element, by the keys it has now? Otherwise it was declared as a whole.
  static bool knows_elements(const FieldSet& previous, const Node& node) {
    const auto keys = node.merge_keys();
    return previous.is_list() &&
           std::equal(keys.begin(), keys.end(), previous.key_names().begin(), previous.key_names().end());
  }

  // What stays of a live value whose declaration is gone; null: nothing.
  static Json without_declared(const FieldSet& previous, JsonView live, const Node* node, bool granular) {
    if (previous.is_leaf()) return {};
    const bool map = node != nullptr && node->is_map();
    if (live.is_object() && !previous.is_list() && (granular || map)) {
      JsonBuilder out;
      out.begin_object();
      for (const JsonMember member : live.members()) {
        const FieldSet* before = previous.find(member.key);
        const Json rest = before == nullptr
                              ? member.value.to_json()
                              : without_declared(*before, member.value, member_of(node, member.key), false);
        if (!rest.is_null()) out.member(member.key, rest);
      }
      const Json rest = out.end_object().take();
      return rest.view().empty() ? Json() : rest;
    }
    if (live.is_array() && previous.is_list() && merges_by_key(live, node) &&
        knows_elements(previous, *node)) {
      JsonBuilder out;
      out.begin_array();
      for (const JsonView element : live.elements())
        if (previous.find(element_key_text(element, *node)) == nullptr) out.value(element);
      const Json rest = out.end_array().take();
      return rest.view().empty() ? Json() : rest;
    }
    return {};
  }

  JsonBuilder& out_;
};

// "a.b" + "c/d" -> a.b["c/d"]; for list elements [name=web].
std::string member_path(const std::string& path, std::string_view key) {
  const std::string text = heirloom::to_string(JsonPath{JsonStep(std::string(key))});
  return path.empty() || text.front() == '[' ? path + text : path + "." + text;
}

std::string element_path(const std::string& path, JsonView element, const Node& list) {
  std::string out = path + "[";
  const auto keys = list.merge_keys();
  if (keys.empty()) return out + element_key_text(element, list) + "]";
  bool first = true;
  for (const std::string& key : keys) {
    const JsonView value = element[key];
    if (!value.exists()) continue;  // a default
    if (!first) out += ",";
    first = false;
    out.append(key).append("=").append(value.is_string() ? std::string(value.string()) : write_json(value));
  }
  return out + "]";
}

void list_differences(JsonView desired, JsonView live, const Node* node, const std::string& path,
                      std::size_t limit, std::vector<std::string>& out) {
  if (out.size() >= limit || same_meaning(desired, live, node)) return;
  if (desired.is_object() && live.is_object()) {
    for (const JsonMember member : desired.members())
      list_differences(member.value, live[member.key], member_of(node, member.key),
                       member_path(path, member.key), limit, out);
  } else if (both_keyed(desired, live, node)) {
    const ElementIndex there = index_of(live, *node);
    for (const JsonView element : desired.elements()) {
      const auto at = there.find(element_key_text(element, *node));
      const std::string element_at = element_path(path, element, *node);
      if (at != there.end())
        list_differences(element, at->second, node->items.get(), element_at, limit, out);
      else if (out.size() < limit)
        out.push_back(element_at);
    }
  } else {
    out.push_back(path);
  }
}

}  // namespace

Json merge(const FieldSet& previous, JsonView desired, JsonView live, const Schema* schema) {
  const Json normal = normalized_manifest(desired);
  JsonBuilder out;
  Merger(out).object_root(previous, normal, live, rules_for(desired, schema).root());
  return out.take();
}

Json merge(JsonView previous_manifest, JsonView desired, JsonView live, const Schema* schema) {
  return merge(declared_fields(previous_manifest, schema), desired, live, schema);
}

std::vector<std::string> differences(JsonView desired, JsonView live, const Schema* schema,
                                     std::size_t limit) {
  const Json normal = normalized_manifest(desired);
  const Node& root = rules_for(desired, schema).root();
  std::vector<std::string> out;
  for (const JsonMember member : normal.view().members()) {
    if (is_identity_member(member.key)) continue;
    const Node* node = root.member(member.key);
    if (member.key != "metadata") {
      list_differences(member.value, live[member.key], node, member_path({}, member.key), limit, out);
      continue;
    }
    for (const JsonMember field : member.value.members())
      if (!is_identity_metadata(field.key))
        list_differences(field.value, live["metadata"][field.key], member_of(node, field.key),
                         member_path("metadata", field.key), limit, out);
  }
  return out;
}

}  // namespace heirloom::schema
