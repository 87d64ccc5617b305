// LedController: a controller that acts only while it holds a Lease: nothing is reconciled before it leads, and no
// write goes out that could land after its lease (kube/lease.h, kube/fenced_api.h). While it stands by, its caches are
// filled, so that it is known whether they can be. It leads with caches filled since it leads: a watch that lags may
// not show what the leader before has done, or shows it later, as if somebody else had. Once leadership is lost it never
// acts again: the process exits.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "core/application/context.h"
#include "kube/api.h"
#include "kube/lease.h"

namespace heirloom::core {

struct Election {
  kube::Api* api = nullptr;  // for the Lease; one attempt per call. Outlives the controller
  kube::LeaseOptions lease;
};

class LedController {
 public:
  // As core::Controller. No election: it is the only one, and acts at once.
  LedController(Executor executor, kube::Api* api, Clock* clock, Random* random, Metrics* metrics,
                ControllerOptions options, std::optional<Election> election);
  ~LedController();  // after stop() or abandon()
  LedController(const LedController&) = delete;
  LedController& operator=(const LedController&) = delete;

  void start();
  // Returns when leadership is lost, and says why; without an election never.
  Task<Status> wait_lost();
  // Finishes the reconciliations that are running, ends everything and gives the lease back, so that the next
  // one leads at once. Not when a write may still land: then the lease runs out.
  Task<void> stop();
  // A simulated crash: frames go, nothing else happens.
  void abandon();

  bool leads() const;           // it may write
  bool ready() const;           // the caches are in; a standby is ready, too
  // As core::Controller.
  std::string problem() const;
  bool idle() const;
  std::size_t memory_bytes() const;

 private:
  struct Parts;
  Task<void> campaign();

  std::unique_ptr<Parts> parts_;
};

}  // namespace heirloom::core
