// FieldSet: which fields a manifest declares: paths and list-merge keys, never values. The `fields` of a
// record.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "schema/schema.h"

namespace heirloom::schema {

// A tree. A field without children is declared as a whole (a scalar, an atomic list or map, an empty object).
// Members are sorted by name; elements of a keyed list by the canonical text of their key values.
// A set's elements have the value itself as key, with no key names.
class FieldSet {
 public:
  bool empty() const { return members_.empty() && elements_.empty(); }
  bool is_leaf() const { return empty(); }
  bool is_keyed_list() const { return keyed_; }
  const std::vector<std::string>& key_names() const { return key_names_; }
  std::size_t field_count() const;  // leaves

  const FieldSet* member(std::string_view name) const;       // null: not declared
  const FieldSet* element(std::string_view key_text) const;  // key_text as element_key_text gives it
  const std::vector<std::pair<std::string, FieldSet>>& members() const { return members_; }
  const std::vector<std::pair<std::string, FieldSet>>& elements() const { return elements_; }

  // Compact JSON: a leaf is 1, an object {"name": ...}, a keyed list [["name"], "web", {...}, ...], with
  // several keys
  // [["containerPort","protocol"], [80,"TCP"], ...]. Error of from_json: BadRequest. Depth <= 64.
  Json to_json() const;
  static Result<FieldSet> from_json(JsonView json);

  bool operator==(const FieldSet&) const = default;

 private:
  friend FieldSet declared_fields(JsonView manifest, const Schema* schema);
  friend struct FieldSetAccess;
  bool keyed_ = false;
  std::vector<std::string> key_names_;
  std::vector<std::pair<std::string, FieldSet>> members_;
  std::vector<std::pair<std::string, FieldSet>> elements_;
};

// The fields of a manifest, normalised first (see normalized_manifest): without apiVersion, kind, name,
// namespace, status and what the server sets. schema may be null: then only metadata is known and all lists
// are atomic.
FieldSet declared_fields(JsonView manifest, const Schema* schema);

// The canonical text of an element's key: compact JSON of the value, or of the array of values. Empty when
// the element lacks a key that has no default: such a list is treated as atomic.
std::string element_key_text(JsonView element, const Node& list);

}  // namespace heirloom::schema
