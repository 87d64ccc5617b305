// Many runs, in several processes, added up.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "e2e/simulation/coverage.h"

namespace heirloom::simulation {

// Added up over runs; passed between processes as it stands in memory.
struct Totals {
  std::uint64_t runs = 0;
  std::uint64_t steps = 0;     // things that users did
  std::uint64_t handlers = 0;  // that the seeds ordered
  std::uint64_t requests = 0;  // of controllers
  std::uint64_t commits = 0;   // that were checked
  std::uint64_t faults = 0;    // injected
  std::uint64_t crashes = 0;   // of controllers and servers
  std::uint64_t violations = 0;
  CoverageCounts coverage{};
  void add(const Totals& more);
};
std::string to_string(const Totals& totals);

struct SweepOptions {
  std::uint64_t from = 1;
  std::uint64_t to = 1;
  int jobs = 1;
  bool first = false;  // ends when a run broke an invariant
};

// `run` is called in a process of its own; it prints what it finds. A run that kills its process is told with its
// seed, counts as a violation, and the sweep goes on behind it.
Totals sweep(const SweepOptions& options, const std::function<Totals(std::uint64_t seed)>& run);

}  // namespace heirloom::simulation
