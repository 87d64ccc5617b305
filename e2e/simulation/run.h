// A whole random run: a cluster, a workload, the checker.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "e2e/simulation/checker.h"
#include "e2e/simulation/cluster.h"
#include "e2e/simulation/workload.h"

namespace heirloom::simulation {

struct RunOptions {
  std::uint64_t seed = 1;
  int actions = 30;  // of users
  int rests = 2;  // how often everything comes to rest and is checked, evenly spread; the last is at the end
  WorkloadOptions workload;
  Sabotage sabotage;
  bool faults = false;   // of the API, between the controller and the server
  bool durable = false;  // a store on a simulated disk
  bool verbose = false;
};

struct RunResult {
  std::vector<Violation> violations;
  std::vector<std::string> trace;
  std::uint64_t handlers = 0;
  std::uint64_t calls = 0;  // of the controller
};

// Ends at the first violation.
RunResult run(const RunOptions& options);

}  // namespace heirloom::simulation
