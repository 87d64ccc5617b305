// Events about what happens to an object between its sharers: on the application that acted, and on the object itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/resource_names.h"
#include "apis/sharer_key.h"
#include "base/json.h"
#include "dispatcher/environment.h"
#include "policies/ownership.h"

namespace heirloom::dispatcher {

// Reasons.
inline constexpr std::string_view kSharerPurged = "SharerPurged";
inline constexpr std::string_view kCopied = "Copied";
inline constexpr std::string_view kLeftBehind = "LeftBehind";

// A write took the dead off the object. `actor`: the application to be told; null: nobody is left to tell.
void tell_purged(const Environment& environment, const GroupVersionKind& kind, JsonView written,
                 const std::vector<SharerKey>& dead, const std::optional<SharerKey>& owner_before,
                 const policies::Ownership& now, const Json* actor);

// A watch shows an object whose record was written on another one, labels and all.
void tell_copy(const Environment& environment, const GroupVersionKind& kind, JsonView copy);

// The application is gone without having let go of the object, which nobody shares: it stays. `uid` may be empty.
void tell_left_behind(const Environment& environment, const GroupVersionKind& kind, const ObjectKey& object,
                      const std::string& uid, const SharerKey& gone);

}  // namespace heirloom::dispatcher
