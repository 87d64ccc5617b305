// One schema of ours (OpenAPI v3 with Kubernetes' extensions) in the words of OpenAPI v2, as kubectl can read
// it.
#pragma once

#include "base/json.h"

namespace heirloom::server {

// Writes the members of the schema into the object that is open in `out`. `custom`: from a definition, where
// what v2 cannot say (nullable, several types, unknown fields) becomes "anything", as in kube-apiserver.
void write_v2_schema(JsonBuilder& out, JsonView schema, bool custom);

}  // namespace heirloom::server
