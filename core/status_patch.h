// The merge patch by which a pass writes what it has found into the status of an object.
#pragma once

#include <string>

#include "base/json.h"

namespace heirloom::core {

// For the life `uid`, from the status as it was read (null: none) to the one wanted. Lists and fields that stay are left
// out, as they may be long; not so the phase, the conditions and the generation they speak of: the server may have a
// status that we have not seen (of a write whose answer was lost), and of two statuses none is true.
Json status_patch(const std::string& uid, JsonView stored, const Json& wanted);

}  // namespace heirloom::core
