// The built-in kinds we know: those our API server serves, and those whose lists the three-way merge has to
// understand. Compiled once from apis/schema/*.yaml, which are checked against a real server's OpenAPI.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/resource_names.h"
#include "base/json.h"
#include "base/result.h"

namespace heirloom {

namespace schema {
class Schema;
}

// A column of `kubectl get` after (or, for Events, instead of) the name.
struct BuiltinColumn {
  std::string name;
  std::string type;      // string | integer | date
  std::string path;      // ".spec.type"; "" when `computed` says how
  std::string computed;  // a function of server/table.cc, e.g. "age"
  int priority = 0;      // above 0: only with -o wide
};

struct BuiltinScale {
  std::string spec_path, status_path, selector_path;
};

struct BuiltinKind {
  GroupVersionKind gvk;
  std::string plural;
  std::string singular;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  bool namespaced = true;
  std::vector<std::string> verbs;         // of the resource itself
  std::vector<std::string> subresources;  // without scale: "status", "finalize"
  std::vector<std::string> selectable_fields;
  std::vector<BuiltinColumn> columns;
  bool name_first = true;       // the table starts with the Name column
  bool has_generation = false;  // the server counts metadata.generation
  std::optional<BuiltinScale> scale;
  Json openapi;                                  // OpenAPI v3 as clients read it
  std::shared_ptr<const schema::Schema> schema;  // never null
};

// All, ordered by group (core first), then plural. Static lifetime. A description that does not compile is a
// bug: asserts (compile_builtin_kinds, tested, says what is wrong).
const std::vector<BuiltinKind>& builtin_kinds();

// Null: not one of ours.
const BuiltinKind* find_builtin_kind(std::string_view group, std::string_view kind);

// The schema for merging: the built-in kind's, whatever the version; null for other kinds.
const schema::Schema* builtin_schema(std::string_view group, std::string_view kind);

Result<std::vector<BuiltinKind>> compile_builtin_kinds();

// ObjectMeta in OpenAPI, for documents: kinds themselves say only "metadata: object".
Result<Json> object_meta_openapi();

}  // namespace heirloom
