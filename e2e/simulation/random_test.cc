#include <doctest/doctest.h>

#include <set>
#include <string>

#include "e2e/simulation/run.h"
#include "e2e/simulation/sanitized.h"

using namespace heirloom;
using namespace heirloom::simulation;

namespace {

constexpr std::uint64_t kStride = stride(1, 7);

void check_seeds(RunOptions options, std::uint64_t from, std::uint64_t to, int last_invariant = 99) {
  for (std::uint64_t seed = from; seed <= to; seed += kStride) {
    options.seed = seed;
    const RunResult result = run(options);
    std::string told;
    for (const Violation& violation : result.violations)
      if (violation.invariant <= last_invariant) told += to_string(violation) + "\n";
    CHECK_MESSAGE(told.empty(), "seed ", seed, ": ", told);
  }
}

}  // namespace

// The mix of each is drawn from its seed.
TEST_CASE("whatever may happen happens together") {
  for (std::uint64_t seed = 1; seed <= 60; seed += kStride) {
    RunOptions options;
    options.mix = drawn_mix(seed);
    check_seeds(options, seed, seed);
  }
}

TEST_CASE("one seed gives one trace, byte for byte") {
  RunOptions options;
  options.traced = true;
  options.mix = drawn_mix(3);
  options.seed = 3;
  const RunResult first = run(options);
  const RunResult second = run(options);
  CHECK(first.trace.size() > 100);
  CHECK(first.trace_hash == second.trace_hash);
}

// A trace takes memory, so addresses differ. Nothing may depend on them.
TEST_CASE("one seed gives one run, whether anybody looks on or not") {
  for (const std::uint64_t seed : {3, 16, 23, 59}) {
    RunOptions options;
    options.seed = seed;
    options.steps = 200;
    options.mix = drawn_mix(seed);
    const Totals unseen = run(options).totals;
    options.traced = true;
    const Totals seen = run(options).totals;
    CAPTURE(seed);
    CHECK(seen.handlers == unseen.handlers);
    CHECK(seen.requests == unseen.requests);
    CHECK(seen.commits == unseen.commits);
    CHECK(seen.faults == unseen.faults);
  }
}

TEST_CASE("applications that share come, change, crash and go") {
  RunOptions options;
  options.mix.by_hand = false;
  options.mix.force = false;
  options.mix.unshared = false;
  check_seeds(options, 1, 40);
}

TEST_CASE("applications that do not share stay out of each other's way") {
  RunOptions options;
  options.mix.by_hand = false;
  options.mix.force = false;
  check_seeds(options, 1, 40);
}

TEST_CASE("people may edit, delete and take finalizers away") {
  RunOptions options;
  check_seeds(options, 1, 40);
}

TEST_CASE("claims stand beside applications for the same objects") {
  RunOptions options;
  options.mix.claims = true;
  check_seeds(options, 1, 30);
}

TEST_CASE("an API that fails in every way it can delays, and breaks nothing") {
  RunOptions options;
  options.mix.faults = true;
  check_seeds(options, 60, 100);
}

TEST_CASE("a server that loses power loses nothing that it acknowledged") {
  RunOptions options;
  options.mix.restarts = true;
  check_seeds(options, 1, 20);
}

RunOptions two_controllers() {
  RunOptions options;
  options.mix.overlaps = true;
  options.mix.by_hand = false;
  options.mix.force = false;
  options.mix.unshared = false;
  return options;
}

TEST_CASE("two controllers at once are kept apart by the guards of their writes") {
  RunOptions options = two_controllers();
  options.mix.leases = false;
  check_seeds(options, 30, 70, 2);
}

TEST_CASE("leaders that are paused, cut off, told to end or out of time are followed without a trace") {
  check_seeds(two_controllers(), 1, 30);
  RunOptions options;
  options.mix.overlaps = true;
  options.mix.faults = true;
  check_seeds(options, 31, 60);
}

TEST_CASE("only the lease keeps a deposed controller from creating what nobody declares any more") {
  RunOptions options = two_controllers();
  options.mix.pace = 30;
  bool left_behind = false;
  for (options.seed = 1; options.seed <= 100 && !left_behind; ++options.seed) {
    options.mix.leases = false;
    for (const Violation& violation : run(options).violations) left_behind = left_behind || violation.invariant == 5;
    if (!left_behind) continue;
    options.mix.leases = true;
    CHECK(run(options).violations.empty());
  }
  CHECK(left_behind);
}
