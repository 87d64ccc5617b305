// What a sharer's former lives and former versions may still do: nothing that its present one does not say.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "e2e/simulation/repair_story.h"

using namespace heirloom;
using namespace heirloom::simulation;

TEST_CASE("of a former life what is still declared is taken over, the rest is let go of") {
  Story story;
  story.apply(application("phoenix", {config_map("common", "old"), config_map("other", "old")}, Sharing::None));
  story.settle();
  const std::string uid = story.uid_of(kCommon);
  story.remove_by_force("phoenix");
  story.apply(application("phoenix", {config_map("common", "new")}, Sharing::None));
  story.settle();
  CHECK(story.uid_of(kCommon) == uid);
  CHECK(story.content() == "new");
  CHECK(story.cluster.stored("/core/configmaps/default/other").is_null());
  const std::string life = story.uid_of(kApps + "phoenix");
  for (const auto& [key, stored] : story.cluster.all())
    if (key.starts_with(kTrackers)) CHECK(stored->value["metadata"]["labels"]["app.oam.dev/uid"].string() == life);
  CHECK(story.phase_of("phoenix") == "running");
}

TEST_CASE("a tracker of another life that is created late is collected as well") {
  Story story;
  story.apply(application("phoenix", {config_map("common", "new")}, Sharing::None));
  story.settle();
  Json tracker = story.cluster.stored(kTrackers + "phoenix-v1-default");
  REQUIRE(tracker.is_object());
  const Json labels = rewrite(tracker["metadata"]["labels"], {set_at({"app.oam.dev/uid"}, tracker["metadata"]["uid"].to_json())});
  const Json metadata = Json::object({{"name", "phoenix-v3-default"}, {"labels", labels}});
  REQUIRE(story.cluster.apply_object(rewrite(tracker, {set_at({"metadata"}, metadata)})).ok());
  story.settle();
  CHECK(story.cluster.stored(kTrackers + "phoenix-v3-default").is_null());
  CHECK(story.content() == "new");
}

TEST_CASE("a tracker that comes back under its old name, while nobody is told, is collected") {
  Story story;
  story.apply(application("one", {config_map("common", "first")}, Sharing::None));
  story.settle();
  const Json tracker = story.cluster.stored(kTrackers + "one-v1-default");
  story.plan.unheard = "resourcetrackers";
  story.apply(application("one", {config_map("common", "second")}, Sharing::None));
  story.cluster.run_for(std::chrono::seconds(5));
  REQUIRE(story.cluster.stored(kTrackers + "one-v1-default").is_null());
  const Json metadata = Json::object({{"name", "one-v1-default"}, {"labels", tracker["metadata"]["labels"]}});
  REQUIRE(story.cluster.apply_object(rewrite(tracker, {set_at({"metadata"}, metadata)})).ok());
  story.cluster.run_for(std::chrono::seconds(5));
  story.plan.unheard.clear();
  story.plan.expired = "resourcetrackers";  // and so everything is listed
  story.apply(application("two", {config_map("other", "two")}, Sharing::None));
  story.cluster.run_for(std::chrono::seconds(1));
  story.plan.expired.clear();
  story.settle();
  CHECK(story.cluster.stored(kTrackers + "one-v1-default").is_null());
}

TEST_CASE("a version is recorded although a former life has its tracker's name and somebody deletes the next") {
  Story story;
  story.apply(application("phoenix", {config_map("common", "old")}, Sharing::None));
  story.settle();
  story.remove_by_force("phoenix");
  // Waits, so that nothing is collected yet.
  const std::string far = "{apiVersion: v1, kind: ConfigMap, metadata: {name: far, namespace: nowhere}}";
  story.apply(application("phoenix", {config_map("common", "new"), far}, Sharing::None));
  story.settle();
  REQUIRE(!story.cluster.stored(kTrackers + "phoenix-v1-default").is_null());
  for (const auto& [key, stored] : std::map(story.cluster.all().begin(), story.cluster.all().end()))
    if (key.starts_with(kTrackers + "phoenix-v1-default-")) REQUIRE(story.cluster.remove(key).ok());
  story.settle();
  CHECK(story.phase_of("phoenix") == "runningWorkflow");
  story.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: nowhere}\n");
  story.settle();
  CHECK(story.phase_of("phoenix") == "running");
  CHECK(std::count_if(story.cluster.all().begin(), story.cluster.all().end(),
                      [](const auto& entry) { return entry.first.starts_with(kTrackers); }) == 1);
}

