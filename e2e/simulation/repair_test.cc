// What is put right by itself: the dead, what people do to ownership metadata, copies, former lives, hot objects, fights.
// The real controller and server; one story each.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "e2e/simulation/cluster.h"

using namespace heirloom;
using namespace heirloom::simulation;

namespace {

const std::string kApps = "/core.oam.dev/applications/default/";
const std::string kTrackers = "/core.oam.dev/resourcetrackers/";
const std::string kCommon = "/core/configmaps/default/common";

enum class Sharing { None, Shared, ReadOnly, TakeOver };

std::string config_map(const std::string& name, const std::string& from) {
  return fmt::format("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {}}}, data: {{from: {}}}}}", name, from);
}

// An application of one component; the policy selects all its ConfigMaps.
std::string application(const std::string& name, const std::vector<std::string>& objects, Sharing policy) {
  std::string text = fmt::format(
      "apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata: {{name: {}, namespace: default}}\nspec:\n"
      "  components:\n  - name: part\n    type: k8s-objects\n    properties:\n      objects:\n",
      name);
  for (const std::string& object : objects) text += "      - " + object + "\n";
  text += "  policies:\n";
  if (policy == Sharing::None) return text + "  []\n";
  return text + fmt::format("  - name: policy\n    type: {}\n    properties:\n      rules: [{{selector: "
                            "{{resourceTypes: [ConfigMap]}}}}]\n",
                            policy == Sharing::Shared     ? "shared-resource"
                            : policy == Sharing::ReadOnly ? "read-only"
                                                          : "take-over");
}

std::string sharer(const std::string& name) { return application(name, {config_map("common", name)}, Sharing::Shared); }

// Counts the controller's calls, and lets them fail where a story wants it.
class Counting : public kube::testing::FaultPlan {
 public:
  kube::testing::Fault before(const kube::testing::Call& call) override {
    if (call.resource == "configmaps" && call.name == "common") ++on_common;
    if (call.resource == "configmaps" && call.verb == "create") ++creates;
    kube::testing::Fault fault;
    if (call.resource == "configmaps" && call.mutating) fault.delay = slowness;
    if (loses_applications && call.resource == "applications" && call.mutating) {
      fault.kind = kube::testing::Fault::Kind::Fail;
      fault.status = Status(503, reasons::kServiceUnavailable, "not now");
    }
    if (refuses_events && call.resource == "events") {
      ++refused;
      fault.kind = kube::testing::Fault::Kind::Fail;
      fault.status = Status(403, reasons::kForbidden, "events are refused");
    }
    return fault;
  }
  kube::testing::Fault before_event(const kube::testing::Call&) override { return {}; }

  int on_common = 0;
  int creates = 0;
  int refused = 0;
  bool refuses_events = false;
  bool loses_applications = false;          // no write of ours on an Application gets through
  Duration slowness = Duration::zero();     // of writes on ConfigMaps
};

struct Story {
  explicit Story(std::uint64_t seed = 11) : cluster(options(&plan, seed)) {
    cluster.on_commit = [this](const Commit& commit) {
      if (commit.key == kCommon && commit.by_controller()) ++writes;
    };
    cluster.start_controller();
  }
  static ClusterOptions options(Counting* plan, std::uint64_t seed) {
    ClusterOptions options;
    options.seed = seed;
    options.faults = plan;
    return options;
  }

