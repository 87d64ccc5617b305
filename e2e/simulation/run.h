// A whole random run: a cluster, a workload, the checker.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "e2e/simulation/checker.h"
#include "e2e/simulation/cluster.h"
#include "e2e/simulation/mix.h"
#include "e2e/simulation/sweep.h"

namespace heirloom::simulation {

struct RunOptions {
  std::uint64_t seed = 1;
  int steps = 30;  // things that users do
  int rests = 2;   // how often everything comes to rest and is checked, evenly spread; the last is at the end
  Mix mix;
  Mutant mutant = Mutant::None;
  bool traced = false;   // keeps the trace
  bool verbose = false;  // and prints it as it comes
};

struct RunResult {
  std::vector<Violation> violations;
  std::vector<std::string> trace;
  std::uint64_t trace_hash = 0;  // of a traced run: of every line
  Totals totals;
};

// Ends at the first violation.
RunResult run(const RunOptions& options);

}  // namespace heirloom::simulation
