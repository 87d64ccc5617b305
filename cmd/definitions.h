// The CustomResourceDefinitions of our own kinds, onto an API server.
#pragma once

#include "base/result.h"
#include "base/task.h"
#include "kube/api.h"

namespace heirloom::cmd {

// Creates them, or brings the ones that exist up to this program's version. The api outlives the call.
Task<Status> install_definitions(kube::Api* api);

}  // namespace heirloom::cmd