  void apply(const std::string& yaml) {
    const Status done = cluster.apply(yaml);
    REQUIRE_MESSAGE(done.ok(), done.message());
  }
  void settle() { REQUIRE(cluster.settle()); }
  void share(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      apply(sharer(name));
      settle();
    }
  }
  // The finalizer taken off by hand, and put back by nobody.
  void remove_by_force(const std::string& name) {
    plan.loses_applications = true;
    const Json none = Json::array();
    const Json metadata = Json::object({{"finalizers", none}});
    REQUIRE(cluster.patch(kApps + name, Json::object({{"metadata", metadata}})).ok());
    REQUIRE(cluster.remove(kApps + name).ok());
    plan.loses_applications = false;
  }
  // Everything taken out of its trackers by hand.
  void empty_trackers(const std::string& name) {
    const Json none = Json::array();
    for (const auto& [key, stored] : std::map(cluster.all().begin(), cluster.all().end()))
      if (key.starts_with(kTrackers) && stored->value["metadata"]["labels"]["app.oam.dev/name"].string() == name)
        REQUIRE(cluster.patch(key, Json::object({{"spec", Json::object({{"managedResources", none}})}})).ok());
  }
  // A JSON merge patch of the metadata of the common object.
  void vandalise(const std::string& metadata) {
    const Result<Json> patch = Json::parse("{\"metadata\":" + metadata + "}");
    REQUIRE(patch.ok());
    REQUIRE(cluster.patch(kCommon, *patch).ok());
  }

  Json common() const { return cluster.stored(kCommon); }
  static std::string text_at(const Json& object, const std::vector<std::string>& path) {
    JsonView at = object;
    for (const std::string& key : path) at = at[key];
    return std::string(at.string());
  }
  std::string version_of(const std::string& key) const {
    return text_at(cluster.stored(key), {"metadata", "resourceVersion"});
  }
  std::string uid_of(const std::string& key) const { return text_at(cluster.stored(key), {"metadata", "uid"}); }
  std::string owner() const { return text_at(common(), {"metadata", "labels", "app.oam.dev/name"}); }
  std::string ledger() const { return text_at(common(), {"metadata", "annotations", "app.oam.dev/shared-by"}); }
  std::string marked() const {
    const Json object = common();
    const Result<Json> record = Json::parse(object["metadata"]["annotations"]["heirloom.dev/record"].string("{}"));
    std::string keys;
    if (record.ok())
      for (const auto& [key, mark] : (*record)["sharers"].members()) keys += (keys.empty() ? "" : ",") + std::string(key);
    return keys;
  }
  std::string content() const { return text_at(common(), {"data", "from"}); }
  std::string phase_of(const std::string& name) const { return text_at(cluster.stored(kApps + name), {"status", "status"}); }
  Json application_status(const std::string& name) const {
    const Json object = cluster.stored(kApps + name);
    return object["status"].exists() ? object["status"].to_json() : Json::object();
  }
  std::string condition(const std::string& name, const std::string& type) const {
    const Json status = application_status(name);
    for (const JsonView condition : status["conditions"].elements())
      if (condition["type"].string() == type)
        return fmt::format("{} {}: {}", condition["status"].string(), condition["reason"].string(),
                           condition["message"].string());
    return {};
  }
  std::string conflict(const std::string& name) const {
    const Json status = application_status(name);
    return std::string(status["conflicts"].element(0)["reason"].string());
  }
  // Messages of the Events of this reason about the object of that kind and name.
  std::vector<std::string> events(const std::string& reason, const std::string& kind, const std::string& name) const {
    std::vector<std::string> messages;
    for (const auto& [key, stored] : cluster.all())
      if (key.starts_with("/core/events/") && stored->value["reason"].string() == reason &&
          stored->value["involvedObject"]["kind"].string() == kind &&
          stored->value["involvedObject"]["name"].string() == name)
        messages.emplace_back(stored->value["message"].string());
    return messages;
  }

  Counting plan;
  Cluster cluster;
  int writes = 0;  // of the controller on the common object
};

}  // namespace

