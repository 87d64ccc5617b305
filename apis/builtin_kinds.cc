#include "apis/builtin_kinds.h"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "apis/compact_schema.h"
#include "base/assert.h"
#include "schema/schema.h"

namespace heirloom {

std::span<const EmbeddedFile> builtin_schema_files();

namespace {

std::vector<std::string> texts(JsonView array) {
  std::vector<std::string> out;
  for (const JsonView element : array.elements()) out.emplace_back(element.string());
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

BuiltinColumn column_of(JsonView entry) {
  BuiltinColumn column;
  column.name = entry["name"].string();
  column.type = entry["type"].string("string");
  column.path = entry["path"].string();
  column.computed = entry["computed"].string();
  column.priority = static_cast<int>(entry["priority"].int64());
  if (column.name == "Age" && column.path.empty()) column.computed = "age";
  return column;
}

void read_identity(JsonView entry, BuiltinKind& kind) {
  kind.gvk.group = entry["group"].string();
  kind.gvk.version = entry["version"].string();
  kind.gvk.kind = entry["kind"].string();
  kind.plural = entry["plural"].string();
  // Discovery of built-in kinds leaves singularName empty, save for definitions; kubectl lower-cases the
  // kind.
  kind.singular = entry["singular"].string();
  if (kind.singular.empty()) kind.singular = lower(kind.gvk.kind);
  kind.short_names = texts(entry["short"]);
  kind.categories = texts(entry["categories"]);
  kind.namespaced = entry["scope"].string() != "Cluster";
  kind.verbs = texts(entry["verbs"]);
  if (kind.verbs.empty())
    kind.verbs = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
}

Result<BuiltinKind> compile_kind(const CompactSchema& schema, JsonView entry) {
  BuiltinKind kind;
  read_identity(entry, kind);
  kind.subresources = texts(entry["subresources"]);
  kind.selectable_fields = texts(entry["selectable"]);
  kind.has_generation = entry["generation"].boolean();
  for (const JsonView column : entry["columns"].elements()) {
    kind.columns.push_back(column_of(column));
    if (kind.columns.back().computed == "name") kind.name_first = false;
  }
  if (const JsonView scale = entry["scale"]; scale.exists()) {
    kind.scale.emplace();
    kind.scale->spec_path = scale["spec"].string();
    kind.scale->status_path = scale["status"].string();
    kind.scale->selector_path = scale["selector"].string();
  }
  const JsonView overrides = entry["overrides"];
  TRY(kind.openapi, schema.openapi(kind.gvk.kind, overrides, CompactSchema::Reader::Clients));
  TRY(const Json compiled, schema.openapi(kind.gvk.kind, overrides, CompactSchema::Reader::Compiler));
  schema::CompileOptions options;
  options.path = kind.gvk.kind;
  options.builtin = true;
  TRY(schema::Schema root, schema::compile(compiled, options));
  kind.schema = std::make_shared<const schema::Schema>(std::move(root));
  return kind;
}

}  // namespace

Result<std::vector<BuiltinKind>> compile_builtin_kinds() {
  TRY(const CompactSchema schema, CompactSchema::parse(builtin_schema_files()));
  std::vector<BuiltinKind> kinds;
  for (const Json& entry : schema.kinds()) {
    auto kind = compile_kind(schema, entry);
    if (!kind.ok()) return annotate(kind.status(), entry["kind"].string());
    kinds.push_back(std::move(kind).value());
  }
  std::sort(kinds.begin(), kinds.end(), [](const BuiltinKind& a, const BuiltinKind& b) {
    return std::tie(a.gvk.group, a.plural) < std::tie(b.gvk.group, b.plural);
  });
  return kinds;
}

Result<Json> object_meta_openapi() {
  TRY(const CompactSchema schema, CompactSchema::parse(builtin_schema_files()));
  return schema.part_openapi("ObjectMeta");
}

const std::vector<BuiltinKind>& builtin_kinds() {
  static const std::vector<BuiltinKind> kKinds = [] {
    auto kinds = compile_builtin_kinds();
    HEIRLOOM_ASSERT(kinds.ok());
    return std::move(kinds).value();
  }();
  return kKinds;
}

const BuiltinKind* find_builtin_kind(std::string_view group, std::string_view kind) {
  for (const BuiltinKind& each : builtin_kinds())
    if (each.gvk.kind == kind && each.gvk.group == group) return &each;
  return nullptr;
}

const schema::Schema* builtin_schema(std::string_view group, std::string_view kind) {
  const BuiltinKind* found = find_builtin_kind(group, kind);
  return found == nullptr ? nullptr : found->schema.get();
}

}  // namespace heirloom
