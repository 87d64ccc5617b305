// Component type k8s-objects: properties.objects are Kubernetes objects, taken as they are.
// Source: KubeVela's k8s-objects definition; the first object is the component's main object.
#pragma once

#include <vector>

#include "core/component_types.h"

namespace heirloom::core {

Result<std::vector<Json>> render_k8s_objects(const RenderInput& input);

}  // namespace heirloom::core
