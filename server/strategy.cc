#include "server/strategy.h"

#include "server/strategies/strategies.h"

namespace heirloom::server {
namespace {

struct Row {
  std::string_view group;
  std::string_view kind;
  const Strategy* strategy;
};

constexpr std::string_view kRbac = "rbac.authorization.k8s.io";

const Row kRows[] = {
    {"", "Namespace", &strategies::kNamespace},
    {"", "ConfigMap", &strategies::kConfigMap},
    {"", "Secret", &strategies::kSecret},
    {"", "Service", &strategies::kService},
    {"", "Pod", &strategies::kPod},
    {"", "PersistentVolumeClaim", &strategies::kPersistentVolumeClaim},
    {"", "Event", &strategies::kEvent},
    {"events.k8s.io", "Event", &strategies::kEvent},
    {"apps", "Deployment", &strategies::kDeployment},
    {"batch", "Job", &strategies::kJob},
    {"coordination.k8s.io", "Lease", &strategies::kLease},
    {kRbac, "Role", &strategies::kRole},
    {kRbac, "ClusterRole", &strategies::kRole},
    {kRbac, "RoleBinding", &strategies::kRoleBinding},
    {kRbac, "ClusterRoleBinding", &strategies::kRoleBinding},
    {"apiextensions.k8s.io", "CustomResourceDefinition", &strategies::kCustomResourceDefinition},
};

const Strategy kDefault;

// Kubernetes refuses to replace a custom object without saying which state of it.
const Strategy kCustom = [] {
  Strategy strategy;
  strategy.needs_resource_version = true;
  return strategy;
}();

}  // namespace

const Strategy& builtin_strategy(std::string_view group, std::string_view kind) {
  for (const auto& row : kRows) {
    if (row.group == group && row.kind == kind) return *row.strategy;
  }
  return kDefault;
}

const Strategy& custom_strategy() { return kCustom; }

}  // namespace heirloom::server
