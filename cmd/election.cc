#include "cmd/election.h"

#include <fmt/format.h>

#include "cmd/host.h"

namespace heirloom::cmd {

Result<kube::LeaseOptions> lease_options(const ElectionOptions& options, const kube::ClientConfig& config, Random* random) {
  kube::LeaseOptions lease;
  lease.ns = options.ns.empty() && config.in_cluster ? config.ns : options.ns;
  if (lease.ns.empty())
    return bad_request("--leader-elect outside a Pod needs --leader-elect-resource-namespace: "
                       "the namespace of the Lease, the same for all that compete");
  lease.name = options.name;
  lease.identity = fmt::format("{}_{}", host_name(), random->uuid());
  lease.duration = options.lease_duration;
  lease.renew_every = options.retry_period;
  lease.margin = options.lease_duration - options.renew_deadline;
  return lease;
}

}  // namespace heirloom::cmd
