// Is this object what its schema says? Pure; nothing is changed.
#pragma once

#include "base/json.h"
#include "schema/field_error.h"
#include "schema/schema.h"

namespace heirloom::schema {

// All violations, at most kMaxFieldErrors, in Kubernetes' words: types, required fields, bounds,
// enumerations, patterns, formats, compositions, duplicates in sets and list maps, embedded resources. Paths
// carry list indices (spec.components[1].type) as in current releases. metadata is not looked at here: see
// names.h.
FieldErrors validate(JsonView object, const Schema& schema);

// Of a value inside an object; path is its path, empty for a value on its own (a default).
FieldErrors validate_value(JsonView value, const Node& node, std::string path);

}  // namespace heirloom::schema
