#include "server/conversion.h"
#include "server/errors.h"
#include "server/handlers/handlers.h"
#include "server/keys.h"
#include "server/resource_version.h"

namespace heirloom::server {

Result<Response> handle_get(Parts& parts, const Call& call) {
  const auto& request = call.request;
  TRY(const auto revision, parse_resource_version(request.read.resource_version));
  // Reads are always the newest durable state, so any revision that exists is satisfied.
  if (revision && *revision > parts.store->revision()) {
    return too_large_resource_version(*revision, parts.store->revision());
  }
  const auto stored = parts.store->get(object_key(*call.resource, request.ns, request.name));
  if (stored == nullptr) return not_found(*call.resource, request.name);
  Response response;
  response.body = to_version(*call.resource, *call.version, stored->value);
  return response;
}

}  // namespace heirloom::server
