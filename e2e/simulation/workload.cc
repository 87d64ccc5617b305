#include "e2e/simulation/workload.h"

#include <vector>

#include <fmt/format.h>

namespace heirloom::simulation {
namespace {

constexpr std::string_view kApplications = "/core.oam.dev/applications/default/";

// Objects that every application may declare.
struct Common {
  const char* kind;
  const char* plural;
  const char* ns;
  const char* name;
};
constexpr Common kCommon[] = {
    {"ConfigMap", "configmaps", "default", "common"},
    {"Namespace", "namespaces", "", "team"},
    {"Secret", "secrets", "default", "common"},
};

std::string key_of(const Common& common) {
  return *common.ns == '\0' ? fmt::format("/core/{}/{}", common.plural, common.name)
                            : fmt::format("/core/{}/{}/{}", common.plural, common.ns, common.name);
}

std::string key_of_application(const std::string& name) { return std::string(kApplications) + name; }

}  // namespace

Workload::Workload(Cluster* cluster, std::uint64_t seed, const Mix& mix)
    : cluster_(cluster), random_(seed ^ 0x5eedULL), mix_(mix) {}

// Content that differs between applications and between versions, with a part that only this one declares.
Json Workload::object(const std::string& kind, const std::string& ns, const std::string& name,
                      const std::string& sharer) {
  const std::string version = std::to_string(version_);
  JsonBuilder out;
  out.begin_object().member("apiVersion", "v1").member("kind", kind);
  out.key("metadata").begin_object().member("name", name).member_unless_empty("namespace", ns);
  out.key("labels").begin_object().member("version", "v" + version);
  if (chance(50)) out.member("only-" + sharer, "v" + version);
  out.end_object().end_object();
  if (kind == "ConfigMap" || kind == "Secret") {
    out.key(kind == "Secret" ? "stringData" : "data").begin_object();
    out.member("from", sharer).member("version", version);
    if (chance(50)) out.member("only-" + sharer, version);
    if (chance(30)) out.member("only-" + sharer + "-too", version);
    out.end_object();
  }
  out.end_object();
  return out.take();
}

Json Workload::application(const std::string& name) {
  ++version_;
  std::vector<Json> objects;
  bool team = false;
  for (const Common& common : kCommon) {
    if (!chance(65)) continue;
    objects.push_back(object(common.kind, common.ns, common.name, name));
    team = team || std::string_view(common.kind) == "Namespace";
  }
  if (team && chance(60)) objects.push_back(object("ConfigMap", "team", name, name));
  if (objects.empty() || chance(30)) objects.push_back(object("ConfigMap", "default", "own-" + name, name));

  JsonBuilder out;
  out.begin_object().member("apiVersion", "core.oam.dev/v1beta1").member("kind", "Application");
  out.key("metadata").begin_object().member("name", name).member("namespace", "default").end_object();
  out.key("spec").begin_object().key("components").begin_array();
  int number = 0;
  for (const Json& manifest : objects) {
    out.begin_object().member("name", fmt::format("part{}", ++number)).member("type", "k8s-objects");
    out.key("properties")
        .begin_object()
        .key("objects")
        .begin_array()
        .value(manifest)
        .end_array()
        .end_object();
    out.end_object();
  }
  out.end_array().key("policies").begin_array();
  if (!mix_.unshared || !chance(12)) {
    out.begin_object().member("name", "share").member("type", "shared-resource");
    out.key("properties")
        .begin_object()
        .key("rules")
        .begin_array()
        .begin_object()
        .key("selector")
        .begin_object();
    out.key("resourceTypes")
        .begin_array()
        .string("ConfigMap")
        .string("Namespace")
        .string("Secret")
        .end_array();
    out.end_object().end_object().end_array().end_object().end_object();
  }
  out.end_array().end_object().end_object();
  return out.take();
}

std::string Workload::pick_application() {
  return fmt::format("app{}", 1 + random_.below(static_cast<std::uint64_t>(mix_.applications)));
}

void Workload::remove_by_force(const std::string& key) {
  cluster_->say("user: takes the finalizers of " + key);
  if (chance(50)) {
    const Status ignored = cluster_->remove(key);
    static_cast<void>(ignored);
    cluster_->run_steps(random_.below(60));
  }
  const Json none = Json::array();
  const Json metadata = Json::object({{"finalizers", none}});
  const Status stripped = cluster_->patch(key, Json::object({{"metadata", metadata}}));
  const Status removed = cluster_->remove(key);
  static_cast<void>(stripped);
  static_cast<void>(removed);
}

void Workload::edit_by_hand() {
  const std::string key = key_of(kCommon[random_.below(std::size(kCommon))]);
  const Json now = cluster_->stored(key);
  if (now.is_null()) return;
  Status done;
  JsonBuilder patch;
  switch (random_.below(4)) {
    case 0:
      cluster_->say("user: deletes by hand " + key);
      done = cluster_->remove(key);
      return;
    case 1:
      cluster_->say("user: edits by hand " + key);
      patch.begin_object().key("metadata").begin_object().key("labels").begin_object();
      patch.member("version", "edited").member("hand", "yes").end_object().end_object().end_object();
      break;
    case 2:
      cluster_->say("user: strips the labels of " + key);
      patch.begin_object().key("metadata").begin_object().key("labels").begin_object();
      patch.key("app.oam.dev/name").null().key("app.oam.dev/namespace").null();
      patch.end_object().end_object().end_object();
      break;
    default:
      cluster_->say("user: empties the ledger of " + key);
      patch.begin_object().key("metadata").begin_object().key("annotations").begin_object();
      patch.key("app.oam.dev/shared-by").null().end_object().end_object().end_object();
      break;
  }
  done = cluster_->patch(key, patch.take());
}

void Workload::act() {
  const std::string name = pick_application();
  const std::string key = key_of_application(name);
  const Json now = cluster_->stored(key);
  const std::uint64_t what = random_.below(100);
  if (mix_.overlaps && what >= 94) {
    cluster_->depose_controller(std::chrono::seconds(random_.below(20)));
  } else if (mix_.crashes && what >= 88) {
    cluster_->crash_controller(chance(50) && !mix_.faults ? Duration::zero()
                                                                       : Duration(std::chrono::seconds(20)));
  } else if (mix_.restarts && what >= 80) {
    cluster_->restart_server(chance(50) ? server::FaultyDisk::PowerLoss::DropAll
                                        : server::FaultyDisk::PowerLoss::Tear);
  } else if (mix_.by_hand && what >= 70) {
    edit_by_hand();
  } else if (now.is_null()) {
    cluster_->say("user: creates " + name);
    const Status done = cluster_->apply_object(application(name));
    if (!done.ok()) cluster_->say("  " + done.message());
  } else if (what < 30) {
    cluster_->say("user: deletes " + name);
    const Status done = cluster_->remove(key);
    if (!done.ok()) cluster_->say("  " + done.message());
  } else if (mix_.force && what < 36) {
    remove_by_force(key);
  } else {
    cluster_->say("user: edits " + name);
    const Status done = cluster_->apply_object(application(name));
    if (!done.ok()) cluster_->say("  " + done.message());
  }
  if (chance(15)) cluster_->run_for(std::chrono::seconds(random_.below(30)));
  cluster_->run_steps(random_.below(mix_.pace));
}

}  // namespace heirloom::simulation
