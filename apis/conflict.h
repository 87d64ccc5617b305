// status.conflicts[]: why an object is not as its application says, and the fix to make.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apis/resource_names.h"
#include "base/json.h"

namespace heirloom {

namespace conflict_reasons {
inline constexpr std::string_view kNotManaged = "NotManaged";
inline constexpr std::string_view kNotShareable = "NotShareable";
inline constexpr std::string_view kManagedByOther = "ManagedByOther";
inline constexpr std::string_view kReadOnlyMissing = "ReadOnlyMissing";
inline constexpr std::string_view kDuplicateObject = "DuplicateObject";
inline constexpr std::string_view kRejected = "Rejected";
inline constexpr std::string_view kFighting = "Fighting";
}  // namespace conflict_reasons

struct Conflict {
  std::string api_version;  // resource.*
  std::string kind;
  std::string ns;  // "" for cluster-scoped objects
  std::string name;
  std::string reason;  // conflict_reasons
  std::string owner;   // ledger form of the owner's key; "" when nobody owns it
  std::vector<std::string> sharers;
  std::vector<std::string> differences;  // paths, never values; may be empty
  std::string message;
  std::string fix;
  bool operator==(const Conflict&) const = default;
};

Json encode_conflict(const Conflict& conflict);
Conflict decode_conflict(JsonView json);

}  // namespace heirloom
