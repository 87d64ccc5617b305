// Read, change, compare-and-swap: what PUT, PATCH and the subresources share.
#pragma once

#include <functional>

#include "server/handlers/handlers.h"

namespace heirloom::server {

// What the client wants the object to be, given what it is (in the version of the request).
using Change = std::function<Result<Json>(const Json& current)>;

// Tries again while another write comes in between, unless the proposed object carries a resourceVersion,
// which then no longer fits (409). NotFound when there is no such object.
Task<Result<Response>> write_existing(Parts* parts, Call call, Change change, bool patched);

}  // namespace heirloom::server
