// Controller: one controller instance. It owns its graph: caches, table, dispatcher, queue. One executor, no threads.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "core/application/context.h"
#include "kube/api.h"
#include "kube/controller.h"

namespace heirloom::core {

class Controller {
 public:
  // `api` makes one attempt per call; retries are added here. Everything outlives this.
  Controller(Executor executor, kube::Api* api, Clock* clock, Random* random, Metrics* metrics,
             ControllerOptions options);
  ~Controller();  // after stop() or abandon()
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  // Fills the caches and keeps them filled; what cannot be reached or is not installed yet is waited for. Writes
  // nothing: this is all that a standby does.
  void watch();
  // Reconciles, as soon as the caches are in; watch() first, if nobody has.
  void start();
  // Finishes the reconciliations that are running, within some seconds, then ends everything.
  Task<void> stop();
  // Ends everything now: of no use to a controller that may not write any more to finish anything.
  Task<void> cancel();
  // A simulated crash: frames go, nothing else happens.
  void abandon();

  // The caches are in: what is reconciled is based on the cluster's state.
  bool ready() const;
  // Why it is not, in a sentence for people; empty when there is nothing to say.
  std::string problem() const;
  // Nothing queued, nothing running; keys waiting for their time do not count.
  bool idle() const;
  std::size_t memory_bytes() const;  // of the caches

 private:
  struct Parts;
  Task<Result<kube::Requeue>> reconcile(SharerKey key);
  Task<void> run();

  std::unique_ptr<Parts> parts_;
};

}  // namespace heirloom::core
