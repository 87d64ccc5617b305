#include "policies/collect_order.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace heirloom::policies {

namespace {

// Who depends on a component; only components that have objects left count.
std::map<std::string_view, std::set<std::string_view>> dependents_of(
    const ApplicationSpec& spec, const std::set<std::string_view>& present) {
  std::map<std::string_view, std::set<std::string_view>> dependents;
  for (const Component& component : spec.components) {
    if (!present.contains(component.name)) continue;
    for (const std::string& name : component.depends_on)
      if (name != component.name) dependents[name].insert(component.name);
  }
  return dependents;
}

}  // namespace

std::vector<std::vector<std::size_t>> collect_layers(const ApplicationSpec& spec,
                                                     const std::vector<std::string>& components) {
  std::set<std::string_view> left(components.begin(), components.end());
  const auto dependents = dependents_of(spec, left);
  std::vector<std::vector<std::size_t>> layers;
  while (!left.empty()) {
    std::set<std::string_view> going;
    for (const std::string_view name : left) {
      const auto it = dependents.find(name);
      const bool needed =
          it != dependents.end() && std::any_of(it->second.begin(), it->second.end(),
                                                [&](std::string_view d) { return left.contains(d); });
      if (!needed) going.insert(name);
    }
    if (going.empty()) going = left;
    std::vector<std::size_t>& layer = layers.emplace_back();
    for (std::size_t i = 0; i < components.size(); ++i)
      if (going.contains(components[i])) layer.push_back(i);
    for (const std::string_view name : going) left.erase(name);
  }
  return layers;
}

}  // namespace heirloom::policies
