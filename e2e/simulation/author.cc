#include "e2e/simulation/author.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "base/yaml.h"

namespace heirloom::simulation {
namespace {

constexpr Common kCommon[] = {
    {"v1", "ConfigMap", "default", "common", "/core/configmaps/default/common"},
    {"v1", "Namespace", "", "team", "/core/namespaces/team"},
    {"v1", "Secret", "default", "common", "/core/secrets/default/common"},
};
constexpr Common kWidget = {"sim.heirloom.dev/v1", "Widget", "default", "common",
                            "/sim.heirloom.dev/widgets/default/common"};

// Where people put what this kind says; "" for a kind that says nothing but its labels.
std::string_view content_member(std::string_view kind) {
  if (kind == "ConfigMap") return "data";
  if (kind == "Secret") return "stringData";
  if (kind == "Widget") return "spec";
  return "";
}

}  // namespace

std::vector<Common> common_objects(const Mix& mix) {
  std::vector<Common> objects(std::begin(kCommon), std::end(kCommon));
  if (mix.definitions) objects.push_back(kWidget);
  return objects;
}

Json widget_definition() {
  static const Json kDefinition = [] {
    const Result<Json> parsed = parse_yaml(R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.sim.heirloom.dev}
spec:
  group: sim.heirloom.dev
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, x-kubernetes-preserve-unknown-fields: true}
)");
    HEIRLOOM_ASSERT(parsed.ok());
    return *parsed;
  }();
  return kDefinition;
}

// Content that differs between applications and between versions, with parts that only this one declares.
Json Author::object(const Common& common, const std::string& sharer) {
  const std::string version = std::to_string(version_);
  const std::string_view kind = common.kind;
  JsonBuilder out;
  out.begin_object().member("apiVersion", common.api_version).member("kind", kind);
  out.key("metadata").begin_object().member("name", common.name).member_unless_empty("namespace", common.ns);
  out.key("labels").begin_object().member("version", "v" + version);
  if (chance(50)) out.member("only-" + sharer, "v" + version);
  out.end_object().end_object();
  if (const std::string_view content = content_member(kind); !content.empty()) {
    out.key(content).begin_object();
    out.member("from", sharer).member("version", version);
    if (chance(50)) out.member("only-" + sharer, version);
    if (chance(30)) out.member("only-" + sharer + "-too", version);
    if (mix_->webhook && kind == "Widget") out.member("order", Json::array({sharer, "a", "z", "b"}));
    out.end_object();
  }
  out.end_object();
  return out.take();
}

Json Author::own_object(const std::string& ns, const std::string& name, const std::string& sharer) {
  return object(Common{"v1", "ConfigMap", ns.c_str(), name.c_str(), ""}, sharer);
}

Json Author::foreign_object(const Common& common) {
  ++version_;
  return object(common, "stranger");
}

// Selects every kind there is.
Json Author::policy(const std::string& type) {
  JsonBuilder out;
  out.begin_object().member("name", type).member("type", type);
  out.key("properties").begin_object().key("rules").begin_array().begin_object().key("selector").begin_object();
  out.key("resourceTypes").begin_array();
  if (type == "shared-resource") {
    for (const char* const kind : {"ConfigMap", "Namespace", "Secret", "Widget"}) out.string(kind);
  } else {
    // One kind each time, so that most of an application stays what it is.
    constexpr const char* kKinds[] = {"ConfigMap", "Namespace", "Secret"};
    out.string(kKinds[random_->below(3)]);
  }
  out.end_array().end_object().end_object().end_array().end_object().end_object();
  return out.take();
}

Json Author::application(const std::string& ns, const std::string& name) {
  ++version_;
  std::vector<Json> objects;
  bool team = false;
  for (const Common& common : common_objects(*mix_)) {
    if (!chance(65)) continue;
    objects.push_back(object(common, name));
    team = team || std::string_view(common.kind) == "Namespace";
  }
  if (team && chance(60)) objects.push_back(own_object("team", name, name));
  if (objects.empty() || chance(30)) objects.push_back(own_object(ns, "own-" + name, name));

  JsonBuilder out;
  out.begin_object().member("apiVersion", "core.oam.dev/v1beta1").member("kind", "Application");
  out.key("metadata").begin_object().member("name", name).member("namespace", ns).end_object();
  out.key("spec").begin_object().key("components").begin_array();
  int number = 0;
  for (const Json& manifest : objects) {
    out.begin_object().member("name", fmt::format("part{}", ++number)).member("type", "k8s-objects");
    out.key("properties").begin_object().key("objects").begin_array().value(manifest).end_array().end_object();
    out.end_object();
  }
  out.end_array().key("policies").begin_array();
  if (!mix_->unshared || !chance(12)) out.value(policy("shared-resource"));
  if (mix_->take_over && chance(15)) out.value(policy("take-over"));
  if (mix_->read_only && chance(10)) out.value(policy("read-only"));
  out.end_array().end_object().end_object();
  return out.take();
}

}  // namespace heirloom::simulation
