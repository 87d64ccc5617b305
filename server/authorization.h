// Authorization: administrators may do everything; anyone else what Roles, ClusterRoles and their bindings in
// the store allow (rbac.authorization.k8s.io). Reads memory only.
#pragma once

#include "server/parts.h"

namespace heirloom::server {

// Success, or Forbidden as Kubernetes words it.
Status authorize(Parts& parts, const Call& call);

}  // namespace heirloom::server
