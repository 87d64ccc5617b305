#include "e2e/simulation/run.h"

#include <algorithm>

#include "e2e/simulation/random_faults.h"

namespace heirloom::simulation {

RunResult run(const RunOptions& options) {
  ClusterOptions cluster_options;
  cluster_options.seed = options.seed;
  cluster_options.durable = options.durable;
  cluster_options.sabotage = options.sabotage;
  RandomFaults faults(options.seed);
  faults.turn(false);
  if (options.faults) cluster_options.faults = &faults;
  Cluster cluster(cluster_options);
  cluster.verbose = options.verbose;
  Checker checker;
  cluster.on_commit = [&checker](const Commit& commit) { checker.see(commit); };
  WorkloadOptions work = options.workload;
  work.slow_succession = work.slow_succession || options.faults;
  Workload workload(&cluster, options.seed, work);
  cluster.start_controller();
  faults.turn(true);

  const int stretch = std::max(1, options.actions / std::max(1, options.rests));
  for (int done = 1; done <= options.actions && checker.violations().empty(); ++done) {
    workload.act();
    if (done % stretch != 0 && done != options.actions) continue;
    faults.turn(false);
    const bool settled = cluster.settle();
    cluster.say(settled ? "at rest" : "does not come to rest");
    checker.at_rest(cluster, settled);
    faults.turn(true);
  }
  RunResult result;
  result.violations = checker.violations();
  result.trace = cluster.trace();
  result.handlers = cluster.world().steps();
  result.calls = cluster.calls_of_controller();
  return result;
}

}  // namespace heirloom::simulation
