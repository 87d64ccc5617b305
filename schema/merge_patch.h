// JSON merge patch (RFC 7386) and its inverse.
#pragma once

#include <optional>

#include "base/json.h"

namespace heirloom::schema {

// target changed by the patch: objects merge, null removes, everything else (lists too) replaces.
Json merge_patch(JsonView target, JsonView patch);

// The smallest patch with merge_patch(from, patch) == to: {} when they are equal. Both must be objects, and
// `to` must not hold a null that `from` has not at the same place: a merge patch cannot say that (such a null
// is left out).
Json merge_diff(JsonView from, JsonView to);

}  // namespace heirloom::schema
