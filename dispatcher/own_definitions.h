// Our own CustomResourceDefinitions. When one of them is deleted Kubernetes deletes every object of its kind, and those
// deletions are nobody's wish for what the objects stand for: nothing may be let go of because of them.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "base/task.h"
#include "dispatcher/environment.h"

namespace heirloom::dispatcher {

inline constexpr std::string_view kApplicationDefinition = "applications.core.oam.dev";
inline constexpr std::string_view kTrackerDefinition = "resourcetrackers.core.oam.dev";

// Ok: the definition is there, is not being deleted, and is not younger than `since`
// (RFC 3339; "" = whatever its age). Otherwise why nothing may be concluded from its objects being deleted or absent.
// Read now: whoever saw an object so asks after that.
Task<Status> definition_stands(const Environment* environment, std::string name, std::string since = {});

}  // namespace heirloom::dispatcher