TEST_CASE("a sharer removed by force is taken off the ledger, and that is told") {
  for (const bool with_tracker : {true, false}) {
    CAPTURE(with_tracker);
    Story story;
    story.share({"z", "m", "a"});
    if (!with_tracker)  // whoever takes finalizers away may take trackers away, too
      for (const auto& [key, stored] : std::map(story.cluster.all().begin(), story.cluster.all().end())) {
        if (!key.starts_with(kTrackers) || stored->value["metadata"]["labels"]["app.oam.dev/name"].string() != "m") continue;
        story.cluster.crash_controller(std::chrono::seconds(1));
        const Json none = Json::array();
        const Json metadata = Json::object({{"finalizers", none}});
        REQUIRE(story.cluster.patch(key, Json::object({{"metadata", metadata}})).ok());
        REQUIRE(story.cluster.remove(key).ok());
      }
    story.remove_by_force("m");
    story.settle();
    CHECK(story.ledger() == "default/z,default/a");
    CHECK(story.marked() == "default/z,default/a");
    CHECK(story.owner() == "z");
    const std::vector<std::string> on_object = story.events("SharerPurged", "ConfigMap", "common");
    REQUIRE(on_object.size() == 1);
    CHECK(on_object[0].find("default/m is gone") != std::string::npos);
    CHECK(story.events("SharerPurged", "Application", "z").size() + story.events("SharerPurged", "Application", "a").size() == 1);
  }
}

TEST_CASE("a sharer that cannot be rendered is not dead, though its trackers were emptied") {
  Story story;
  story.share({"z", "m"});
  std::string broken = sharer("m");
  broken.replace(broken.find("k8s-objects"), std::string("k8s-objects").size(), "no-such-type");
  story.apply(broken);
  story.settle();
  story.cluster.crash_controller(std::chrono::seconds(1));  // what it declared before is known to nobody now
  story.empty_trackers("m");
  story.settle();
  story.apply(application("z", {config_map("common", "news")}, Sharing::Shared));
  story.settle();
  CHECK(story.content() == "news");
  CHECK(story.ledger() == "default/z,default/m");
}

TEST_CASE("who goes after its trackers were emptied does not stay on the ledger") {
  for (const bool restarted : {false, true}) {
    for (const std::string leaver : {"z", "m"}) {
      CAPTURE(restarted);
      CAPTURE(leaver);
      Story story;
      story.share({"z", "m"});
      if (restarted) story.cluster.crash_controller(std::chrono::seconds(1));
      story.empty_trackers(leaver);
      if (!restarted) story.settle();
      REQUIRE(story.cluster.remove(kApps + leaver).ok());
      story.settle();
      const std::string other = leaver == "z" ? "m" : "z";
      CHECK(story.ledger() == "default/" + other);
      CHECK(story.owner() == other);
    }
  }
}

TEST_CASE("a dead owner is replaced by the first in line, whose content comes into force") {
  Story story;
  story.share({"z", "m", "a"});
  CHECK(story.content() == "z");
  story.remove_by_force("z");
  story.settle();
  CHECK(story.owner() == "m");
  CHECK(story.ledger() == "default/m,default/a");
  CHECK(story.content() == "m");
  const std::vector<std::string> told = story.events("SharerPurged", "ConfigMap", "common");
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("default/z owned it, default/m owns it now") != std::string::npos);
  CHECK(story.events("SharerPurged", "Application", "m").size() == 1);
}

TEST_CASE("who joins with the write that lets the owner go asserts its content") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Story story(seed);
    story.share({"z"});
    story.plan.slowness = std::chrono::milliseconds(300);
    story.apply(sharer("a"));
    story.cluster.run_for(std::chrono::milliseconds(100));  // its join is on its way
    story.apply(sharer("m"));
    REQUIRE(story.cluster.remove(kApps + "a").ok());
    REQUIRE(story.cluster.remove(kApps + "z").ok());
    story.settle();
    CHECK(story.ledger() == "default/m");
    CHECK(story.owner() == "m");
    CHECK(story.content() == "m");
  }
}

