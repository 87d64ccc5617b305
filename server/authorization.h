// Authorization: administrators may do everything; anyone else what Roles, ClusterRoles and their bindings in
// the store allow (rbac.authorization.k8s.io). Reads memory only.
#pragma once

#include <string>

#include "server/parts.h"

namespace heirloom::server {

// What somebody wants to do, in RBAC's terms.
struct Attributes {
  std::string verb;
  std::string group;
  std::string resource;  // with /subresource
  std::string ns;        // "" at the cluster scope
  std::string name;
};

struct Verdict {
  bool allowed = false;
  std::string reason;  // which binding allows it
};
Verdict evaluate(Parts& parts, const Identity& who, const Attributes& asked);

// Success, or Forbidden as Kubernetes words it.
Status authorize(Parts& parts, const Call& call);

}  // namespace heirloom::server
