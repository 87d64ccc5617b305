// Decoding: is this body an object of the kind the URL names, with values of the types the kind has? Pure.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "server/resource.h"

namespace heirloom::server {

// The body with kind and apiVersion (built-in kinds may leave them out: the URL decides), nulls and empty
// collections dropped where a typed API object would not have them. Error: BadRequest: another kind or
// version, not an object, a value of the wrong type (custom resources: only in metadata, the rest is
// validation's).
Result<Json> decode_object(const Resource& resource, const ResourceVersionInfo& version, const Json& body);

}  // namespace heirloom::server
