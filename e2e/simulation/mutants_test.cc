// The simulation must be able to fail: each protection of the protocol, taken off, is missed by the invariant that it
// keeps, and the same run with the protection on is clean. heirloom-sim --break NAME looks for more.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/random.h"
#include "e2e/simulation/checker.h"
#include "e2e/simulation/cluster.h"
#include "e2e/simulation/mutants.h"
#include "e2e/simulation/random_faults.h"

using namespace heirloom;
using namespace heirloom::simulation;

namespace {

const std::string kApplications = "/core.oam.dev/applications/default/";

// A skirmish: few applications that quarrel about few objects, closer together than users would, so that what a
// protection is for happens often.
struct Skirmish {
  std::uint64_t applications = 3;
  int actions = 25;
  std::uint64_t pace = 120;  // handlers between two actions, at most
  bool overlaps = false;     // two controllers at once, nearly always
  bool crashes = false;
  bool faults = false;
  bool force = false;     // finalizers are taken away by hand
  bool unshared = false;  // applications stop sharing, and begin again
  bool restarts = false;  // the server loses power
};

std::string application(const std::string& name, int version, bool common, bool own, bool shares) {
  std::string objects;
  const auto add = [&](const std::string& object) {
    objects += fmt::format("\n      - {{apiVersion: v1, kind: ConfigMap, metadata: {{name: {}, namespace: default}}, "
                           "data: {{from: {}, version: v{}}}}}",
                           object, name, version);
  };
  if (common) add("common");
  if (own) add("own-" + name);
  if (!common && !own) add("other-" + name);
  return fmt::format(R"(
apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {{name: {}, namespace: default}}
spec:
  components:
  - name: objects
    type: k8s-objects
    properties:
      objects:{}
  policies:
  - name: share
    type: shared-resource
    properties: {{rules: [{{selector: {{resourceNames: [{}]}}}}]}}
)",
                     name, objects, shares ? "common" : "nothing");
}

std::vector<Violation> fight(const Skirmish& skirmish, std::uint64_t seed, Mutant mutant) {
  SeededRandom random(seed ^ 0x5c1ULL);
  const auto chance = [&random](std::uint64_t percent) { return random.below(100) < percent; };
  RandomFaults faults(seed);
  faults.turn(false);
  ClusterOptions options;
  options.seed = seed;
  options.durable = skirmish.restarts;
  options.mutant = mutant;
  if (skirmish.faults) options.faults = &faults;
  Cluster cluster(options);
  Checker checker;
  cluster.on_commit = [&checker](const Commit& commit) { checker.see(commit); };
  cluster.start_controller();
  faults.turn(true);
  for (int action = 1; action <= skirmish.actions && checker.violations().empty(); ++action) {
    const std::string name = fmt::format("app{}", 1 + random.below(skirmish.applications));
    const std::string key = kApplications + name;
    Status done;
    if (skirmish.overlaps && action % 4 == 1) cluster.depose_controller(std::chrono::seconds(random.below(60)));
    if (skirmish.crashes && chance(20)) cluster.crash_controller(std::chrono::seconds(20));
    if (skirmish.restarts && chance(20)) cluster.restart_server(server::FaultyDisk::PowerLoss::DropAll);
    if (cluster.lost_a_revision()) return {{7, "a revision that was shown is lost"}};
    if (!cluster.stored(key).is_null() && chance(35)) {
      if (skirmish.force && chance(50)) {
        done = cluster.patch(key, Json::parse(R"({"metadata":{"finalizers":[]}})").value());
      }
      done = cluster.remove(key);
    } else {
      done = cluster.apply(
          application(name, action, chance(75), chance(60), !skirmish.unshared || !chance(30)));
    }
    if (chance(15)) cluster.run_for(std::chrono::seconds(random.below(15)));
    cluster.run_steps(random.below(skirmish.pace));
  }
  if (!checker.violations().empty()) return checker.violations();
  faults.turn(false);
  const bool settled = cluster.settle();
  checker.at_rest(cluster, settled);
  return checker.violations();
}

std::string told(const std::vector<Violation>& violations) {
  std::string text;
  for (const Violation& violation : violations) text += to_string(violation) + "\n";
  return text;
}

struct Row {
  Mutant mutant;
  Skirmish skirmish;
};

// Within so many seeds each is caught; most within a few.
constexpr std::uint64_t kMostSeeds = 400;

const std::vector<Row>& rows() {
  static const std::vector<Row> kRows = {
      {Mutant::JoinUnguarded, {.applications = 5, .pace = 60, .overlaps = true}},
      {Mutant::HandoverUnguarded, {.applications = 5, .pace = 60, .overlaps = true}},
      {Mutant::DeleteUnguarded, {.applications = 5, .pace = 60, .overlaps = true}},
      {Mutant::FactsFirst, {.applications = 5, .pace = 60, .overlaps = true, .faults = true, .force = true}},
      {Mutant::UnknownIsDead, {.overlaps = true, .faults = true}},
      {Mutant::HoldUnmarked, {.applications = 5, .pace = 60, .overlaps = true, .faults = true}},
      {Mutant::TrackerLate, {.crashes = true}},
      {Mutant::FinalizerCached, {.overlaps = true, .faults = true}},
      {Mutant::UnshareDropsLedger, {.unshared = true}},
      {Mutant::EventsBeforeSync, {.restarts = true}},
      {Mutant::RetryBlind, {.faults = true}},
  };
  return kRows;
}

}  // namespace

TEST_CASE("every protection is missed when it is off") {
  for (const Row& row : rows()) {
    CAPTURE(name_of(row.mutant));
    const MutantInfo* info = nullptr;
    for (const MutantInfo& each : all_mutants())
      if (each.mutant == row.mutant) info = &each;
    REQUIRE(info != nullptr);
    bool missed = false;
    std::string found;
    for (std::uint64_t seed = 1; seed <= kMostSeeds && !missed; ++seed) {
      const std::vector<Violation> violations = fight(row.skirmish, seed, row.mutant);
      bool expected = false;
      for (const Violation& violation : violations) expected = expected || info->expected.contains(violation.invariant);
      found += told(violations);
      // The protection alone makes the difference.
      missed = expected && fight(row.skirmish, seed, Mutant::None).empty();
      if (missed) MESSAGE(fmt::format("{} is caught by seed {}", name_of(row.mutant), seed));
    }
    CHECK_MESSAGE(missed, "not missed; found instead: ", found);
  }
}
