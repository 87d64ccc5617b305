// The controller as a program part: against a kube::Api, with its probes and metrics.
#pragma once

#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/random.h"
#include "base/result.h"
#include "cmd/options.h"
#include "kube/api.h"
#include "net/event_loop.h"

namespace heirloom::cmd {

class Controlling {
 public:
  // All outlive this; `metrics` are what /metrics shows.
  Controlling(net::EventLoop* loop, Random* random, Metrics* metrics, kube::Api* api, ControlOptions options);
  ~Controlling();

  Task<Status> start();
  Task<void> stop();

 private:
  struct Parts;
  Task<void> report_problems();
  Task<void> return_memory();
  std::unique_ptr<Parts> parts_;
};

}  // namespace heirloom::cmd
