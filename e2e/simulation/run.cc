#include "e2e/simulation/run.h"

#include <algorithm>

#include "base/hash.h"
#include "e2e/simulation/random_faults.h"
#include "e2e/simulation/workload.h"

namespace heirloom::simulation {
namespace {

ClusterOptions cluster_options(const RunOptions& options, RandomFaults* faults) {
  ClusterOptions cluster;
  cluster.seed = options.seed;
  cluster.durable = options.mix.restarts;
  cluster.leases = options.mix.leases;
  cluster.traced = options.traced || options.verbose;
  cluster.mutant = options.mutant;
  if (options.mix.faults) cluster.faults = faults;
  return cluster;
}

std::uint64_t hash_of(const std::vector<std::string>& trace) {
  std::uint64_t hash = 0;
  for (const std::string& line : trace) hash = hash_bytes(line, hash);
  return hash;
}

}  // namespace

RunResult run(const RunOptions& options) {
  RandomFaults faults(options.seed);
  faults.turn(false);
  RunResult result;
  Cluster cluster(cluster_options(options, &faults));
  cluster.verbose = options.verbose;
  Checker checker;
  cluster.on_commit = [&](const Commit& commit) {
    ++result.totals.commits;
    checker.see(commit);
  };
  Workload workload(&cluster, options.seed, options.mix);
  cluster.say("the mix: " + to_string(options.mix));
  cluster.start_controller();
  faults.turn(true);

  const int stretch = std::max(1, options.steps / std::max(1, options.rests));
  for (int done = 1; done <= options.steps && checker.violations().empty(); ++done) {
    workload.act();
    ++result.totals.steps;
    if (cluster.lost_a_revision()) checker.add({7, "a revision that was shown is lost: the server restarted without it"});
    if (done % stretch != 0 && done != options.steps) continue;
    faults.turn(false);
    const bool settled = cluster.settle();
    cluster.say(settled ? "at rest" : "does not come to rest");
    checker.at_rest(cluster, settled);
    faults.turn(true);
  }
  result.violations = checker.violations();
  result.trace = cluster.trace();
  result.trace_hash = hash_of(result.trace);
  result.totals.runs = 1;
  result.totals.handlers = cluster.world().steps();
  result.totals.requests = cluster.calls_of_controller();
  result.totals.faults = faults.injected();
  result.totals.crashes = cluster.crashes();
  result.totals.coverage = cluster.coverage();
  result.totals.violations = result.violations.empty() ? 0 : 1;
  return result;
}

}  // namespace heirloom::simulation
