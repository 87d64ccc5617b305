// What is put right by itself: the dead, what people do to ownership metadata, copies, hot objects, fights.
// The real controller and server; one story each.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "e2e/simulation/author.h"
#include "e2e/simulation/repair_story.h"

using namespace heirloom;
using namespace heirloom::simulation;

TEST_CASE("a sharer removed by force is taken off the ledger, and that is told") {
  for (const bool with_tracker : {true, false}) {
    CAPTURE(with_tracker);
    Story story;
    story.share({"z", "m", "a"});
    if (!with_tracker) story.remove_trackers("m");  // whoever takes finalizers away may take trackers away, too
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

TEST_CASE("an application goes although nobody was told that a kind of its objects had gone") {
  Story story;
  REQUIRE(story.cluster.apply_object(widget_definition()).ok());
  story.cluster.run_for(std::chrono::seconds(5));
  story.apply(application("one", {"{apiVersion: sim.heirloom.dev/v1, kind: Widget, metadata: {name: w}}"}, Sharing::None));
  story.settle();
  REQUIRE(story.phase_of("one") == "running");
  // A new controller learns of the kind, and before it has listed it the kind is gone.
  story.plan.unheard = "customresourcedefinitions";
  story.plan.slow_widgets = std::chrono::seconds(10);
  story.cluster.crash_controller(Duration::zero());
  story.cluster.run_for(std::chrono::seconds(5));
  REQUIRE(story.cluster.remove("/apiextensions.k8s.io/customresourcedefinitions/widgets.sim.heirloom.dev").ok());
  story.cluster.run_for(std::chrono::seconds(10));
  REQUIRE(story.cluster.remove(kApps + "one").ok());
  story.cluster.run_for(std::chrono::minutes(2));
  CHECK(story.cluster.stored(kApps + "one").is_null());
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
