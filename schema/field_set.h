// FieldSet: which fields a manifest declares: paths and list-merge keys, never values. The `fields` of a
// record.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "schema/schema.h"

namespace heirloom::schema {

// A tree. A leaf is declared as a whole: a scalar, an atomic list, an empty object.
class FieldSet {
 public:
  using Entry = std::pair<std::string, FieldSet>;

  FieldSet() = default;  // a leaf; at the root: nothing declared
  static FieldSet object(std::vector<Entry> members);
  // Elements by the text of their key (element_key_text). A set has no key names: its values are the keys.
  static FieldSet list(std::vector<std::string> key_names, std::vector<Entry> elements);

  bool is_leaf() const { return entries_.empty(); }
  bool empty() const { return entries_.empty(); }
  bool is_list() const { return list_; }
  const std::vector<std::string>& key_names() const { return key_names_; }
  const std::vector<Entry>& entries() const { return entries_; }  // sorted by name or key text
  const FieldSet* find(std::string_view name_or_key_text) const;  // null: not declared
  std::size_t leaf_count() const;

  // Compact JSON: a leaf is 1, an object {"name": ...}, a list [["name"], "web", {...}, "db", {...}], with
  // several keys [["containerPort","protocol"], [80,"TCP"], 1], a set [[], "a/b", 1]; nothing declared is {}.
  // Error of from_json: BadRequest saying what is malformed.
  Json to_json() const;
  static Result<FieldSet> from_json(JsonView json);

  bool operator==(const FieldSet&) const = default;

 private:
  bool list_ = false;
  std::vector<std::string> key_names_;
  std::vector<Entry> entries_;
};

// What lies deeper is declared as a whole.
inline constexpr int kMaxFieldDepth = 64;

// The fields of a manifest, normalised first (normalized_manifest): without apiVersion, kind, name,
// namespace, status and what the server sets. schema null: what merge_knowledge has for the manifest's kind.
FieldSet declared_fields(JsonView manifest, const Schema* schema);

// What a merge goes by: merge_knowledge of a built-in kind, else schema, else that metadata is as everywhere.
const Schema& rules_for(JsonView object, const Schema* schema);

// Members that name an object or are never declared content: apiVersion, kind, status; in metadata name,
// namespace.
bool is_identity_member(std::string_view key);
bool is_identity_metadata(std::string_view key);

// The canonical text of an element's key in a keyed list: compact JSON of the value, or of the array of
// values; a missing key takes its default. Of a set's element: the value. Empty when there is none: then the
// list is atomic.
std::string element_key_text(JsonView element, const Node& list);

// Does the list merge by key or as a set, with these elements? False when an element has no key or a key
// comes twice.
bool merges_by_key(JsonView list, const Node* node);

}  // namespace heirloom::schema
