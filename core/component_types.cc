#include "core/component_types.h"

#include "core/k8s_objects.h"

namespace heirloom::core {
namespace {

constexpr ComponentType kTypes[] = {
    {"k8s-objects", render_k8s_objects},
};

}  // namespace

const ComponentType* find_component_type(std::string_view type) {
  const std::string_view base = type.substr(0, type.find('@'));
  for (const ComponentType& known : kTypes)
    if (known.name == base) return &known;
  return nullptr;
}

std::string known_component_types() {
  std::string names;
  for (const ComponentType& known : kTypes) {
    if (!names.empty()) names += ", ";
    names += known.name;
  }
  return names;
}

}  // namespace heirloom::core
