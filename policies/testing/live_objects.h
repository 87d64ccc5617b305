// Live objects for tests, written as short texts: live("n/a", "n/a,n/b", {{"n/a", "u.1"}}).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "policies/live.h"

namespace heirloom::policies::testing {

inline SharerKey key(std::string_view text) {
  const std::optional<SharerKey> parsed = parse_sharer_key(text);
  HEIRLOOM_ASSERT(parsed.has_value());
  return *parsed;
}

inline ObjectKey namespace_key() { return {"local", "", "Namespace", "", "example"}; }

// owner "" = no owner labels. marks nullopt = no record.
inline LiveObject live(
    std::string_view owner, std::string_view ledger,
    const std::optional<std::vector<std::pair<std::string, std::string>>>& marks = std::nullopt) {
  LiveObject object;
  object.uid = "object-uid";
  object.resource_version = "7";
  object.key = namespace_key();
  if (!owner.empty()) object.owner = key(owner);
  object.ledger = parse_ledger(ledger);
  if (marks) {
    object.record.emplace();
    object.record->object = object.key;
    for (const auto& [sharer, mark] : *marks) object.record->sharers.emplace(key(sharer), mark);
  }
  return object;
}

inline LiveObject terminating(LiveObject object) {
  object.terminating = true;
  object.finalizers = {"example.org/hold"};
  return object;
}

}  // namespace heirloom::policies::testing
