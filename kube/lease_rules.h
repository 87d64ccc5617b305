// Leader election's decisions: pure.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "kube/lease.h"

namespace heirloom::kube::lease {

// What we know of the lease, and since when it has looked like that to us: other clocks are never compared
// with ours. Of a lease that somebody deleted we still know who held it: that process goes on writing until
// it notices.
struct Seen {
  std::optional<Json> object;  // nullopt: there is none
  std::string holder;
  Duration duration = Duration::zero();  // as its holder promised
  std::string resource_version;
  MonotonicTime since;
};
Seen observe(Seen before, std::optional<Json> live, MonotonicTime now);

enum class Move { Acquire, Renew, Wait };
Move decide(const Seen& seen, const LeaseOptions& options, MonotonicTime now);

// The Lease to write: the live one with our spec (its resourceVersion is the guard), or a new one.
Json body(const std::optional<Json>& live, const LeaseOptions& options, bool renewal, WallTime now);
// Without holder, and short, so that anyone may take it at once.
Json released(const Json& live, WallTime now);

}  // namespace heirloom::kube::lease
