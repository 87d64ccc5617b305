#include "schema/field_set.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "schema/three_way.h"

namespace heirloom::schema {

namespace {

bool by_name(const FieldSet::Entry& a, const FieldSet::Entry& b) { return a.first < b.first; }

// An empty map or keyed list declares nothing that could be taken back later.
bool declares_nothing(JsonView value, const Node* node) {
  if (node == nullptr || !value.empty()) return false;
  return value.is_object() ? node->is_map()
                           : value.is_array() && (!node->merge_keys().empty() || node->is_set());
}

FieldSet fields_of(JsonView value, const Node* node, int depth) {
  if (depth >= kMaxFieldDepth) return {};
  std::vector<FieldSet::Entry> entries;
  if (value.is_object()) {
    for (const JsonMember member : value.members()) {
      const Node* child = member_of(node, member.key);
      if (!declares_nothing(member.value, child))
        entries.emplace_back(member.key, fields_of(member.value, child, depth + 1));
    }
    return FieldSet::object(std::move(entries));
  }
  if (value.is_array() && merges_by_key(value, node)) {
    for (const JsonView element : value.elements())
      entries.emplace_back(element_key_text(element, *node),
                           fields_of(element, node->items.get(), depth + 1));
    const auto keys = node->merge_keys();
    return FieldSet::list({keys.begin(), keys.end()}, std::move(entries));
  }
  return {};
}

void write(const FieldSet& fields, bool root, JsonBuilder& out) {
  if (fields.is_leaf() && !root) {
    out.int64(1);
  } else if (fields.is_list()) {
    out.begin_array().begin_array();
    for (const std::string& name : fields.key_names()) out.string(name);
    out.end_array();
    for (const auto& [key, child] : fields.entries()) {
      const Result<Json> value = Json::parse(key);
      out.value(value.ok() ? *value : Json::string(key));
      write(child, false, out);
    }
    out.end_array();
  } else {
    out.begin_object();
    for (const auto& [name, child] : fields.entries()) {
      out.key(name);
      write(child, false, out);
    }
    out.end_object();
  }
}

Result<FieldSet> read(JsonView json, int depth) {
  if (depth > kMaxFieldDepth)
    return bad_request(fmt::format("fields are nested deeper than {}", kMaxFieldDepth));
  std::vector<FieldSet::Entry> entries;
  if (json.is_integer()) return FieldSet();
  if (json.is_object()) {
    for (const JsonMember member : json.members()) {
      TRY(FieldSet child, read(member.value, depth + 1));
      entries.emplace_back(member.key, std::move(child));
    }
    return FieldSet::object(std::move(entries));
  }
  if (!json.is_array() || !json.element(0).is_array() || json.size() % 2 == 0)
    return bad_request("fields: expected 1, an object, or a list of key names, keys and fields");
  std::vector<std::string> names;
  for (const JsonView name : json.element(0).elements()) names.emplace_back(name.string());
  std::string key;
  std::size_t index = 0;
  for (const JsonView element : json.elements()) {
    if (index % 2 == 1) key = write_json(element);
    if (index > 0 && index % 2 == 0) {
      TRY(FieldSet child, read(element, depth + 1));
      entries.emplace_back(key, std::move(child));
    }
    ++index;
  }
  return FieldSet::list(std::move(names), std::move(entries));
}

}  // namespace

FieldSet FieldSet::object(std::vector<Entry> members) {
  FieldSet out;
  out.entries_ = std::move(members);
  std::sort(out.entries_.begin(), out.entries_.end(), by_name);
  return out;
}

FieldSet FieldSet::list(std::vector<std::string> key_names, std::vector<Entry> elements) {
  FieldSet out = object(std::move(elements));
  out.list_ = !out.entries_.empty();
  if (out.list_) out.key_names_ = std::move(key_names);
  return out;
}

const FieldSet* FieldSet::find(std::string_view name_or_key_text) const {
  const auto at =
      std::lower_bound(entries_.begin(), entries_.end(), name_or_key_text,
                       [](const Entry& entry, std::string_view key) { return entry.first < key; });
  return at != entries_.end() && at->first == name_or_key_text ? &at->second : nullptr;
}

std::size_t FieldSet::leaf_count() const {
  std::size_t count = 0;
  for (const Entry& entry : entries_) count += std::max<std::size_t>(1, entry.second.leaf_count());
  return count;
}

Json FieldSet::to_json() const {
  JsonBuilder out;
  write(*this, true, out);
  return out.take();
}

Result<FieldSet> FieldSet::from_json(JsonView json) { return read(json, 0); }

const Schema& rules_for(JsonView object, const Schema* schema) {
  const std::string_view api_version = object["apiVersion"].string();
  const std::size_t slash = api_version.find('/');
  const std::string_view group =
      slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
  const std::string_view kind = object["kind"].string();
  if (const Schema* known = find_merge_knowledge(group, kind)) return *known;
  return schema != nullptr ? *schema : merge_knowledge({}, {});
}

bool is_identity_member(std::string_view key) {
  return key == "apiVersion" || key == "kind" || key == "status";
}

bool is_identity_metadata(std::string_view key) { return key == "name" || key == "namespace"; }

FieldSet declared_fields(JsonView manifest, const Schema* schema) {
  const Json normal = normalized_manifest(manifest);
  const Node& root = rules_for(manifest, schema).root();
  std::vector<FieldSet::Entry> entries;
  for (const JsonMember member : normal.view().members()) {
    const Node* node = root.member(member.key);
    if (is_identity_member(member.key) || declares_nothing(member.value, node)) continue;
    if (member.key != "metadata") {
      entries.emplace_back(member.key, fields_of(member.value, node, 1));
      continue;
    }
    std::vector<FieldSet::Entry> metadata;
    for (const JsonMember field : member.value.members()) {
      const Node* child = member_of(node, field.key);
      if (!is_identity_metadata(field.key) && !declares_nothing(field.value, child))
        metadata.emplace_back(field.key, fields_of(field.value, child, 2));
    }
    if (!metadata.empty()) entries.emplace_back(member.key, FieldSet::object(std::move(metadata)));
  }
  return FieldSet::object(std::move(entries));
}

std::string element_key_text(JsonView element, const Node& list) {
  const auto keys = list.merge_keys();
  if (keys.empty()) return element.is_object() || element.is_array() ? std::string() : write_json(element);
  std::string out;
  for (const std::string& name : keys) {
    JsonView value = element[name];
    if (!value.exists() && list.items) {
      const Node* property = list.items->property(name);
      if (property != nullptr && property->default_value) value = *property->default_value;
    }
    if (!value.exists() || value.is_null() || value.is_object() || value.is_array()) return {};
    out += out.empty() ? (keys.size() > 1 ? "[" : "") : ",";
    write_json(value, out);
  }
  if (keys.size() > 1) out += "]";
  return out;
}

bool merges_by_key(JsonView list, const Node* node) {
  if (node == nullptr || (node->merge_keys().empty() && !node->is_set())) return false;
  std::unordered_set<std::string> seen;
  for (const JsonView element : list.elements()) {
    std::string key = element_key_text(element, *node);
    if (key.empty() || !seen.insert(std::move(key)).second) return false;
  }
  return true;
}

}  // namespace heirloom::schema
