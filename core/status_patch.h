// The merge patch by which a pass writes what it has found into the status of an object.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"

namespace heirloom::core {

// For the life `uid`, from the status as it was read (null: none) to the one wanted. The members in `whole` are always
// sent, null where they are not wanted: the server may have a status that we have not seen (the answer to its write was
// lost), and a mixture of two statuses is true of neither. Others, which may be long, are sent when they change.
Json status_patch(const std::string& uid, JsonView stored, const Json& wanted, std::span<const std::string_view> whole);

}  // namespace heirloom::core
