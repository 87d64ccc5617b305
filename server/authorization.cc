#include "server/authorization.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/errors.h"
#include "server/keys.h"

namespace heirloom::server {
namespace {

constexpr std::string_view kRbacGroup = "rbac.authorization.k8s.io";
constexpr std::string_view kServiceAccountPrefix = "system:serviceaccount:";

// What is asked for, in RBAC's terms.
struct Attributes {
  std::string_view verb;
  std::string_view group;
  std::string resource;  // with /subresource
  std::string_view name;
};

bool lists(JsonView list, std::string_view value) {
  for (const auto& element : list.elements()) {
    if (element.string() == "*" || element.string() == value) return true;
  }
  return false;
}

// "*/status" selects the subresource of every resource.
bool lists_resource(JsonView list, std::string_view resource) {
  if (lists(list, resource)) return true;
  const auto slash = resource.find('/');
  return slash != std::string_view::npos && lists(list, "*" + std::string(resource.substr(slash)));
}

bool rule_allows(JsonView rule, const Attributes& asked) {
  if (!lists(rule["verbs"], asked.verb) || !lists(rule["apiGroups"], asked.group)) return false;
  if (!lists_resource(rule["resources"], asked.resource)) return false;
  const auto names = rule["resourceNames"];
  if (names.empty()) return true;
  for (const auto& name : names.elements()) {
    if (!asked.name.empty() && name.string() == asked.name) return true;
  }
  return false;
}

bool is_subject(JsonView subject, const Identity& who, std::string_view binding_namespace) {
  const auto kind = subject["kind"].string();
  const auto name = subject["name"].string();
  if (kind == "User") return name == who.user;
  if (kind == "Group") return std::find(who.groups.begin(), who.groups.end(), name) != who.groups.end();
  if (kind != "ServiceAccount") return false;
  const auto given = subject["namespace"].string();
  const auto ns = given.empty() ? binding_namespace : given;
  return who.user == fmt::format("{}{}:{}", kServiceAccountPrefix, ns, name);
}

class Evaluator {
 public:
  Evaluator(Parts& parts, const Identity& who, Attributes asked)
      : parts_(parts), who_(who), asked_(std::move(asked)) {}

  bool allowed(std::string_view ns) const {
    if (any_binding("clusterrolebindings", "")) return true;
    return !ns.empty() && any_binding("rolebindings", ns);
  }

 private:
  bool any_binding(std::string_view plural, std::string_view ns) const {
    const auto resource = parts_.registry.find(kRbacGroup, plural);
    if (resource == nullptr) return false;
    const auto list = parts_.store->list(collection_prefix(*resource, ns), StoreListOptions());
    if (!list.ok()) return false;
    for (const auto& stored : list->items) {
      if (binding_allows(stored->value, ns)) return true;
    }
    return false;
  }

  bool binding_allows(JsonView binding, std::string_view ns) const {
    bool named = false;
    for (const auto& subject : binding["subjects"].elements()) named = named || is_subject(subject, who_, ns);
    if (!named) return false;
    const auto role_kind = binding["roleRef"]["kind"].string();
    const bool cluster = role_kind == "ClusterRole";
    const auto resource = parts_.registry.find(kRbacGroup, cluster ? "clusterroles" : "roles");
    if (resource == nullptr) return false;
    const auto role =
        parts_.store->get(object_key(*resource, cluster ? "" : ns, binding["roleRef"]["name"].string()));
    if (role == nullptr) return false;
    for (const auto& rule : role->value["rules"].elements()) {
      if (rule_allows(rule, asked_)) return true;
    }
    return false;
  }

  Parts& parts_;
  const Identity& who_;
  Attributes asked_;
};

}  // namespace

Status authorize(Parts& parts, const Call& call) {
  const auto& request = call.request;
  if (request.identity.admin()) return {};
  Attributes asked;
  asked.verb = to_string(request.verb);
  asked.group = request.group;
  asked.resource = request.resource;
  if (!request.subresource.empty()) asked.resource += "/" + request.subresource;
  asked.name = request.name;
  // A namespace's own rules also hold for the Namespace object of that name.
  const bool is_namespace = request.group.empty() && request.resource == "namespaces";
  const auto& ns = is_namespace ? request.name : request.ns;
  const auto described = asked.resource;
  if (Evaluator(parts, request.identity, std::move(asked)).allowed(ns)) return {};
  const auto where =
      ns.empty() ? std::string("at the cluster scope") : fmt::format("in the namespace \"{}\"", ns);
  return forbidden(
      *call.resource, request.name,
      fmt::format("User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {}", request.identity.user,
                  to_string(request.verb), described, request.group, where));
}

}  // namespace heirloom::server
