// LocalApi: kube::Api in process: the controller beside its own API server, tests and the simulation. Bodies
// pass as Json, nothing is serialised; everything else (validation, conflicts, watches, errors) is the
// server's own handlers.
#pragma once

#include <memory>

#include "kube/api.h"
#include "server/api_server.h"

namespace heirloom::server {

// The identity of every call that does not impersonate: admin by default. The server outlives the API; calls
// made after the server has stopped answer Unreachable.
std::unique_ptr<kube::Api> make_local_api(ApiServer* server, Identity identity = admin_identity());

}  // namespace heirloom::server
