// CustomResourceDefinitions (apiextensions.k8s.io/v1): from the object to the Resource it defines. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "schema/field_error.h"
#include "server/registry.h"
#include "server/resource.h"

namespace heirloom::server {

struct CompiledDefinition {
  Resource resource;           // meaningful when errors is empty
  schema::FieldErrors errors;  // what the schemas lack, paths from spec
};
// Names come from status.acceptedNames where they are set, else from spec.names.
CompiledDefinition compile_definition(JsonView definition);

// What the client may leave out: singular, listKind, conversion; and the status of a new definition.
Json with_definition_defaults(const Json& definition);

// Everything a definition can get wrong, schemas included. `old` is Missing on create.
void validate_definition(JsonView definition, JsonView old, schema::FieldErrors& errors);

// Why the names cannot be accepted beside what is already served; "" when they can. `reason` is the
// condition's.
struct NamesConflict {
  std::string reason;  // "PluralConflict", "KindConflict", ...; "" = none
  std::string message;
};
NamesConflict names_conflict(const Registry& registry, JsonView definition);

// The definition with its status brought up to date: accepted names, stored versions, the conditions
// NamesAccepted and Established, and NonStructuralSchema when its schemas do not compile.
Json with_definition_status(const Json& definition, const NamesConflict& conflict,
                            const CompiledDefinition& compiled, std::string_view time);

// With the condition Terminating, which says that the objects of the definition are being deleted.
Json with_terminating_condition(const Json& definition, std::string_view time);

bool is_established(JsonView definition);

}  // namespace heirloom::server
