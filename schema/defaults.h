// Structural defaulting: absent fields get their defaults, also inside what was just defaulted, in list
// elements and in map values. A default needs its parent to exist. An explicit null where null is not allowed
// counts as absent.
#pragma once

#include "base/json.h"
#include "schema/schema.h"

namespace heirloom::schema {

// The object with its defaults; the same block when nothing is missing.
Json apply_defaults(const Json& object, const Schema& schema);

// Of a value inside an object.
Json apply_defaults_to(const Json& value, const Node& node);

}  // namespace heirloom::schema
