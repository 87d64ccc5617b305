// Story: what tests of repair tell a cluster, and what they ask of it. One object, the ConfigMap default/common, is what
// the applications meet at; the real controller and server.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "e2e/simulation/cluster.h"

namespace heirloom::simulation {

inline const std::string kApps = "/core.oam.dev/applications/default/";
inline const std::string kTrackers = "/core.oam.dev/resourcetrackers/";
inline const std::string kCommon = "/core/configmaps/default/common";

enum class Sharing { None, Shared, ReadOnly, TakeOver };

inline std::string config_map(const std::string& name, const std::string& from) {
  return fmt::format("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {}}}, data: {{from: {}}}}}", name, from);
}

// An application of one component; the policy selects all its ConfigMaps.
inline std::string application(const std::string& name, const std::vector<std::string>& objects, Sharing policy) {
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

inline std::string sharer(const std::string& name) { return application(name, {config_map("common", name)}, Sharing::Shared); }

// Counts the controller's calls, and lets them fail where a story wants it.
class Counting : public kube::testing::FaultPlan {
 public:
  kube::testing::Fault before(const kube::testing::Call& call) override {
    if (call.resource == "configmaps" && call.name == "common") ++on_common;
    if (call.resource == "configmaps" && call.verb == "create") ++creates;
    if (call.resource == "applications" && call.verb == "get") ++asked_for_applications;
    kube::testing::Fault fault;
    if (call.resource == "configmaps" && call.mutating) fault.delay = slowness;
    if (call.resource == "widgets" && call.verb == "list") fault.delay = slow_widgets;
    if (call.resource == "resourcetrackers" && call.verb == "patch") fault.delay = slow_trackers;
    if (call.resource == "resourcetrackers" && call.name == refused_tracker && call.mutating) {
      fault.kind = kube::testing::Fault::Kind::Fail;
      fault.status = Status(503, reasons::kServiceUnavailable, "not now");
    }
    if (call.resource == "applicationrevisions" && call.mutating) fault.delay = slow_revisions;
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
  kube::testing::Fault before_event(const kube::testing::Call& watch) override {
    kube::testing::Fault fault;
    if (watch.resource == unheard) fault.kind = kube::testing::Fault::Kind::Drop;
    if (watch.resource == expired) {
      fault.kind = kube::testing::Fault::Kind::Fail;
      fault.status = Status(410, reasons::kExpired, "too old");
    }
    return fault;
  }

  int on_common = 0;
  int creates = 0;
  int asked_for_applications = 0;
  int refused = 0;
  std::string refused_tracker;              // nothing is written to it
  std::string expired;                      // the resource whose watches end at their next event
  std::string unheard;                      // the resource whose watches tell nothing
  bool refuses_events = false;
  bool loses_applications = false;          // no write of ours on an Application gets through
  Duration slowness = Duration::zero();     // of writes on ConfigMaps
  Duration slow_widgets = Duration::zero();    // of lists of Widgets
  Duration slow_trackers = Duration::zero();   // of patches of ResourceTrackers: their finalizers go so late
  Duration slow_revisions = Duration::zero();  // of writes on ApplicationRevisions
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
  // Its trackers taken away by hand, finalizers and all, while no controller runs.
  void remove_trackers(const std::string& name) {
    cluster.crash_controller(std::chrono::seconds(1));
    const Json none = Json::array();
    const Json metadata = Json::object({{"finalizers", none}});
    for (const auto& [key, stored] : std::map(cluster.all().begin(), cluster.all().end())) {
      if (!key.starts_with(kTrackers) || stored->value["metadata"]["labels"]["app.oam.dev/name"].string() != name) continue;
      REQUIRE(cluster.patch(key, Json::object({{"metadata", metadata}})).ok());
      REQUIRE(cluster.remove(key).ok());
    }
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

}  // namespace heirloom::simulation
