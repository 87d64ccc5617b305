// LeaderElector: at most one of several processes acts, by a coordination.k8s.io/v1 Lease.
//
// Safety does not rest on clocks agreeing: a holder counts as gone only when its lease has not changed, as WE
// observed it, for its whole duration; and a leader stops being one `margin` before its own lease would run
// out. Source: client-go tools/leaderelection.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/metrics.h"
#include "base/random.h"
#include "kube/api.h"

namespace heirloom::kube {

struct LeaseOptions {
  std::string ns;
  std::string name;
  std::string identity;                          // unique per process
  Duration duration = std::chrono::seconds(15);  // whole seconds, on the wire
  Duration renew_every = std::chrono::seconds(2);
  Duration margin = std::chrono::seconds(5);  // no write is begun in this last part of an unrenewed lease
};

class LeaderElector {
 public:
  // All outlive this; metrics may be null.
  LeaderElector(Executor executor, Api* api, Clock* clock, Random* random, Metrics* metrics,
                LeaseOptions options);
  ~LeaderElector();

  // Campaigns until elected.
  Task<void> acquire();
  // Renews until leadership is lost, and says why. Call after acquire().
  Task<Status> hold();
  // Gives the lease up early (best effort), so that the next one need not wait for it. Stop writing first.
  Task<void> release();

  bool is_leader() const;
  // The end of the lease as last renewed: no write may be sent whose own timeout ends after it
  // (kube/fenced_api.h sees to that). nullopt: not the leader, begin no write.
  std::optional<MonotonicTime> leader_until() const;
  std::string holder() const;  // as last seen

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace heirloom::kube
