#include "policies/contents.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "policies/live.h"

namespace heirloom::policies {

namespace {

constexpr std::array<std::string_view, 2> kProtected = {"default", "kube-*"};

// Written by Kubernetes' controllers, into metadata.
constexpr std::string_view kServiceAccountUid = "kubernetes.io/service-account.uid";
constexpr std::string_view kControllerManager = "kube-controller-manager";
constexpr std::string_view kEndpointsTrigger = "endpoints.kubernetes.io/last-change-trigger-time";

bool is_kind(const ObjectKey& key, std::string_view group, std::string_view kind) {
  return key.group == group && key.kind == kind;
}

// Endpoints have no owner reference to their Service, and outlive it for a moment.
bool made_for_a_service(JsonView metadata) {
  if (metadata["annotations"].contains(kEndpointsTrigger)) return true;
  const JsonView fields = metadata["managedFields"];
  bool controller = false;
  for (const JsonView entry : fields.elements()) {
    controller = entry["manager"].string() == kControllerManager;
    if (!controller) return false;
  }
  return controller;
}

// Events die by themselves; the others come from Kubernetes' own controllers. What a StatefulSet's claims bind is not
// among them: nobody gets that back.
bool put_there_by_kubernetes(JsonView metadata, const ObjectKey& key) {
  if (key.kind == "Event") return key.group.empty() || key.group == "events.k8s.io";
  if (is_kind(key, "", "ServiceAccount")) return key.name == "default";
  if (is_kind(key, "", "ConfigMap")) return key.name == "kube-root-ca.crt";
  return is_kind(key, "", "Endpoints") && made_for_a_service(metadata);
}

std::vector<Inside::Owner> owners_of(JsonView metadata, const ObjectKey& key) {
  std::vector<Inside::Owner> owners;
  for (const JsonView reference : metadata["ownerReferences"].elements()) {
    const std::string_view api_version = reference["apiVersion"].string();
    const std::size_t slash = api_version.find('/');
    Inside::Owner owner;
    if (slash != std::string_view::npos) owner.kind.group = api_version.substr(0, slash);
    owner.kind.kind = reference["kind"].string();
    owner.uid = reference["uid"].string();
    owner.name = reference["name"].string();
    owners.push_back(std::move(owner));
  }
  if (!owners.empty()) return owners;
  const JsonView annotations = metadata["annotations"];
  if (is_kind(key, "", "Secret") && annotations.contains(kServiceAccountUid)) {
    owners.push_back({{"", "ServiceAccount"}, std::string(annotations[kServiceAccountUid].string()), ""});
  } else if (is_kind(key, "", "Endpoints")) {
    owners.push_back({{"", "Service"}, "", key.name});
  }
  return owners;
}

}  // namespace

bool is_namespace(const ObjectKey& key) { return is_kind(key, "", "Namespace"); }
bool is_definition(const ObjectKey& key) {
  return is_kind(key, "apiextensions.k8s.io", "CustomResourceDefinition");
}

bool is_protected_namespace(std::string_view name, const std::vector<std::string>& more) {
  const auto matches = [name](std::string_view pattern) {
    return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern;
  };
  return std::any_of(kProtected.begin(), kProtected.end(), matches) ||
         std::any_of(more.begin(), more.end(), matches);
}

Inside read_inside(JsonView object, const ObjectKey& key, const SharerKey& leaver) {
  const JsonView metadata = object["metadata"];
  const LiveObject live = read_live(object, key);
  Inside inside;
  inside.key = key;
  inside.uid = live.uid;
  inside.owners = owners_of(metadata, key);
  inside.ours = live.lists(leaver) && keys_to_check(live, leaver).empty();
  inside.kubernetes = put_there_by_kubernetes(metadata, key);
  inside.going = live.terminating;
  return inside;
}

std::vector<ObjectKey> strangers(const Contents& contents) {
  const std::vector<Inside>& objects = contents.objects;
  std::map<std::string_view, std::size_t> by_uid;
  std::map<std::pair<GroupKind, std::string_view>, std::size_t> by_name;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    by_uid.emplace(objects[i].uid, i);
    by_name.emplace(std::pair(objects[i].key.group_kind(), std::string_view(objects[i].key.name)), i);
  }

  std::vector<bool> goes(objects.size());
  for (std::size_t i = 0; i < objects.size(); ++i)
    goes[i] = objects[i].ours || objects[i].kubernetes || objects[i].going;
  const auto follows = [&](const Inside::Owner& owner) {
    if (owner.uid.empty()) {
      const auto at = by_name.find({owner.kind, owner.name});
      return at != by_name.end() && goes[at->second];
    }
    const auto at = by_uid.find(owner.uid);
    if (at != by_uid.end()) return bool(goes[at->second]);
    return contents.kinds.contains(owner.kind);  // gone, and Kubernetes is about to collect what it owned
  };
  // Chains are short (Deployment, ReplicaSet, Pod); a cycle never starts to go.
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < objects.size(); ++i) {
      if (goes[i] || objects[i].owners.empty()) continue;
      goes[i] = std::all_of(objects[i].owners.begin(), objects[i].owners.end(), follows);
      changed = changed || goes[i];
    }
  }

  std::vector<ObjectKey> left;
  for (std::size_t i = 0; i < objects.size(); ++i)
    if (!goes[i]) left.push_back(objects[i].key);
  return left;
}

}  // namespace heirloom::policies
