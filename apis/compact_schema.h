// CompactSchema: reads the short descriptions of built-in kinds in apis/schema/*.yaml and writes them out as
// OpenAPI v3. The notation, one line per field:
//
//   types:
//     ServiceSpec:
//       type: string enum=ClusterIP|NodePort = ClusterIP
//       ports: list ServicePort merge=port keys=port,protocol
//
//   field  := type "!"? attribute* ("=" default)?        "!": required; the default is YAML
//   type   := name | "list" name | "map" name             name: another type, or a scalar:
//             string boolean int32 int64 double quantity int-or-string time microtime bytes any
//   merge=K  merge       the list merges by member K, or (scalars) as a set: patch strategy "merge"
//   keys=A,B             x-kubernetes-list-map-keys
//   set  atomic          x-kubernetes-list-type
//   retain-keys          patch strategy "retainKeys"
//   enum=A|B             allowed values
//   lenient              required in the documents, but the server takes the zero value for it
//
// A type that is named but not described anywhere (JSONSchemaProps) is any object.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/embedded_file.h"
#include "base/json.h"
#include "base/result.h"

namespace heirloom {

struct CompactField {
  enum class Shape { Single, List, Map };
  std::string name;
  Shape shape = Shape::Single;
  std::string type;  // of the value, the elements or the map's values
  bool required = false;
  bool lenient = false;
  bool merge = false;
  bool retain_keys = false;
  std::string merge_key;              // with merge: "" for a list of scalars
  std::vector<std::string> map_keys;  // keys=
  std::string list_type;              // "set", "atomic" or ""
  std::vector<std::string> values;    // enum=
  std::optional<Json> default_value;
};

// Error: BadRequest naming the field.
Result<CompactField> parse_compact_field(std::string_view name, std::string_view text);

class CompactSchema {
 public:
  // Error: BadRequest naming file and field; a type described twice, a cycle of types.
  static Result<CompactSchema> parse(std::span<const EmbeddedFile> files);

  const std::map<std::string, std::vector<CompactField>>& types() const { return types_; }
  const std::vector<Json>& kinds() const { return kinds_; }  // entries of `kinds:`, as they stand

  // Who reads the OpenAPI: clients (documents), or our own compiler, which wants required fields without
  // the lenient ones, and quantities that may also be numbers.
  enum class Reader { Clients, Compiler };
  // The whole kind: its type with apiVersion, kind and metadata. `overrides`: path "spec.x" -> field text.
  Result<Json> openapi(std::string_view type, JsonView overrides, Reader reader) const;
  // A type that is part of kinds, such as ObjectMeta, for clients.
  Result<Json> part_openapi(std::string_view type) const;

 private:
  Status read_file(const EmbeddedFile& file);
  Status check_cycles() const;

  std::map<std::string, std::vector<CompactField>> types_;
  std::vector<Json> kinds_;
};

}  // namespace heirloom
