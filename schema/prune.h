// Pruning: what the schema does not know is dropped (structural schemas, "field pruning").
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/json.h"
#include "schema/schema.h"

namespace heirloom::schema {

// The object without unknown fields; the same block when there are none. apiVersion, kind and the known
// fields of metadata stay, at the root and in embedded resources.
Json prune(const Json& object, const Schema& schema);

// Of a value inside an object.
Json prune_value(const Json& value, const Node& node);

// The paths that prune would drop, as "spec.x"; at most limit. For warnings.
std::vector<std::string> unknown_fields(JsonView object, const Schema& schema, std::size_t limit = 20);

}  // namespace heirloom::schema
