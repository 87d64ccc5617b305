// heirloom-sim: random runs of the real server and controller, checked after every step. One seed is one run,
// always the same; a violation prints it, and --seed replays it with its trace.
#include <cstdio>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/log.h"
#include "e2e/simulation/run.h"

namespace {

using namespace heirloom;
using namespace heirloom::simulation;

// False when an invariant was broken.
bool run_seed(RunOptions options, std::uint64_t seed, bool trace) {
  options.seed = seed;
  options.verbose = trace;
  const RunResult result = run(options);
  for (const Violation& violation : result.violations)
    fmt::print("seed {}: {}\n", seed, to_string(violation));
  if (trace)
    fmt::print("seed {}: {} handlers, {} requests of the controller\n", seed, result.handlers, result.calls);
  return result.violations.empty();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs the server and the controller under one seed and checks what must always hold");
  RunOptions options;
  std::uint64_t seed = 1;
  std::string seeds;
  bool logs = false;
  bool first = false;
  app.add_option("--seed", seed, "one run, with its trace");
  app.add_option("--seeds", seeds, "A..B: many runs, without traces");
  app.add_option("--steps", options.actions, "things that users do in a run");
  app.add_option("--rests", options.rests, "how often a run comes to rest and is checked");
  app.add_option("--apps", options.workload.applications, "applications");
  app.add_flag("!--no-hand", options.workload.by_hand, "nobody edits or deletes managed objects by hand");
  app.add_flag("!--no-force", options.workload.force, "nobody takes finalizers away");
  app.add_flag("!--no-unshared", options.workload.unshared, "every application shares");
  app.add_flag("!--no-crashes", options.workload.crashes, "the controller does not crash");
  app.add_flag("--overlaps", options.workload.overlaps, "two controllers run at once for a while");
  app.add_flag("--faults", options.faults, "the API fails in every way it can");
  app.add_flag("--durable", options.durable, "the store is on a simulated disk");
  app.add_flag("--restarts", options.workload.restarts,
               "the server loses power and restarts; implies --durable");
  app.add_flag("--break-joins", options.sabotage.unguarded_joins, "take the guard off patches of the ledger");
  app.add_flag("--break-patches", options.sabotage.unguarded_patches, "take the guard off every patch");
  app.add_flag("--break-deletes", options.sabotage.unguarded_deletes, "take the preconditions off DELETE");
  app.add_flag("--logs", logs, "print the controller's log, too");
  app.add_flag("--first", first, "stop at the first seed that breaks an invariant");
  CLI11_PARSE(app, argc, argv);
  if (options.workload.restarts) options.durable = true;
  if (logs) log::configure(log::Level::Debug);

  if (seeds.empty()) return run_seed(options, seed, true) ? 0 : 1;
  const std::size_t dots = seeds.find("..");
  if (dots == std::string::npos) {
    fmt::print(stderr, "--seeds wants A..B\n");
    return 2;
  }
  const std::uint64_t from = std::stoull(seeds.substr(0, dots));
  const std::uint64_t to = std::stoull(seeds.substr(dots + 2));
  std::uint64_t broken = 0;
  for (std::uint64_t each = from; each <= to; ++each) {
    if (run_seed(options, each, false)) continue;
    ++broken;
    std::fflush(stdout);
    if (first) break;
  }
  fmt::print("{} of {} seeds broke an invariant\n", broken, to - from + 1);
  return broken == 0 ? 0 : 1;
}