TEST_CASE("what an application had for itself stays when it is removed by force, and that is told") {
  Story story;
  story.apply(application("one", {config_map("common", "one")}, Sharing::None));
  story.settle();
  story.remove_by_force("one");
  story.settle();
  CHECK(story.owner() == "one");
  CHECK(story.content() == "one");
  CHECK(story.events("LeftBehind", "ConfigMap", "common").size() == 1);
  for (const auto& [key, stored] : story.cluster.all()) CHECK_FALSE(key.starts_with(kTrackers));
}

TEST_CASE("labels, ledger and record come back in join order, whichever of them somebody strips, within a second") {
  const std::string kLabels = R"("labels":{"app.oam.dev/name":null,"app.oam.dev/namespace":null})";
  const std::string kLedger = R"("app.oam.dev/shared-by":null)";
  const std::string kRecord = R"("heirloom.dev/record":null)";
  Story story;
  story.share({"z", "m", "a"});
  const auto check = [&story] {
    story.cluster.run_for(std::chrono::seconds(1));
    CHECK(story.owner() == "z");
    CHECK(story.ledger() == "default/z,default/m,default/a");
    CHECK(story.content() == "z");
    story.settle();
    CHECK(story.ledger() == "default/z,default/m,default/a");
    CHECK(story.marked() == "default/z,default/m,default/a");
  };
  for (int what = 1; what < 8; ++what) {
    CAPTURE(what);
    std::string annotations = (what & 2) != 0 ? kLedger : "";
    if ((what & 4) != 0) annotations += (annotations.empty() ? "" : ",") + kRecord;
    std::string metadata = (what & 1) != 0 ? kLabels : "";
    if (!annotations.empty()) metadata += (metadata.empty() ? "" : ",") + fmt::format("\"annotations\":{{{}}}", annotations);
    story.vandalise("{" + metadata + "}");
    check();
  }
  SUBCASE("some of it") {
    story.vandalise(R"({"annotations":{"app.oam.dev/shared-by":"default/a, ,default/nobody"}})");
    story.cluster.run_for(std::chrono::seconds(1));
    CHECK(story.owner() == "z");
    story.settle();
    CHECK(story.owner() == "z");
    CHECK(story.ledger() == "default/z,default/m,default/a");
  }
  SUBCASE("the labels given to another") {
    story.vandalise(R"({"labels":{"app.oam.dev/name":"nobody"}})");
    story.settle();
    CHECK(story.owner() == "z");
    CHECK(story.ledger() == "default/z,default/m,default/a");
    CHECK(story.content() == "z");
  }
  SUBCASE("while no controller runs, labels and ledger: the record has the order") {
    story.cluster.crash_controller(std::chrono::seconds(5));
    story.vandalise("{" + kLabels + ",\"annotations\":{" + kLedger + "}}");
    story.cluster.run_for(std::chrono::seconds(5));
    story.settle();
    check();
  }
}

TEST_CASE("an object that is not shared gets its labels and record back") {
  Story story;
  story.apply(application("one", {config_map("common", "one")}, Sharing::None));
  story.settle();
  story.vandalise(R"({"labels":{"app.oam.dev/name":null,"app.oam.dev/namespace":null},
                      "annotations":{"heirloom.dev/record":null}})");
  story.cluster.run_for(std::chrono::seconds(1));
  CHECK(story.owner() == "one");
  CHECK(story.marked() == "default/one");
  CHECK(story.ledger().empty());
  CHECK(story.conflict("one").empty());
}

TEST_CASE("a copy of a managed object is reported and left alone, whatever becomes of its original") {
  Story story;
  story.share({"z", "m"});
  const Json original = story.common();
  const Json metadata = Json::object({{"name", "copy"}, {"namespace", "default"},
                                      {"labels", original["metadata"]["labels"].to_json()},
                                      {"annotations", original["metadata"]["annotations"].to_json()}});
  REQUIRE(story.cluster.apply_object(rewrite(original, {set_at({"metadata"}, metadata)})).ok());
  story.settle();
  const std::string kCopy = "/core/configmaps/default/copy";
  const std::string version = story.version_of(kCopy);
  const std::vector<std::string> told = story.events("Copied", "ConfigMap", "copy");
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("ConfigMap default/common") != std::string::npos);
  REQUIRE(story.cluster.remove(kApps + "z").ok());
  REQUIRE(story.cluster.remove(kApps + "m").ok());
  story.settle();
  CHECK(story.common().is_null());
  CHECK(story.version_of(kCopy) == version);
  // Who declares it is told that it is a copy.
  story.apply(application("z", {config_map("copy", "z")}, Sharing::Shared));
  story.settle();
  CHECK(story.conflict("z") == "NotManaged");
  CHECK(story.version_of(kCopy) == version);
}

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

