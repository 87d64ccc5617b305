// Routing: which resource and version a request means, and whether the path has such a verb. Pure.
#pragma once

#include "base/result.h"
#include "server/parts.h"
#include "server/registry.h"

namespace heirloom::server {

// Errors: NotFound (no such group, version, resource or subresource is served), MethodNotAllowed.
Result<Call> route(const Registry& registry, Request request);

// /version.
Json version_document();

}  // namespace heirloom::server
