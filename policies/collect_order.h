// garbage-collect `order: dependency`: dependents go before what they depend on.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "apis/application.h"

namespace heirloom::policies {

// Objects, given by the component each belongs to, in layers: all of a layer is gone before the next one is
// touched. A component comes after every component of the spec that depends on it (dependsOn). Objects of
// components that the spec does not know (any more) are in the first layer: nothing is known to depend on
// them. Components that wait for each other share the last layer. Every index occurs exactly once; no layer
// is empty.
std::vector<std::vector<std::size_t>> collect_layers(const ApplicationSpec& spec,
                                                     const std::vector<std::string>& components);

}  // namespace heirloom::policies
