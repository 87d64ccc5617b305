// Provisional: a few built-in kinds by hand.
#include "schema/schema.h"
#include "server/builtin_resources.h"
#include "server/discovery.h"
#include "server/table.h"

namespace heirloom::server {
namespace {

struct Kind {
  std::string_view group, version, kind, plural;
  Scope scope;
  bool status, generation;
  std::string_view schema;
};

constexpr std::string_view kAny = R"({"type":"object","x-kubernetes-preserve-unknown-fields":true})";
const Kind kKinds[] = {
    {"", "v1", "Namespace", "namespaces", Scope::Cluster, true, false,
     R"({"type":"object","properties":{"spec":{"type":"object","properties":{"finalizers":{"type":"array","items":{"type":"string"}}}},
        "status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}})"},
    {"", "v1", "ConfigMap", "configmaps", Scope::Namespaced, false, false,
     R"({"type":"object","properties":{"immutable":{"type":"boolean"},
        "data":{"type":"object","additionalProperties":{"type":"string"}},
        "binaryData":{"type":"object","additionalProperties":{"type":"string","format":"byte"}}}})"},
    {"", "v1", "Secret", "secrets", Scope::Namespaced, false, false,
     R"({"type":"object","properties":{"immutable":{"type":"boolean"},"type":{"type":"string"},
        "data":{"type":"object","additionalProperties":{"type":"string","format":"byte"}},
        "stringData":{"type":"object","additionalProperties":{"type":"string"}}}})"},
    {"", "v1", "Event", "events", Scope::Namespaced, false, false, kAny},
    {"", "v1", "Service", "services", Scope::Namespaced, true, false, kAny},
    {"", "v1", "ServiceAccount", "serviceaccounts", Scope::Namespaced, false, false, kAny},
    {"apps", "v1", "Deployment", "deployments", Scope::Namespaced, true, true, kAny},
    {"coordination.k8s.io", "v1", "Lease", "leases", Scope::Namespaced, false, false, kAny},
    {"rbac.authorization.k8s.io", "v1", "Role", "roles", Scope::Namespaced, false, false, kAny},
    {"rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", Scope::Cluster, false, false, kAny},
    {"rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", Scope::Namespaced, false, false, kAny},
    {"rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", Scope::Cluster, false,
     false, kAny},
    {"apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", Scope::Cluster,
     true, true, kAny},
};

}  // namespace

Result<std::vector<Resource>> builtin_resources() {
  std::vector<Resource> out;
  for (const auto& kind : kKinds) {
    Resource resource;
    resource.group = kind.group;
    resource.kind = kind.kind;
    resource.list_kind = std::string(kind.kind) + "List";
    resource.plural = kind.plural;
    resource.singular = std::string(kind.plural.substr(0, kind.plural.size() - 1));
    resource.scope = kind.scope;
    resource.has_generation = kind.generation;
    if (kind.kind == "Namespace") resource.extra_subresources = {"finalize"};
    ResourceVersionInfo version;
    version.name = kind.version;
    version.storage = true;
    version.status_subresource = kind.status;
    TRY(version.openapi, Json::parse(kind.schema));
    schema::CompileOptions options;
    options.builtin = true;
    TRY(auto compiled, schema::compile(version.openapi, options));
    version.schema = std::make_shared<const schema::Schema>(std::move(compiled));
    resource.versions.push_back(std::move(version));
    out.push_back(std::move(resource));
  }
  return out;
}

Json api_versions_document(std::string_view) { return Json(); }
Json api_group_list_document(const Registry&) { return Json(); }
std::optional<Json> api_group_document(const Registry&, std::string_view) { return std::nullopt; }
std::optional<Json> api_resource_list_document(const Registry&, std::string_view, std::string_view) {
  return std::nullopt;
}
Json table_of(const Resource&, const ResourceVersionInfo&, std::span<const JsonView>, JsonView,
              const TableOptions&) {
  return Json();
}

}  // namespace heirloom::server
#include "server/openapi.h"
namespace heirloom::server {
Json openapi_v2_document(const Registry&) { return Json(); }
std::string openapi_v2_protobuf(JsonView) { return {}; }
}  // namespace heirloom::server
