// The Namespace this process runs in, when it runs in a cluster.
#pragma once

#include <string>

namespace heirloom::cmd {

// POD_NAMESPACE (the downward API), else the Pod's service account; "" outside of a cluster.
std::string own_namespace();

}  // namespace heirloom::cmd