TEST_CASE("an owner that shares no longer goes on sharing while others do, and says so") {
  Story story;
  story.share({"z", "m"});
  story.apply(application("z", {config_map("common", "z")}, Sharing::None));
  story.settle();
  CHECK(story.owner() == "z");
  CHECK(story.ledger() == "default/z,default/m");
  CHECK(story.condition("z", "Notices").find("ConfigMap default/common is still shared") != std::string::npos);
  CHECK(story.conflict("z").empty());
  CHECK(story.conflict("m").empty());
  REQUIRE(story.cluster.remove(kApps + "m").ok());
  story.settle();
  CHECK(story.ledger().empty());
  CHECK(story.condition("z", "Notices").empty());
}

TEST_CASE("a sharer that shares no longer drops out of the ledger and is in conflict") {
  Story story;
  story.share({"z", "m"});
  story.apply(application("m", {config_map("common", "m")}, Sharing::None));
  story.settle();
  CHECK(story.ledger() == "default/z");
  CHECK(story.marked() == "default/z");
  CHECK(story.conflict("m") == "ManagedByOther");
  CHECK(story.conflict("z").empty());
  story.apply(sharer("m"));
  story.settle();
  CHECK(story.ledger() == "default/z,default/m");
  CHECK(story.conflict("m").empty());
}

TEST_CASE("who leaves an object that cannot go names what holds it, whether the answer comes first or the watch") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Story story(seed);
    story.share({"z"});
    story.vandalise(R"({"finalizers":["example.com/hold","example.com/too"]})");
    story.settle();
    REQUIRE(story.cluster.remove(kApps + "z").ok());
    story.settle();
    CHECK(story.condition("z", "Ready").find("held by its finalizers: example.com/hold, example.com/too") !=
          std::string::npos);
    story.vandalise(R"({"finalizers":null})");
    story.settle();
    CHECK(story.common().is_null());
    CHECK(story.cluster.stored(kApps + "z").is_null());
  }
}

TEST_CASE("an object that somebody deletes is made again once, by its owner, with its ledger") {
  Story story;
  story.share({"z", "m", "a"});
  story.plan.creates = story.writes = 0;
  REQUIRE(story.cluster.remove(kCommon).ok());
  story.cluster.run_for(std::chrono::seconds(1));
  CHECK(story.owner() == "z");
  CHECK(story.ledger() == "default/z,default/m,default/a");
  story.settle();
  CHECK(story.ledger() == "default/z,default/m,default/a");
  CHECK(story.marked() == "default/z,default/m,default/a");
  CHECK(story.plan.creates == 1);
  CHECK(story.writes == 1);  // nobody has to join once more
  for (const char* name : {"z", "m", "a"}) CHECK(story.phase_of(name) == "running");
}

TEST_CASE("an heir that cannot make an object again is followed by the next, a second later") {
  Story story;
  story.share({"z", "m", "a"});
  // z reads only from now on, at the very moment in which the object goes.
  REQUIRE(story.cluster.remove(kCommon).ok());
  story.apply(application("z", {config_map("common", "z")}, Sharing::ReadOnly));
  story.settle();
  CHECK((story.owner() == "m" || story.owner() == "z"));
  if (story.owner() == "m") CHECK(story.ledger() == "default/m,default/a");
}

