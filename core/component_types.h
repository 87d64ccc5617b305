// Component types: what turns a component into objects. One table; each type is a pure function.
// Templates, traits and workflow steps are to come in here as further functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apis/application.h"
#include "base/json.h"
#include "base/result.h"

namespace heirloom::core {

struct RenderInput {
  const Application& application;
  const Component& component;
  std::string field;  // of the component, for messages: spec.components[0]
};

// The component's objects, the main one first; names and namespaces may still be missing.
// Error: Invalid, naming the field at fault below input.field.
using Render = Result<std::vector<Json>> (*)(const RenderInput& input);

struct ComponentType {
  std::string_view name;
  Render render;
};

// nullptr for a type nobody registered. "k8s-objects@v1" names a revision of the definition: the part before @ counts.
const ComponentType* find_component_type(std::string_view type);
std::string known_component_types();  // "k8s-objects, ...": for messages

}  // namespace heirloom::core
