// The JSONPath of printer columns: what kubectl's dialect has that a column can use.
//   .spec.replicas   .spec.items[0].name   .spec.items[*].name   .metadata.labels.a\.b
//   .metadata.labels['a.b'] .status.conditions[?(@.type=="Ready")].status
#pragma once

#include <string_view>

#include "base/json.h"

namespace heirloom::server {

// The first value the path finds in the object; Missing when there is none, or when the path is no such path.
JsonView first_at_printer_path(JsonView object, std::string_view path);

}  // namespace heirloom::server
