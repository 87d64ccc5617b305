#include "dispatcher/stages.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace heirloom::dispatcher {
namespace {

// How many components must be done before this one; `depth` doubles as the memo.
int depth_of(const std::string& component, const std::map<std::string, std::vector<std::string>>& needs,
             std::map<std::string, int>& depth) {
  const auto known = depth.find(component);
  if (known != depth.end()) return known->second;
  depth[component] = 0;  // a cycle ends here; validation has refused it
  int deepest = 0;
  const auto at = needs.find(component);
  if (at != needs.end())
    for (const std::string& needed : at->second) deepest = std::max(deepest, 1 + depth_of(needed, needs, depth));
  return depth[component] = deepest;
}

}  // namespace

std::set<std::string> declared_namespaces(const std::vector<Manifest>& manifests) {
  std::set<std::string> names;
  for (const Manifest& manifest : manifests)
    if (is_namespace(manifest.key)) names.insert(manifest.key.name);
  return names;
}

std::set<GroupKind> declared_kinds(const std::vector<Manifest>& manifests) {
  std::set<GroupKind> kinds;
  for (const Manifest& manifest : manifests) {
    if (!is_definition(manifest.key)) continue;
    const JsonView spec = manifest.declared["spec"];
    kinds.insert({std::string(spec["group"].string()), std::string(spec["names"]["kind"].string())});
  }
  return kinds;
}

std::vector<std::vector<std::size_t>> stages(const std::vector<Manifest>& manifests) {
  std::map<std::string, std::vector<std::string>> needs;
  for (const Manifest& manifest : manifests) needs[manifest.component] = manifest.depends_on;
  std::map<std::string, int> depth;
  std::vector<int> level(manifests.size());
  std::map<std::string, int> namespace_level;
  std::map<GroupKind, int> kind_level;
  for (std::size_t i = 0; i < manifests.size(); ++i) {
    const Manifest& manifest = manifests[i];
    const int base = 2 * depth_of(manifest.component, needs, depth);
    const bool home = is_namespace(manifest.key) || is_definition(manifest.key);
    level[i] = home ? base : base + 1;
    if (is_namespace(manifest.key)) namespace_level[manifest.key.name] = level[i];
    if (is_definition(manifest.key))
      for (const GroupKind& kind : declared_kinds({manifest})) kind_level[kind] = level[i];
  }
  std::map<int, std::vector<std::size_t>> by_level;
  for (std::size_t i = 0; i < manifests.size(); ++i) {
    const ObjectKey& key = manifests[i].key;
    if (const auto at = namespace_level.find(key.ns); at != namespace_level.end() && !key.ns.empty())
      level[i] = std::max(level[i], at->second + 1);
    if (const auto at = kind_level.find(key.group_kind()); at != kind_level.end())
      level[i] = std::max(level[i], at->second + 1);
    by_level[level[i]].push_back(i);
  }
  std::vector<std::vector<std::size_t>> result;
  for (auto& [at, indexes] : by_level) result.push_back(std::move(indexes));
  return result;
}

std::vector<Conflict> duplicate_objects(const std::vector<Manifest>& manifests, const SharerKey& me) {
  std::map<ObjectKey, const Manifest*> first;
  std::vector<Conflict> conflicts;
  for (const Manifest& manifest : manifests) {
    const auto [at, fresh] = first.emplace(manifest.key, &manifest);
    if (fresh) continue;
    Conflict conflict;
    conflict.api_version = manifest.gvk.api_version();
    conflict.kind = manifest.key.kind;
    conflict.ns = manifest.key.ns;
    conflict.name = manifest.key.name;
    conflict.reason = conflict_reasons::kDuplicateObject;
    conflict.owner = to_string(me);
    conflict.message = fmt::format("components {} and {} both declare {}; nothing was applied", at->second->component,
                                   manifest.component, manifest.key.to_string());
    conflict.fix = fmt::format("declare {} in one component only", manifest.key.to_string());
    conflicts.push_back(std::move(conflict));
  }
  return conflicts;
}

}  // namespace heirloom::dispatcher
