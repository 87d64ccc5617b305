// garbage-collect `applicationRevisionLimit`: which ApplicationRevisions go.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policies/policy_set.h"

namespace heirloom::policies {

inline constexpr int kDefaultRevisionLimit = 10;  // KubeVela's

// Of the names of an application's revisions those to delete, lowest numbers first: `limit` old ones stay
// besides the latest, which always stays. Names that are not "<app>-v<number>" are never among them.
std::vector<std::string> revisions_to_delete(std::string_view app, const std::vector<std::string>& names,
                                             std::string_view latest, const GarbageCollectPolicy& policy);

}  // namespace heirloom::policies
