// LeaderElector: at most one of several processes acts, by a coordination.k8s.io/v1 Lease.
//
// Safety does not rest on clocks agreeing: a holder counts as gone only when its lease has not changed, as WE
// observed it, for its whole duration; and a leader stops being one `margin` before its own lease would run
// out. Source: client-go tools/leaderelection; docs/high-availability.md says what happens in each failure.
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
  std::string identity;  // of this life of this process: whoever finds its own identity there goes on leading
  Duration duration = std::chrono::seconds(15);    // on the wire in whole seconds, rounded up
  Duration renew_every = std::chrono::seconds(2);  // and looked at so often by those who wait
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
  // Beside acquire(): ends the wait as soon as another gives the lease up, where otherwise the next look would.
  // Ends when we lead. Who may not watch the lease waits for that look.
  Task<void> watch();
  // Renews until leadership is lost, and says why. Call after acquire().
  Task<Status> hold();
  // Gives the lease up early (best effort), so that the next one need not wait for it. End acquire() and
  // hold() first, and every write (FencedApi::settled()). Nothing is sent when the lease cannot be ours.
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
