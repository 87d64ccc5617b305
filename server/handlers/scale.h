// The scale subresource: autoscaling/v1 Scale as a view of an object's replica count. `kubectl scale` uses
// it.
#pragma once

#include "server/handlers/handlers.h"

namespace heirloom::server {

// GET, PUT and PATCH of .../scale.
Task<Result<Response>> handle_scale(Parts* parts, Call call);

// The Scale of an object whose version has the subresource. Pure.
Json scale_of(const ResourceVersionInfo& version, JsonView object);
// The object with the replica count, and the resourceVersion where there is one, of the Scale. Pure. Error:
// BadRequest, Invalid.
Result<Json> with_scale(const Resource& resource, const ResourceVersionInfo& version, const Json& object,
                        JsonView scale);

}  // namespace heirloom::server
