#include "e2e/simulation/declarations.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/base64.h"

namespace heirloom::simulation {
namespace {

struct Kind {
  std::string_view group;  // as keys in the store have it
  std::string_view kind;
  std::string_view plural;
  bool namespaced;
};

// Asked for every commit.
bool is_of(std::string_view key, const Kind& kind) {
  for (const std::string_view part : {std::string_view("/"), kind.group, std::string_view("/"), kind.plural, std::string_view("/")}) {
    if (!key.starts_with(part)) return false;
    key.remove_prefix(part.size());
  }
  return true;
}

constexpr Kind kKinds[] = {
    {"core", "Namespace", "namespaces", false},
    {"core", "ConfigMap", "configmaps", true},
    {"core", "Secret", "secrets", true},
    {"core", "ServiceAccount", "serviceaccounts", true},
    {"sim.heirloom.dev", "Widget", "widgets", true},
};

bool lists(JsonView array, std::string_view text) {
  for (const JsonView element : array.elements())
    if (element.string() == text) return true;
  return false;
}

// Conditions that are there must all hold; without any, nothing is selected.
bool selects(JsonView selector, JsonView manifest) {
  bool any = false;
  for (const auto& [condition, value] : selector.members()) {
    if (value.empty()) continue;
    any = true;
    const bool holds = condition == "resourceTypes"   ? lists(value, manifest["kind"].string())
                       : condition == "resourceNames" ? lists(value, manifest["metadata"]["name"].string())
                                                      : false;
    if (!holds) return false;
  }
  return any;
}

bool is_selected(JsonView spec, std::string_view policy_type, JsonView manifest) {
  for (const JsonView policy : spec["policies"].elements()) {
    if (policy["type"].string() != policy_type) continue;
    for (const JsonView rule : policy["properties"]["rules"].elements())
      if (selects(rule["selector"], manifest)) return true;
  }
  return false;
}

struct SharerKind {
  std::string_view place;   // in the store
  std::string_view prefix;  // in a ledger
  std::string_view finalizer;
};
constexpr SharerKind kSharers[] = {
    {"/core.oam.dev/applications/", "", "app.oam.dev/resource-tracker-finalizer"},
    {"/marketplace.kratix.io/namespaceclaims/", "namespaceclaims.marketplace.kratix.io:", "heirloom.dev/claim"},
    {"/sim.example.com/boxclaims/", "boxclaims.sim.example.com:", "heirloom.dev/claim"},
    {"/heirloom.dev/claimclasses/", "claimclasses.heirloom.dev:/", "heirloom.dev/claim-class"},
};

const SharerKind& kind_of(std::string_view sharer) {
  for (const SharerKind& kind : kSharers)
    if (!kind.prefix.empty() && sharer.starts_with(kind.prefix)) return kind;
  return kSharers[0];
}

bool is_namespace_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Json manifest_of_namespace(std::string_view name) {
  const Json metadata = Json::object({{"name", name}});
  return Json::object({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", metadata}});
}

// As the class of boxes says, without the size: the first claim's counts.
Json manifest_of_box(std::string_view name, JsonView boxes) {
  const JsonView object = boxes["spec"]["object"];
  const Json labels = object["metadata"]["labels"].to_json();
  const Json metadata = Json::object({{"name", name}, {"namespace", "default"}, {"labels", labels}});
  const Json data = Json::object({{"from", object["data"]["from"]}});
  return Json::object({{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", metadata}, {"data", data}});
}

// Everything that `declared` says is so in `live`.
bool is_part_of(JsonView declared, JsonView live) {
  if (!declared.is_object()) return declared == live;
  if (!live.is_object()) return false;
  for (const auto& [key, value] : declared.members())
    if (!is_part_of(value, live[key])) return false;
  return true;
}

// Keys of data and labels that only the application named in them declares; see author.cc.
constexpr std::string_view kOnly = "only-";
// What somebody put there who is no application stays when one takes the object over.
constexpr std::string_view kStrangers = "only-stranger";

}  // namespace

std::string sharer_in_store(std::string_view key) {
  for (const SharerKind& kind : kSharers)
    if (key.starts_with(kind.place)) return std::string(kind.prefix) + std::string(key.substr(kind.place.size()));
  return {};
}

std::string sharer_of_labels(std::string_view ns, std::string_view name) {
  const std::size_t underscore = name.find('_');
  const std::string tail = ns.empty() ? std::string() : std::string(ns) + "/";
  if (underscore == std::string_view::npos) return fmt::format("{}/{}", ns, name);
  const std::string plural = std::string(name.substr(0, underscore)) + ".";
  for (const SharerKind& kind : kSharers)
    if (kind.prefix.starts_with(plural)) return std::string(kind.prefix) + tail + std::string(name.substr(underscore + 1));
  return std::string(name);
}

bool is_application(std::string_view sharer) { return sharer.find(':') == std::string_view::npos; }
bool is_claim(std::string_view sharer) { return kind_of(sharer).finalizer == "heirloom.dev/claim"; }
std::string_view finalizer_of(std::string_view sharer) { return kind_of(sharer).finalizer; }

std::string key_in_store(JsonView manifest, std::string_view default_namespace) {
  const JsonView metadata = manifest["metadata"];
  for (const Kind& kind : kKinds) {
    if (kind.kind != manifest["kind"].string()) continue;
    const std::string_view name = metadata["name"].string();
    if (!kind.namespaced) return fmt::format("/{}/{}/{}", kind.group, kind.plural, name);
    return fmt::format("/{}/{}/{}/{}", kind.group, kind.plural,
                       metadata["namespace"].string(default_namespace), name);
  }
  return {};
}

bool is_managed_kind(std::string_view key) {
  return std::any_of(std::begin(kKinds), std::end(kKinds), [key](const Kind& kind) { return is_of(key, kind); });
}

std::string definition_of(std::string_view key) {
  for (const Kind& kind : kKinds) {
    if (kind.group == "core" || !is_of(key, kind)) continue;
    return fmt::format("/apiextensions.k8s.io/customresourcedefinitions/{}.{}", kind.plural, kind.group);
  }
  return {};
}

void update(Life& life, const Json& application) {
  const JsonView metadata = application["metadata"];
  life.uid = metadata["uid"].string();
  life.deleting = metadata.contains("deletionTimestamp");
  life.object = application;
  const std::int64_t generation = metadata["generation"].int64();
  if (generation == life.generation) return;
  life.generation = generation;
  std::map<std::string, Declared> declares;
  for (const JsonView component : application["spec"]["components"].elements()) {
    for (const JsonView manifest : component["properties"]["objects"].elements()) {
      const std::string key = key_in_store(manifest, metadata["namespace"].string());
      if (key.empty()) continue;
      Declared declared;
      declared.manifest = manifest.to_json();
      declared.shared = is_selected(application["spec"], "shared-resource", manifest);
      declared.takes_over = is_selected(application["spec"], "take-over", manifest);
      declared.read_only = is_selected(application["spec"], "read-only", manifest);
      if (declared.takes_over) life.ever_taken_over.insert(key);
      const auto before = life.declares.find(key);
      const bool again = before != life.declares.end() && !before->second.read_only;
      declared.since = again ? before->second.since : generation;
      const bool shared_again = again && before->second.shared && declared.shared;
      declared.shared_since = shared_again ? before->second.shared_since : generation;
      life.ever[key].push_back(declared.manifest);
      declares[key] = std::move(declared);
    }
  }
  life.declares = std::move(declares);
}

void update_claim(Life& life, const Json& claim, const Json& boxes) {
  const JsonView metadata = claim["metadata"];
  life.uid = metadata["uid"].string();
  life.deleting = metadata.contains("deletionTimestamp");
  life.object = claim;
  life.generation = metadata["generation"].int64();
  life.versions.try_emplace(life.generation, claim);
  const JsonView spec = claim["spec"];
  Json manifest;
  if (spec.contains("namespaceName")) {
    const std::string_view name = spec["namespaceName"].string();
    if (is_namespace_name(name)) manifest = manifest_of_namespace(name);
  } else if (spec["box"].is_string() && boxes.is_object()) {
    manifest = manifest_of_box(spec["box"].string(), boxes);
  }
  std::map<std::string, Declared> declares;
  if (manifest.is_object()) {
    const std::string key = key_in_store(manifest, "default");
    const auto before = life.declares.find(key);
    Declared declared;
    declared.manifest = manifest;
    declared.shared = true;
    declared.since = before == life.declares.end() ? life.generation : before->second.since;
    declared.shared_since = declared.since;
    declared.takes_over = !spec.contains("namespaceName") && boxes["spec"]["adoption"].string() == "IfUnowned";
    if (declared.takes_over) life.ever_taken_over.insert(key);
    life.ever[key].push_back(manifest);
    declares[key] = std::move(declared);
  }
  life.declares = std::move(declares);
}

std::map<std::string, std::vector<Json>> ever_meant(const Life& claim, const std::vector<Json>& boxes) {
  Life meant;
  for (const auto& [generation, version] : claim.versions)
    for (const Json& one : boxes) update_claim(meant, version, one);
  return meant.ever;
}

std::string list_of(const std::vector<std::string>& entries) {
  return entries.empty() ? "none" : fmt::format("{}", fmt::join(entries, ", "));
}

bool is_box_claim(const std::string& sharer) { return sharer.starts_with("boxclaims."); }

bool is_deleting(const Json& object) { return object["metadata"].contains("deletionTimestamp"); }

Json content_of(const Json& object) {
  JsonBuilder content;
  content.begin_object();
  for (const auto& [key, value] : object.view().members())
    if (key != "metadata" && key != "status") content.member(key, value);
  content.key("labels").begin_object();
  for (const auto& [key, value] : object["metadata"]["labels"].members())
    if (key.find("oam.dev/") == std::string_view::npos) content.member(key, value);
  content.end_object().end_object();
  return content.take();
}

bool says(const Json& object, const Json& manifest) {
  for (const auto& [key, value] : manifest.view().members()) {
    if (key == "metadata") {
      if (!is_part_of(value["labels"].is_object() ? value["labels"] : JsonView(),
                      object["metadata"]["labels"]) &&
          value["labels"].is_object())
        return false;
    } else if (key == "stringData") {  // write-only: the server keeps it in data
      for (const auto& [name, text] : value.members())
        if (object["data"][name].string() != encode_base64(text.string())) return false;
    } else if (!is_part_of(value, object[key])) {
      return false;
    }
  }
  return true;
}

std::vector<std::string> leftovers(JsonView declared, JsonView live) {
  std::vector<std::string> found;
  for (const auto& [key, value] : live.members())
    if (key.starts_with(kOnly) && !key.starts_with(kStrangers) && !declared.contains(key)) found.emplace_back(key);
  return found;
}

}  // namespace heirloom::simulation
