#include "e2e/simulation/run.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "e2e/simulation/author.h"
#include "e2e/simulation/loss.h"
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

// Bounds on what controllers ask for and keep, far above what a run needs and far below what a loop makes.
constexpr std::uint64_t kRequestsPerEvent = 20;
constexpr std::uint64_t kRequestsPerStart = 120;  // caches are filled, every application is looked at
constexpr std::size_t kCacheBytesPerObject = 16 * 1024;
constexpr std::size_t kCacheBytesAlways = 256 * 1024;

class Traffic {
 public:
  // `definitions`: a kind that applications declare comes and goes.
  explicit Traffic(bool definitions) : definitions_(definitions) {}

  // Everything since the last rest.
  void at_rest(const Cluster& cluster, const RandomFaults& faults, Checker& checker) {
    const Counts now{cluster.calls_of_controller(), cluster.commits() + faults.injected(), cluster.crashes()};
    const std::uint64_t requests = now.requests - before_.requests;
    const std::uint64_t allowed = kRequestsPerEvent * (now.events - before_.events) +
                                  kRequestsPerStart * (now.crashes - before_.crashes + 1);
    if (requests > allowed)
      checker.add({12, fmt::format("a request storm: {} requests for {} commits and faults and {} crashes",
                                   requests, now.events - before_.events, now.crashes - before_.crashes)});
    if (cluster.requests_at_rest() > 0 && !waits_for_kind(cluster))
      checker.add({12, fmt::format("{} requests although nothing moves", cluster.requests_at_rest())});
    // One that starts while Applications are not served waits for them, and does nothing.
    if (!cluster.controller_idle() && !cluster.stored(kApplicationDefinition).is_null()) checker.add({13, "the controller is not idle at rest"});
    const std::size_t most = kCacheBytesAlways + kCacheBytesPerObject * cluster.all().size();
    if (cluster.controller_memory() > most)
      checker.add({13, fmt::format("the caches hold {} bytes for {} objects", cluster.controller_memory(),
                                   cluster.all().size())});
    before_ = now;
  }

 private:
  struct Counts {
    std::uint64_t requests = 0;
    std::uint64_t events = 0;
    std::uint64_t crashes = 0;
  };
  // No watch tells that a kind is served: who declares it asks again every few seconds, and then looks at what it could
  // not apply yet.
  bool waits_for_kind(const Cluster& cluster) const {
    return definitions_ &&
           cluster.stored(fmt::format("/apiextensions.k8s.io/customresourcedefinitions/{}", kWidgets)).is_null();
  }

  bool definitions_;
  Counts before_;
};

std::uint64_t hash_of(const std::vector<std::string>& trace) {
  std::uint64_t hash = 0;
  for (const std::string& line : trace) hash = hash_bytes(line, hash);
  return hash;
}

}  // namespace

RunResult run(const RunOptions& options) {
  RandomFaults faults(options.seed, options.mix.stale, options.mix.drops);
  faults.turn(false);
  RunResult result;
  Cluster cluster(cluster_options(options, &faults));
  cluster.verbose = options.verbose;
  Checker checker(&cluster.webhook());
  cluster.on_commit = [&](const Commit& commit) {
    ++result.totals.commits;
    const std::size_t told = checker.violations().size();
    checker.see(commit);
    for (std::size_t i = told; i < checker.violations().size(); ++i) cluster.say(to_string(checker.violations()[i]));
  };
  Traffic traffic(options.mix.definitions);
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
    workload.before_rest(done == options.steps);
    faults.turn(false);
    if (options.mix.faults && options.mix.drops) cluster.crash_controller(Duration::zero());  // what was left out is listed
    const bool settled = cluster.settle();
    cluster.say(settled ? "at rest" : "does not come to rest");
    checker.at_rest(cluster, settled);
    traffic.at_rest(cluster, faults, checker);
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
