// OpenAPI v2: /openapi/v2 as JSON and as gnostic's protobuf (what kubectl asks for). Pure.
#pragma once

#include <string>

#include "base/json.h"
#include "server/registry.h"

namespace heirloom::server {

// The swagger document of everything served: definitions with x-kubernetes-group-version-kind, paths enough
// for kubectl.
Json openapi_v2_document(const Registry& registry);
// The same in protobuf (openapi.v2.Document), media type
// application/com.github.proto-openapi.spec.v2@v1.0+protobuf.
std::string openapi_v2_protobuf(JsonView document);

}  // namespace heirloom::server
