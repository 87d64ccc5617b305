// What a class retains for a time, with the controller crashed at every await: kept as long, and no longer.
#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "e2e/simulation/cluster.h"
#include "e2e/simulation/sanitized.h"

using namespace heirloom;
using namespace heirloom::simulation;

namespace {

constexpr Duration kRetained = std::chrono::minutes(10);  // retainSeconds below
// Between the last claim's end and that of its object: what a crash, a lost answer and the queue's back-off take.
constexpr Duration kSlack = std::chrono::minutes(2);

const std::string kClass = "/heirloom.dev/claimclasses/jars";
const std::string kClaim = "/sim.example.com/jarclaims/default/one";
const std::string kJar = "/core/configmaps/default/jar-a";

constexpr std::string_view kClassOfJars = R"(
apiVersion: heirloom.dev/v1alpha1
kind: ClaimClass
metadata: {name: jars}
spec:
  claim: {group: sim.example.com, version: v1, kind: JarClaim}
  key: [spec.jar]
  object: {apiVersion: v1, kind: ConfigMap, metadata: {name: 'jar-${spec.jar}', namespace: default}, data: {of: jars}}
  whenEmpty: Retain
  retainSeconds: 600
)";
constexpr std::string_view kClaimOfJar = R"(
apiVersion: sim.example.com/v1
kind: JarClaim
metadata: {name: one, namespace: default}
spec: {jar: a}
)";

struct Life {
  Cluster& cluster;
  std::string complaints;

  void check(bool holds, const std::string& what) {
    if (!holds) complaints += what + "\n";
  }
  void apply(std::string_view manifest) {
    const Status status = cluster.apply(manifest);
    check(status.ok(), status.message());
  }
  void remove(const std::string& key) {
    const Status status = cluster.remove(key);
    check(status.ok(), status.message());
  }
  bool jar_stands() const {
    const Json jar = cluster.stored(kJar);
    return jar.is_object() && !jar["metadata"].contains("deletionTimestamp");
  }
  std::string ledger() const {
    const Json jar = cluster.stored(kJar);
    return std::string(jar["metadata"]["annotations"]["app.oam.dev/shared-by"].string());
  }
  void claim_and_leave() {
    apply(kClaimOfJar);
    cluster.run_for(std::chrono::seconds(30));
    check(jar_stands(), "the claim has no jar");
    remove(kClaim);
    cluster.run_for(std::chrono::seconds(30));
    check(!cluster.stored(kClaim).is_object(), "the claim hangs in deletion");
    check(ledger() == "claimclasses.heirloom.dev:/jars", "the class does not keep the jar: " + ledger());
  }
  // Half a minute has passed already.
  void outlive() {
    cluster.run_for(kRetained - std::chrono::minutes(1));
    check(jar_stands(), "the jar went before its time");
    cluster.run_for(std::chrono::minutes(1) + kSlack);
    check(!cluster.stored(kJar).is_object(), "the jar outlives its time");
  }
};
using Story = std::function<void(Life&)>;

struct Outcome {
  std::string complaints;
  std::uint64_t handlers = 0;
};

Outcome live(const Story& story, std::uint64_t crash_at) {
  ClusterOptions options;
  options.seed = 11;
  Cluster cluster(options);
  cluster.start_controller();
  if (crash_at != 0) cluster.crash_controller_at(crash_at, std::chrono::seconds(5));
  Life life{cluster, {}};
  life.apply(kClassOfJars);
  cluster.run_for(std::chrono::seconds(30));  // the definition is made, and established
  story(life);
  Outcome outcome;
  outcome.handlers = cluster.controller_handlers();
  life.remove(kClass);
  cluster.run_for(kSlack);
  life.check(!cluster.stored(kClass).is_object(), "the class hangs in deletion");
  outcome.complaints = life.complaints;
  return outcome;
}

void crash_everywhere(const Story& story) {
  constexpr std::uint64_t kStride = stride(3, 37);
  const Outcome calm = live(story, 0);
  REQUIRE_MESSAGE(calm.complaints.empty(), calm.complaints);
  REQUIRE(calm.handlers > 100);
  int broken = 0;
  for (std::uint64_t k = 1; k <= calm.handlers && broken < 3; k += kStride) {
    const Outcome outcome = live(story, k);
    CHECK_MESSAGE(outcome.complaints.empty(), "crashed at handler ", k, ": ", outcome.complaints);
    if (!outcome.complaints.empty()) ++broken;
  }
}

}  // namespace

TEST_CASE("a retained object lives as long as its class says, through a crash at any await") {
  crash_everywhere([](Life& life) {
    life.claim_and_leave();
    life.outlive();
  });
}

TEST_CASE("a claim that comes back ends the time, and its own end begins it anew") {
  crash_everywhere([](Life& life) {
    life.claim_and_leave();
    life.cluster.run_for(kRetained / 2);
    life.apply(kClaimOfJar);
    life.cluster.run_for(kRetained);
    life.check(life.ledger() == "jarclaims.sim.example.com:default/one", "the claim has not got the jar: " + life.ledger());
    life.remove(kClaim);
    life.cluster.run_for(std::chrono::seconds(30));
    life.outlive();
  });
}

TEST_CASE("what should have gone while no controller ran goes when one does") {
  const Outcome outcome = live(
      [](Life& life) {
        life.claim_and_leave();
        life.cluster.crash_controller(kRetained * 2);
        life.cluster.run_for(kRetained * 2 - std::chrono::minutes(1));
        life.check(life.jar_stands(), "nobody could have taken the jar away");
        life.cluster.run_for(std::chrono::minutes(1) + kSlack);
        life.check(!life.jar_stands(), "the jar outlives its time");
      },
      0);
  CHECK_MESSAGE(outcome.complaints.empty(), outcome.complaints);
}

TEST_CASE("an edit of the class to keep for ever comes in time") {
  const Outcome outcome = live(
      [](Life& life) {
        life.claim_and_leave();
        const Json spec = Json::object({{"retainSeconds", nullptr}});
        const Status patched = life.cluster.patch(kClass, Json::object({{"spec", spec}}));
        life.check(patched.ok(), patched.message());
        life.cluster.run_for(kRetained * 3);
        life.check(life.jar_stands(), "the jar went although it is kept for ever");
      },
      0);
  CHECK_MESSAGE(outcome.complaints.empty(), outcome.complaints);
}

TEST_CASE("who takes over a retained object takes away what the claim declared") {
  const Outcome outcome = live(
      [](Life& life) {
        life.claim_and_leave();
        life.apply(R"(
apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: app, namespace: default}
spec:
  components:
  - name: part
    type: k8s-objects
    properties: {objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: jar-a}, data: {by: app}}]}
  policies:
  - {name: policy, type: shared-resource, properties: {rules: [{selector: {resourceTypes: [ConfigMap]}}]}}
)");
        life.check(life.cluster.settle(), "it does not come to rest");
        life.check(life.ledger() == "default/app", "the application has not got the jar: " + life.ledger());
        const Json jar = life.cluster.stored(kJar);
        life.check(jar["data"] == Json::object({{"by", "app"}}).view(), "the jar holds " + write_json(jar["data"]));
        life.remove("/core.oam.dev/applications/default/app");
        life.cluster.run_for(std::chrono::seconds(30));
        life.check(life.ledger() == "claimclasses.heirloom.dev:/jars" || !life.jar_stands(), "somebody else has the jar: " + life.ledger());
      },
      0);
  CHECK_MESSAGE(outcome.complaints.empty(), outcome.complaints);
}
