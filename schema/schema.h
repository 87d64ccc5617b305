// Schema: the one immutable description of a kind's fields. CRDs compile to it, built-in kinds come from
// apis/schema/*.yaml in the same language (OpenAPI v3 with x-kubernetes-* extensions). It drives validation,
// pruning, defaults, strategic and three-way merges, apply, and what discovery and explain show. Copying a
// Schema shares its nodes. A `const Node*` lives as long as any Schema it came from. Source of the rules:
// Kubernetes structural schemas (apiextensions.k8s.io/v1 JSONSchemaProps).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "schema/field_error.h"

namespace heirloom::schema {

class Pattern;
struct Node;
using NodePtr = std::shared_ptr<const Node>;

enum class Type : std::uint8_t { Any, Object, Array, String, Integer, Number, Boolean };
std::string_view to_string(Type type);  // "object", ...; "" for Any

// x-kubernetes-list-type. A Map list has keys; for the merges a Set is a list of scalars without duplicates.
enum class ListType : std::uint8_t { Atomic, Set, Map };

// What a scalar means beyond its text, so that "1000m" and "1" are one value. See same_meaning in
// three_way.h.
enum class Form : std::uint8_t { Plain, Quantity, IntOrString, Time, Bytes };

// The rules most fields do not have, kept apart so that a plain field stays small.
struct Constraints {
  std::optional<double> minimum, maximum, multiple_of;
  bool exclusive_minimum = false, exclusive_maximum = false;
  std::optional<std::int64_t> min_length, max_length, min_items, max_items, min_properties, max_properties;
  bool unique_items = false;
  std::shared_ptr<const Pattern> pattern;
  std::vector<Json> enumeration;
  std::vector<NodePtr> all_of, any_of, one_of;
  NodePtr negated;  // `not`
  std::string format;
};

struct Node {
  Type type = Type::Any;
  Form form = Form::Plain;
  ListType list_type = ListType::Atomic;
  bool nullable = false;
  bool int_or_string = false;
  bool preserve_unknown = false;
  bool embedded_resource = false;
  bool atomic_map = false;          // x-kubernetes-map-type: atomic
  bool additional_allowed = false;  // additionalProperties: true, without a schema
  // Built-in kinds do not store empty maps and lists, nor most zero values (omitempty): empty and absent mean
  // the same.
  bool empty_is_absent = false;
  // x-kubernetes-patch-strategy of built-in kinds; without patch_merge a list is replaced.
  bool patch_merge = false;
  bool patch_retain_keys = false;
  std::string patch_merge_key;  // x-kubernetes-patch-merge-key
  std::string
      mirror_of;  // the member this is a deprecated second name of: given up together (serviceAccount)
  std::vector<std::string> list_map_keys;                   // x-kubernetes-list-map-keys
  std::vector<std::pair<std::string, NodePtr>> properties;  // sorted by name
  NodePtr additional;                                       // additionalProperties with a schema
  NodePtr items;
  std::vector<std::string> required;
  std::optional<Json> default_value;
  std::unique_ptr<const Constraints> constraints;  // null: none
  std::string description;

  // The node of a member: its property, else the additionalProperties schema, else null.
  const Node* member(std::string_view key) const;
  const Node* property(std::string_view key) const;
  // A free map (labels, data) rather than a struct: members come and go one by one.
  bool is_map() const { return additional != nullptr || additional_allowed; }
  // What elements of this list merge by, in server-side apply and in our three-way merge; empty: not by key.
  std::span<const std::string> merge_keys() const;
  // A list of scalars that merge as a set (finalizers).
  bool is_set() const;
};

// Null-safe steps, for walks that may leave what the schema knows.
inline const Node* member_of(const Node* node, std::string_view key) {
  return node ? node->member(key) : nullptr;
}
inline const Node* items_of(const Node* node) { return node ? node->items.get() : nullptr; }

class Schema {
 public:
  Schema();  // knows nothing: any object, everything preserved
  explicit Schema(NodePtr root) : root_(std::move(root)) {}
  const Node& root() const { return *root_; }
  // Rough heap size, for metrics and tests.
  std::size_t memory_bytes() const;

 private:
  NodePtr root_;
};

struct CompileOptions {
  // Where errors point to: spec.versions[0].schema.openAPIV3Schema.
  std::string path = "openAPIV3Schema";
  // Our own descriptions of built-in kinds: the structural rules are not enforced, empty means absent, and
  // the formats quantity, date-time and byte are compared by meaning.
  bool builtin = false;
  // The root is an object with apiVersion, kind and metadata, not a part of one.
  bool resource_root = true;
  // With a status subresource the root may hold little else; Kubernetes words that error differently.
  bool status_subresource = false;
};

// The compiled schema, or what is wrong with it as Kubernetes words it. Limits: kMaxSchemaNodes,
// kMaxSchemaDepth.
struct Compiled {
  Schema schema;  // meaningful when errors is empty
  FieldErrors errors;
};
Compiled compile_schema(JsonView openapi, const CompileOptions& options = {});

// The same with one Status: 422 Invalid with all causes.
Result<Schema> compile(JsonView openapi, const CompileOptions& options = {});

inline constexpr std::size_t kMaxSchemaNodes = 100'000;
inline constexpr int kMaxSchemaDepth = 128;

// ObjectMeta as every kind has it: what pruning keeps and how labels, finalizers and owner references merge.
const Schema& object_meta();

// What merges need to know of a built-in kind: list merge keys, quantities, times, what is not stored when
// empty, what the server fills in inside atomic lists. Only for merging; it validates nothing and keeps every
// field. Null: not a built-in kind of ours. Static lifetime.
const Schema* find_merge_knowledge(std::string_view group, std::string_view kind);
// The same; for any other kind that metadata is as everywhere: all other lists are atomic.
const Schema& merge_knowledge(std::string_view group, std::string_view kind);

}  // namespace heirloom::schema
