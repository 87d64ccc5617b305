// Our own CustomResourceDefinitions. When one of them is deleted Kubernetes deletes every object of its kind, and those
// deletions are nobody's wish for what the objects stand for: nothing may be let go of because of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apis/object_meta.h"
#include "base/json.h"
#include "base/result.h"
#include "base/status.h"
#include "base/task.h"
#include "dispatcher/environment.h"

namespace heirloom::dispatcher {

inline constexpr std::string_view kApplicationDefinition = "applications.core.oam.dev";
inline constexpr std::string_view kTrackerDefinition = "resourcetrackers.core.oam.dev";

// On a ResourceTracker: the UID of the definition of Applications under which it was written.
inline constexpr std::string_view kDefinitionUidAnnotation = "heirloom.dev/definition-uid";

// The UID of the definition as it is now; an error when it is not there.
Task<Result<std::string>> definition_uid(const Environment* environment, std::string name);

// True unless `definition` may have been installed again since something with metadata `record` was written: their UIDs
// say so, or else (none was noted, or one of an older definition) the API server's times, which a wall clock that was
// set back can make say no.
bool stood_since(JsonView definition, const ObjectMeta& record);

// Ok: the definition is there, is not being deleted, and has stood since each of `records` was written (none: whatever
// its age). Otherwise why nothing may be concluded from its objects being deleted or absent.
// Read now: whoever saw an object so asks after that.
Task<Status> definition_stands(const Environment* environment, std::string name, std::vector<ObjectMeta> records = {});

}  // namespace heirloom::dispatcher
