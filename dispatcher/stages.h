// Stages: in which order a version's objects are applied. Pure.
// Namespaces and CustomResourceDefinitions come before what lives in them; a component after those it depends on;
// everything else at once.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "apis/conflict.h"
#include "apis/sharer_key.h"
#include "dispatcher/manifest.h"
#include "policies/contents.h"

namespace heirloom::dispatcher {

// Indexes of manifests, stage by stage, each in the manifests' order. dependsOn must have no cycle
// (validate_application). Removal goes through them in reverse.
std::vector<std::vector<std::size_t>> stages(const std::vector<Manifest>& manifests);

// Namespaces the manifests create.
std::set<std::string> declared_namespaces(const std::vector<Manifest>& manifests);
// The kinds that CustomResourceDefinitions among the manifests bring.
std::set<GroupKind> declared_kinds(const std::vector<Manifest>& manifests);

// Two manifests for one object: a Conflict (DuplicateObject) per object, naming both components.
std::vector<Conflict> duplicate_objects(const std::vector<Manifest>& manifests, const SharerKey& me);

using policies::is_definition;
using policies::is_namespace;

}  // namespace heirloom::dispatcher
