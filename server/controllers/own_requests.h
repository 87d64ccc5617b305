// Requests that the server's own controllers make: through the same handlers as any client's, as
// administrator.
#pragma once

#include <string>

#include "server/parts.h"

namespace heirloom::server {

// A request on one object, at the storage version.
Request own_request(Verb verb, const Resource& resource, std::string ns, std::string name);
// A JSON merge patch; carry metadata.resourceVersion in it to guard it.
Request own_merge_patch(const Resource& resource, std::string ns, std::string name, Json patch);

}  // namespace heirloom::server
