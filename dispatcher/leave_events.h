// Events about objects that are let go of in a way that surprises people.
#pragma once

#include <string>
#include <vector>

#include "apis/resource_names.h"
#include "apis/sharer_key.h"
#include "base/json.h"
#include "dispatcher/environment.h"
#include "dispatcher/object_table.h"
#include "dispatcher/sharers.h"
#include "policies/leave.h"

namespace heirloom::dispatcher {

// An object is kept although its last sharer leaves: on the sharer, which may be gone soon, and on the object.
void tell_kept(const Environment& environment, const Sharers& sharers, const SharerKey& leaver, const ObjectKey& key,
               JsonView object, const policies::LeaveDecision& decision);

// Before a Namespace or definition is deleted: what live sharers lose with it, on the leaver and on each of them.
// `object`: as read, Null when it is a Namespace whose body nobody needed.
void tell_taken_along(const Environment& environment, const Sharers& sharers, const ObjectTable& table,
                      const SharerKey& leaver, const ObjectKey& key, JsonView object);

}  // namespace heirloom::dispatcher