TEST_CASE("a hundred join and a hundred leave at once with at most two hundred requests on the object") {
  Story story;
  story.share({"owner"});
  story.plan.slowness = std::chrono::milliseconds(20);
  story.plan.on_common = story.writes = 0;
  story.cluster.crash_controller(std::chrono::seconds(1));
  for (int i = 0; i < 100; ++i) REQUIRE(story.cluster.apply(sharer(fmt::format("app{:03}", i))).ok());
  story.settle();
  const std::string ledger = story.ledger();
  CHECK(std::count(ledger.begin(), ledger.end(), ',') == 100);
  MESSAGE("joining took ", story.plan.on_common, " requests on the object, ", story.writes, " writes");
  CHECK(story.plan.on_common <= 200);
  CHECK(story.writes <= 50);  // folded: fewer than joiners
  for (int i = 0; i < 100; ++i)
    CHECK(story.phase_of(fmt::format("app{:03}", i)) == "running");

  story.plan.on_common = story.writes = 0;
  story.cluster.crash_controller(std::chrono::seconds(1));
  REQUIRE(story.cluster.remove(kApps + "owner").ok());
  for (int i = 0; i < 99; ++i) REQUIRE(story.cluster.remove(kApps + fmt::format("app{:03}", i)).ok());
  story.settle();
  CHECK(story.ledger() == "default/app099");
  CHECK(story.content() == "app099");
  MESSAGE("leaving took ", story.plan.on_common, " requests on the object, ", story.writes, " writes");
  CHECK(story.plan.on_common <= 200);
  CHECK(story.writes <= 50);
}

TEST_CASE("a writer that undoes every repair is named and left alone for a while, longer each time") {
  Story story;
  story.apply(application("one", {config_map("common", "one")}, Sharing::None));
  story.settle();
  story.writes = 0;
  const Json change = Json::parse(R"({"data":{"from":"another"}})").value();
  for (int i = 0; i < 600; ++i) {
    REQUIRE(story.cluster.patch(kCommon, change).ok());
    story.cluster.run_for(std::chrono::milliseconds(100));
  }
  CHECK(story.conflict("one") == "Fighting");
  CHECK(story.condition("one", "Conflict").starts_with("True Fighting: "));
  CHECK(story.condition("one", "Ready").find("ConfigMap default/common is changed again") != std::string::npos);
  CHECK(story.writes < 40);
  CHECK(story.events("Fighting", "Application", "one").size() >= 1);
  // It ends when the other one does.
  story.settle();
  CHECK(story.content() == "one");
  CHECK(story.conflict("one").empty());
  CHECK(story.phase_of("one") == "running");
}

TEST_CASE("who reads what does not exist yet is told when it comes, and when it goes") {
  Story story;
  story.apply(application("reader", {config_map("common", "somebody")}, Sharing::ReadOnly));
  story.settle();
  CHECK(story.conflict("reader") == "ReadOnlyMissing");
  for (int life = 0; life < 2; ++life) {
    story.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: common, namespace: default}\ndata: {from: somebody}\n");
    story.cluster.run_for(std::chrono::seconds(1));
    CHECK(story.conflict("reader").empty());
    CHECK(story.phase_of("reader") == "running");
    CHECK(story.owner().empty());
    REQUIRE(story.cluster.remove(kCommon).ok());
    story.cluster.run_for(std::chrono::seconds(1));
    CHECK(story.conflict("reader") == "ReadOnlyMissing");
  }
  // It may also come as another application's.
  story.share({"z"});
  CHECK(story.conflict("reader").empty());
  CHECK(story.writes == 1);
}

TEST_CASE("nothing fails because Events are refused") {
  Story story;
  story.plan.refuses_events = true;
  story.share({"z", "m"});
  story.remove_by_force("z");
  story.settle();
  CHECK(story.plan.refused > 0);
  CHECK(story.owner() == "m");
  CHECK(story.phase_of("m") == "running");
}
