// What a sharer depends on and no selected watch shows is watched by name: an object that nobody manages or that is only
// read, one that is to be read and is missing, a Namespace that is missing or going.
#pragma once

#include <vector>

#include "apis/resource_names.h"
#include "apis/sharer_key.h"
#include "core/application/context.h"
#include "dispatcher/outcome.h"

namespace heirloom::core {

struct LookedAt {
  dispatcher::ObjectOutcome outcome;
  GroupVersionKind gvk;
};

// `objects`: everything the sharer declares, as found. Replaces what it waited for before; none: it waits for nothing.
Task<void> watch_blockers(Context* context, SharerKey me, std::vector<LookedAt> objects);

}  // namespace heirloom::core
