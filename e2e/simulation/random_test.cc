#include <doctest/doctest.h>

#include <string>

#include "e2e/simulation/run.h"

using namespace heirloom;
using namespace heirloom::simulation;

namespace {

void check_seeds(RunOptions options, std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t seed = from; seed <= to; ++seed) {
    options.seed = seed;
    const RunResult result = run(options);
    std::string told;
    for (const Violation& violation : result.violations) told += to_string(violation) + "\n";
    CHECK_MESSAGE(result.violations.empty(), "seed ", seed, ": ", told);
  }
}

}  // namespace

TEST_CASE("applications that share come, change, crash and go") {
  RunOptions options;
  options.workload.by_hand = false;
  options.workload.force = false;
  options.workload.unshared = false;
  check_seeds(options, 1, 40);
}

TEST_CASE("applications that do not share stay out of each other's way") {
  RunOptions options;
  options.workload.by_hand = false;
  options.workload.force = false;
  check_seeds(options, 1, 40);
}
