// The controller as a program part: against a kube::Api, with its probes and metrics.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/metrics.h"
#include "base/random.h"
#include "base/result.h"
#include "cmd/options.h"
#include "kube/api.h"
#include "kube/lease.h"
#include "net/event_loop.h"

namespace heirloom::cmd {

class Controlling {
 public:
  // All outlive this; `metrics` are what /metrics shows. No lease: it is the only controller, and acts at once.
  Controlling(net::EventLoop* loop, Random* random, Metrics* metrics, kube::Api* api, ControlOptions options,
              std::optional<kube::LeaseOptions> lease);
  ~Controlling();

  Task<Status> start();
  // Ok at the next SIGINT or SIGTERM; an error when leadership was lost.
  Task<Status> wait_for_end();
  Task<void> stop();

 private:
  struct Parts;
  Task<void> watch_signals();
  Task<void> watch_leadership();
  Task<void> report_problems();
  Task<void> return_memory();
  std::unique_ptr<Parts> parts_;
};

}  // namespace heirloom::cmd