TEST_CASE("a version that a conflict keeps in force takes over nothing any more") {
  Story story;
  const std::string strangers = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: common, namespace: default}\ndata: {from: a stranger}\n";
  story.apply(application("two", {config_map("taken", "two")}, Sharing::None));
  story.apply(application("one", {config_map("common", "one")}, Sharing::TakeOver));
  story.settle();
  REQUIRE(story.owner() == "one");
  story.cluster.crash_controller(std::chrono::seconds(1));
  REQUIRE(story.cluster.remove(kCommon).ok());
  story.apply(strangers);
  story.apply(application("one", {config_map("taken", "one")}, Sharing::TakeOver));
  story.settle();
  CHECK(story.conflict("one") == "ManagedByOther");
  CHECK(story.owner().empty());
  CHECK(story.content() == "a stranger");
}

TEST_CASE("a version that a conflict keeps in force is one of this life") {
  Story story;
  const std::string other = "/core/configmaps/default/other";
  story.apply(application("two", {config_map("taken", "two")}, Sharing::None));
  story.apply(application("one", {config_map("other", "former life")}, Sharing::None));
  story.settle();
  story.remove_by_force("one");
  // Its first version is recorded and gets no further, so that nothing is collected yet.
  const std::string waiting = "{apiVersion: v1, kind: ConfigMap, metadata: {name: far, namespace: nowhere}}";
  story.apply(application("one", {config_map("common", "one"), waiting}, Sharing::None));
  story.settle();
  REQUIRE(story.content() == "one");
  story.apply(application("one", {config_map("taken", "one")}, Sharing::None));
  story.settle();
  REQUIRE(story.conflict("one") == "ManagedByOther");
  REQUIRE(story.cluster.remove(other).ok());
  REQUIRE(story.cluster.remove(kCommon).ok());
  story.settle();
  CHECK(story.content() == "one");
  CHECK(story.cluster.stored(other).is_null());
}

TEST_CASE("a later life is no heir to what its former one shared") {
  Story story;
  story.share({"a", "b"});
  std::vector<std::string> ledgers;
  story.cluster.on_commit = [&ledgers](const Commit& commit) {
    if (commit.key == kCommon && commit.before.is_null())
      ledgers.emplace_back(commit.after["metadata"]["annotations"]["app.oam.dev/shared-by"].string());
  };
  story.remove_by_force("b");
  story.plan.loses_applications = true;  // so that the later life gets nowhere yet
  story.apply(sharer("b"));
  story.cluster.run_for(std::chrono::milliseconds(100));
  REQUIRE(story.cluster.remove(kCommon).ok());
  story.cluster.run_for(std::chrono::milliseconds(100));
  story.plan.loses_applications = false;
  story.settle();
  REQUIRE(ledgers.size() == 1);
  CHECK(ledgers[0] == "default/a");
  CHECK(story.ledger() == "default/a,default/b");
}

TEST_CASE("an application that went with its definition records nothing under the next one") {
  const std::string definition = "/apiextensions.k8s.io/customresourcedefinitions/applications.core.oam.dev";
  for (const bool with_another : {false, true}) {
    CAPTURE(with_another);
    Story story;
    story.share({"one"});
    story.cluster.crash_controller(std::chrono::seconds(1));  // the next one does not know the definition yet
    story.settle();
    story.plan.slow_revisions = std::chrono::seconds(20);
    story.apply(application("one", {config_map("common", "later")}, Sharing::Shared));
    story.cluster.run_for(std::chrono::seconds(1));  // the pass is on its way
    REQUIRE(story.cluster.remove(definition).ok());
    const Json none = Json::array();
    const Json metadata = Json::object({{"finalizers", none}});
    REQUIRE(story.cluster.patch(kApps + "one", Json::object({{"metadata", metadata}})).ok());
    story.cluster.run_for(std::chrono::seconds(5));
    REQUIRE(story.cluster.stored(definition).is_null());
    REQUIRE(story.cluster.install_definitions().ok());
    story.plan.slow_revisions = Duration::zero();
    // Another one, which knows the next definition before the first one goes on.
    if (with_another) story.apply(application("two", {config_map("other", "two")}, Sharing::Shared));
    story.settle();
    CHECK(story.content() == "one");
  }
}

