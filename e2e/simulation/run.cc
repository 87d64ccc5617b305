#include "e2e/simulation/run.h"

#include <algorithm>

namespace heirloom::simulation {

RunResult run(const RunOptions& options) {
  ClusterOptions cluster_options;
  cluster_options.seed = options.seed;
  cluster_options.durable = options.durable;
  cluster_options.sabotage = options.sabotage;
  Cluster cluster(cluster_options);
  cluster.verbose = options.verbose;
  Checker checker;
  cluster.on_commit = [&checker](const Commit& commit) { checker.see(commit); };
  Workload workload(&cluster, options.seed, options.workload);
  cluster.start_controller();

  const int stretch = std::max(1, options.actions / std::max(1, options.rests));
  for (int done = 1; done <= options.actions && checker.violations().empty(); ++done) {
    workload.act();
    if (done % stretch != 0 && done != options.actions) continue;
    const bool settled = cluster.settle();
    cluster.say(settled ? "at rest" : "does not come to rest");
    checker.at_rest(cluster, settled);
  }
  RunResult result;
  result.violations = checker.violations();
  result.trace = cluster.trace();
  result.handlers = cluster.world().steps();
  result.calls = cluster.calls_of_controller();
  return result;
}

}  // namespace heirloom::simulation
