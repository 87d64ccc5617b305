// Between the version an object is stored in and the one a request speaks. Without webhooks there is one
// strategy, None: only apiVersion differs. Pure.
#pragma once

#include "base/json.h"
#include "server/resource.h"

namespace heirloom::server {

// The object with the apiVersion of the version, and for custom resources the defaults of its schema; shares
// the block when nothing changes.
Json to_version(const Resource& resource, const ResourceVersionInfo& version, const Json& object);

}  // namespace heirloom::server