TEST_CASE("who has let go of a missing object is not made its heir by somebody who looked before") {
  using std::chrono::milliseconds;
  const std::string in_two_stages = R"(apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: a, namespace: default}
spec:
  components:
  - name: first
    type: k8s-objects
    properties:
      objects:
      - {apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {from: a}}
      - {apiVersion: v1, kind: ConfigMap, metadata: {name: two}, data: {from: a}}
  - name: second
    type: k8s-objects
    dependsOn: [first]
    properties: {objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: common}, data: {from: a}}]}
  policies:
  - name: policy
    type: shared-resource
    properties: {rules: [{selector: {resourceTypes: [ConfigMap]}}]}
)";
  Story story;
  story.share({"z"});
  story.apply(in_two_stages);
  story.settle();
  story.share({"b"});
  REQUIRE(story.ledger() == "default/z,default/a,default/b");
  // The owner makes nothing again, so a's turn comes after a second. Until then it makes object one again, which takes a
  // second and a half, and finds two missing afterwards: at its turn it looks at everything, then makes two, then common.
  // While it makes two, b lets go of the missing object; its tracker, which still lists it, goes a minute later.
  const Result<Json> paused = Json::parse(R"({"metadata": {"labels": {"controller.core.oam.dev/pause": "true"}}})");
  REQUIRE(story.cluster.patch(kApps + "z", *paused).ok());
  story.settle();
  story.plan.slowness = milliseconds(1500);
  story.plan.slow_trackers = std::chrono::minutes(1);
  REQUIRE(story.cluster.remove(kCommon).ok());
  REQUIRE(story.cluster.remove("/core/configmaps/default/one").ok());
  story.cluster.run_for(milliseconds(500));
  REQUIRE(story.cluster.remove("/core/configmaps/default/two").ok());
  story.cluster.run_for(milliseconds(1300));
  story.apply(application("b", {"{apiVersion: v1, kind: Secret, metadata: {name: quick}}"}, Sharing::Shared));
  story.cluster.run_for(std::chrono::seconds(10));
  CHECK(story.owner() == "a");
  CHECK(story.ledger() == "default/a,default/z");
  story.settle();
}

TEST_CASE("what an application left under two definitions is tidied up, also when that breaks off") {
  const std::string definition = "/apiextensions.k8s.io/customresourcedefinitions/applications.core.oam.dev";
  const std::string far = "{apiVersion: v1, kind: ConfigMap, metadata: {name: far, namespace: nowhere}}";
  const auto trackers = [](const Story& story) {
    return std::count_if(story.cluster.all().begin(), story.cluster.all().end(),
                         [](const auto& entry) { return entry.first.starts_with(kTrackers); });
  };
  Story story;
  story.share({"one"});
  // Waits, so that nothing is collected.
  story.apply(application("one", {config_map("common", "later"), far}, Sharing::Shared));
  story.settle();
  REQUIRE(story.cluster.remove(definition).ok());
  const Json none = Json::array();
  const Json metadata = Json::object({{"finalizers", none}});
  REQUIRE(story.cluster.patch(kApps + "one", Json::object({{"metadata", metadata}})).ok());
  story.cluster.run_for(std::chrono::seconds(5));
  REQUIRE(story.cluster.install_definitions().ok());
  story.settle();
  story.apply(application("one", {config_map("common", "again"), far}, Sharing::Shared));
  story.settle();
  REQUIRE(trackers(story) == 3);
  story.remove_by_force("one");
  story.plan.refused_tracker = "one-v2-default";
  story.cluster.run_for(std::chrono::minutes(5));
  REQUIRE(trackers(story) != 0);
  story.plan.refused_tracker.clear();
  story.settle();
  CHECK(trackers(story) == 0);
}

TEST_CASE("a claim that shares with an application that is gone asks for it when Applications are served again") {
  const std::string definition = "/apiextensions.k8s.io/customresourcedefinitions/applications.core.oam.dev";
  const std::string claim = "jarclaims.sim.example.com:default/one";
  Story story;
  story.apply(R"(
apiVersion: heirloom.dev/v1alpha1
kind: ClaimClass
metadata: {name: jars}
spec:
  claim: {group: sim.example.com, version: v1, kind: JarClaim}
  key: [spec.jar]
  object: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${spec.jar}', namespace: default}, data: {of: jars}}
)");
  story.cluster.run_for(std::chrono::seconds(30));
  story.apply("apiVersion: sim.example.com/v1\nkind: JarClaim\nmetadata: {name: one, namespace: default}\nspec: {jar: common}\n");
  story.settle();
  story.share({"a"});
  REQUIRE(story.ledger() == claim + ",default/a");
  story.remove_trackers("a");
  story.remove_by_force("a");
  REQUIRE(story.cluster.remove(definition).ok());
  story.settle();
  story.plan.asked_for_applications = 0;
  story.cluster.run_for(std::chrono::minutes(5));
  CHECK(story.plan.asked_for_applications == 0);
  CHECK(story.ledger() == claim + ",default/a");
  REQUIRE(story.cluster.install_definitions().ok());
  story.settle();
  CHECK(story.ledger() == claim);
}
