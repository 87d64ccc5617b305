// Our own CustomResourceDefinitions. When one of them is deleted Kubernetes deletes every object of its kind, and those
// deletions are nobody's wish for what the objects stand for: nothing may be let go of because of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

// Reason of a Status: the definition is not the one it was, or is about to be gone. Waiting mends nothing.
inline constexpr std::string_view kDefinitionLost = "DefinitionLost";

// The UID of the definition as it is now; an error when it is not there.
Task<Result<std::string>> definition_uid(const Environment* environment, std::string name);

// When something was recorded.
struct Recorded {
  std::uint64_t definition = 0;  // hash of the UID that it noted; 0: none
  std::string created;           // RFC 3339, where none was noted
};
Recorded when_recorded(JsonView object);

// True unless `definition` may have been installed again since: the UID that was noted says so, or, where none was, the API
// server's times, which a clock that was set back can make lie.
bool stood_since(JsonView definition, const Recorded& record);

// Ok: the definition is there, is not being deleted, and has stood since the newest of `records` was written (none:
// whatever its age). Otherwise why nothing may be concluded from its objects being deleted or absent; with the reason
// kDefinitionLost when that was seen, and not just not answered.
// Read now: whoever saw an object so asks after that.
Task<Status> definition_stands(const Environment* environment, std::string name, std::vector<Recorded> records = {});

}  // namespace heirloom::dispatcher
