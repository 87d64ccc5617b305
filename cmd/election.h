// Which Lease a controller's processes compete for, from the flags and from where it runs.
#pragma once

#include "base/random.h"
#include "base/result.h"
#include "cmd/options.h"
#include "kube/kubeconfig.h"
#include "kube/lease.h"

namespace heirloom::cmd {

// A new identity at each call: of this life of this process. Error: BadRequest when the namespace is neither given nor
// that of a Pod; a kubeconfig's namespace is people's, and two of them would elect two leaders.
Result<kube::LeaseOptions> lease_options(const ElectionOptions& options, const kube::ClientConfig& config, Random* random);

}  // namespace heirloom::cmd
