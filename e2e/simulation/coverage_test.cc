// What a fixed set of seeds drives the protocol through. A cell that is empty and not excused in uncovered.txt fails.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "e2e/simulation/coverage.h"
#include "e2e/simulation/run.h"

using namespace heirloom::simulation;

namespace {

constexpr int kSteps = 60;

void add_seeds(Totals& totals, std::uint64_t from, std::uint64_t to, bool everything, bool webhook = false) {
  for (std::uint64_t seed = from; seed <= to; ++seed) {
    RunOptions options;
    options.seed = seed;
    options.steps = kSteps;
    options.mix = drawn_mix(seed);
    options.mix.losses = false;
    options.mix.webhook = webhook;
    if (everything) {
      options.mix.unshared = options.mix.by_hand = options.mix.force = options.mix.faults = true;
      options.mix.take_over = options.mix.read_only = options.mix.strangers = true;
    }
    totals.add(run(options).totals);  // what breaks in it is the matter of random_test
  }
}

}  // namespace

TEST_CASE("a fixed set of seeds covers all of the protocol that is not excused") {
  Totals totals;
  add_seeds(totals, 1, 60, false);
  add_seeds(totals, 5001, 5060, true);
  add_seeds(totals, 9001, 9015, true, true);
  std::string empty;
  for (const std::string& cell : uncovered(totals.coverage, read_excused("e2e/simulation/uncovered.txt")))
    empty += cell + "\n";
  CHECK_MESSAGE(empty.empty(), "not covered:\n", empty);
}

TEST_CASE("every cell has a name of its own, and an excuse must name one") {
  const std::vector<std::string>& cells = coverage_cells();
  CHECK(std::set<std::string>(cells.begin(), cells.end()).size() == cells.size());
  CHECK(cells.size() > 200);
  for (const std::string& cell : read_excused("e2e/simulation/uncovered.txt"))
    CHECK(std::find(cells.begin(), cells.end(), cell) != cells.end());
}
