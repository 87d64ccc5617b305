// The strategies of the built-in kinds, one file per kind or family.
#pragma once

#include "server/strategy.h"

namespace heirloom::server::strategies {

extern const Strategy kNamespace;
extern const Strategy kConfigMap;
extern const Strategy kSecret;
extern const Strategy kService;
extern const Strategy kDeployment;
extern const Strategy kJob;
extern const Strategy kPod;
extern const Strategy kPersistentVolumeClaim;
extern const Strategy kLease;
extern const Strategy kEvent;
extern const Strategy kRole;         // Role and ClusterRole
extern const Strategy kRoleBinding;  // RoleBinding and ClusterRoleBinding
extern const Strategy kCustomResourceDefinition;

}  // namespace heirloom::server::strategies
