#include "server/authorization.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/errors.h"
#include "server/keys.h"

namespace heirloom::server {
namespace {

constexpr std::string_view kRbacGroup = "rbac.authorization.k8s.io";
constexpr std::string_view kServiceAccountPrefix = "system:serviceaccount:";

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
  Evaluator(Parts& parts, const Identity& who, const Attributes& asked)
      : parts_(parts), who_(who), asked_(asked) {}

  Verdict evaluate() const {
    auto verdict = any_binding("clusterrolebindings", "");
    if (!verdict.allowed && !asked_.ns.empty()) verdict = any_binding("rolebindings", asked_.ns);
    return verdict;
  }

 private:
  Verdict any_binding(std::string_view plural, std::string_view ns) const {
    Verdict verdict;
    const auto resource = parts_.registry.find(kRbacGroup, plural);
    if (resource == nullptr) return verdict;
    const auto list = parts_.store->list(collection_prefix(*resource, ns), StoreListOptions());
    if (!list.ok()) return verdict;
    for (const auto& stored : list->items) {
      const JsonView binding = stored->value;
      if (!binding_allows(binding, ns)) continue;
      verdict.allowed = true;
      const std::string name(binding["metadata"]["name"].string());
      verdict.reason =
          fmt::format("RBAC: allowed by {} \"{}\" of {} \"{}\" to User \"{}\"", resource->kind,
                      ns.empty() ? name : fmt::format("{}/{}", name, ns), binding["roleRef"]["kind"].string(),
                      binding["roleRef"]["name"].string(), who_.user);
      break;
    }
    return verdict;
  }

  bool binding_allows(JsonView binding, std::string_view ns) const {
    bool named = false;
    for (const auto& subject : binding["subjects"].elements()) named = named || is_subject(subject, who_, ns);
    if (!named) return false;
    const bool cluster = binding["roleRef"]["kind"].string() == "ClusterRole";
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
  const Attributes& asked_;
};

// As Kubernetes: what a field selector limits to one name is asked for by that name.
std::string name_selected(std::string_view field_selector) {
  constexpr std::string_view kByName = "metadata.name=";
  while (!field_selector.empty()) {
    const std::size_t comma = std::min(field_selector.find(','), field_selector.size());
    std::string_view term = field_selector.substr(0, comma);
    field_selector.remove_prefix(std::min(comma + 1, field_selector.size()));
    if (!term.starts_with(kByName)) continue;
    term.remove_prefix(kByName.size());
    if (term.starts_with('=')) term.remove_prefix(1);
    return std::string(term);
  }
  return {};
}

}  // namespace

Verdict evaluate(Parts& parts, const Identity& who, const Attributes& asked) {
  Verdict verdict;
  verdict.allowed = who.admin();
  return verdict.allowed ? verdict : Evaluator(parts, who, asked).evaluate();
}

Status authorize(Parts& parts, const Call& call) {
  const auto& request = call.request;
  if (request.identity.admin()) return {};
  Attributes asked;
  asked.verb = std::string(to_string(request.verb));
  asked.group = request.group;
  asked.resource = request.resource;
  if (!request.subresource.empty()) asked.resource += "/" + request.subresource;
  asked.name = request.name.empty() ? name_selected(request.read.field_selector) : request.name;
  // A namespace's own rules also hold for the Namespace object of that name.
  const bool is_namespace = request.group.empty() && request.resource == "namespaces";
  asked.ns = is_namespace ? request.name : request.ns;
  if (evaluate(parts, request.identity, asked).allowed) return {};
  const auto where = asked.ns.empty() ? std::string("at the cluster scope")
                                      : fmt::format("in the namespace \"{}\"", asked.ns);
  return forbidden(*call.resource, request.name,
                   fmt::format("User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {}",
                               request.identity.user, asked.verb, asked.resource, asked.group, where));
}

}  // namespace heirloom::server
