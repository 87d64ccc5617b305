// The life of a shared object, with the controller crashed at every single await of it and started again.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <fmt/format.h>

#include "e2e/simulation/checker.h"
#include "e2e/simulation/cluster.h"
#include "e2e/simulation/sanitized.h"

using namespace heirloom;
using namespace heirloom::simulation;

namespace {

std::string application(const std::string& name) {
  return fmt::format(R"(
apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {{name: {0}, namespace: default}}
spec:
  components:
  - name: namespace
    type: k8s-objects
    properties:
      objects:
      - apiVersion: v1
        kind: Namespace
        metadata:
          name: example
          labels: {{from: {0}, only-{0}: "yes"}}
  - name: settings
    type: k8s-objects
    properties:
      objects:
      - apiVersion: v1
        kind: ConfigMap
        metadata: {{name: {0}, namespace: example}}
        data: {{from: {0}}}
  policies:
  - name: share
    type: shared-resource
    properties:
      rules:
      - selector: {{resourceTypes: [Namespace]}}
)",
                     name);
}

const std::string kKey = "/core.oam.dev/applications/default/";

struct Outcome {
  std::vector<Violation> violations;
  std::vector<std::string> trace;
  std::uint64_t handlers = 0;  // of the controller
  bool crashed = false;
};

struct Story {
  bool hasty = false;  // nobody waits for anything to be finished
  // The controller is crashed, and the next one comes so late; or paused, while another one stands by.
  enum class End { Crash, Pause } end = End::Crash;
  Duration pause = Duration::zero();
  bool leases = false;
  bool traced = false;
};

// Two sharers; the second joins, the first leaves, the object is handed over and goes with the last one.
// at 0: nothing happens to the controller.
Outcome live(const Story& story, std::uint64_t at) {
  const bool hasty = story.hasty;
  ClusterOptions options;
  options.seed = 7;
  options.leases = story.leases;
  options.traced = story.traced;
  Cluster cluster(options);
  Checker checker;
  cluster.on_commit = [&checker](const Commit& commit) { checker.see(commit); };
  cluster.start_controller();
  if (at != 0 && story.end == Story::End::Crash) cluster.crash_controller_at(at, story.pause);
  if (at != 0 && story.end == Story::End::Pause) cluster.pause_controller_at(at, story.pause);
  Outcome outcome;
  const auto pass_time = [&](bool last) {
    if (hasty && !last) return cluster.run_steps(150);
    const bool settled = cluster.settle();
    checker.at_rest(cluster, settled);
  };
  std::vector<Status> answers;
  answers.push_back(cluster.apply(application("app1")));
  pass_time(false);
  answers.push_back(cluster.apply(application("app2")));
  pass_time(false);
  answers.push_back(cluster.remove(kKey + "app1"));
  pass_time(false);
  if (!hasty) outcome.handlers = cluster.controller_handlers();
  answers.push_back(cluster.remove(kKey + "app2"));
  pass_time(true);
  for (const Status& answer : answers)
    if (!answer.ok()) outcome.violations.push_back({0, "the user was refused: " + answer.message()});
  for (const Violation& violation : checker.violations()) outcome.violations.push_back(violation);
  for (const auto& [key, object] : cluster.all())
    if (key.find("example") != std::string::npos && !key.starts_with("/core/events/"))
      outcome.violations.push_back({5, key + " is still there"});
  outcome.trace = cluster.trace();
  outcome.handlers = cluster.controller_handlers();
  outcome.crashed = cluster.crashed();
  return outcome;
}

std::string told(const std::vector<Violation>& violations) {
  std::string text;
  for (const Violation& violation : violations) text += to_string(violation) + "\n";
  return text;
}

constexpr std::uint64_t kStride = stride(1, 13);

void end_everywhere(const Story& story, std::uint64_t stride) {
  const Outcome calm = live(story, 0);
  REQUIRE_MESSAGE(calm.violations.empty(), told(calm.violations));
  REQUIRE(calm.handlers > 100);
  int broken = 0;
  for (std::uint64_t k = 1; k <= calm.handlers && broken < 3; k += stride) {
    const Outcome outcome = live(story, k);
    CHECK_MESSAGE(outcome.crashed, "no end at handler ", k);
    CHECK_MESSAGE(outcome.violations.empty(), "ended at handler ", k, ": ", told(outcome.violations));
    if (!outcome.violations.empty()) ++broken;
  }
}

}  // namespace

TEST_CASE("two runs of one seed give the same trace, byte for byte") {
  Story story;
  story.hasty = true;
  story.traced = true;
  const Outcome first = live(story, 333);
  const Outcome second = live(story, 333);
  CHECK(first.trace.size() > 40);
  CHECK(first.trace == second.trace);
}

TEST_CASE("a crash at any await of a calm life loses nothing") { end_everywhere(Story(), kStride); }

TEST_CASE("a crash at any await of a hasty life loses nothing") {
  Story story;
  story.hasty = true;
  end_everywhere(story, kStride);
}

TEST_CASE("a crash at any await of a hasty life loses nothing when the next controller comes late") {
  Story story;
  story.hasty = true;
  story.pause = std::chrono::seconds(20);
  end_everywhere(story, kStride);
}

TEST_CASE("a leader that crashes at any await is followed when its lease is over") {
  Story story;
  story.hasty = true;
  story.leases = true;
  end_everywhere(story, kStride);
}

TEST_CASE("a leader that is paused at any await beyond its lease writes nothing when it goes on") {
  Story story;
  story.hasty = true;
  story.leases = true;
  story.end = Story::End::Pause;
  story.pause = std::chrono::seconds(45);
  end_everywhere(story, kStride);
}
