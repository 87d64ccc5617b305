// Conditions in KubeVela's form: at most one per type, lastTransitionTime = time of the last change of
// content.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace heirloom {

struct Condition {
  std::string type;
  std::string status;  // "True", "False", "Unknown"
  std::string reason;
  std::string message;
  std::string last_transition_time;  // RFC 3339
  bool operator==(const Condition&) const = default;
};

namespace condition_types {
inline constexpr std::string_view kParsed = "Parsed";
inline constexpr std::string_view kRevision = "Revision";
inline constexpr std::string_view kPolicy = "Policy";
inline constexpr std::string_view kRender = "Render";
inline constexpr std::string_view kWorkflow = "Workflow";
inline constexpr std::string_view kReady = "Ready";
inline constexpr std::string_view kSynced = "Synced";
inline constexpr std::string_view kStateKeep = "StateKeep";
// Ours: what KubeVela never says.
inline constexpr std::string_view kSupported = "Supported";  // False: uses something we do not implement
inline constexpr std::string_view kConflict = "Conflict";    // True while status.conflicts is not empty
inline constexpr std::string_view kDiverged = "Diverged";    // True: a shared object is not as this application declares it
inline constexpr std::string_view kNotices = "Notices";      // True: something in the manifest is ignored
// True: an object of a version before, or of the deleted application, was released instead of deleted, to lose nothing.
inline constexpr std::string_view kKept = "Kept";
}  // namespace condition_types

namespace condition_reasons {
inline constexpr std::string_view kAvailable = "Available";
inline constexpr std::string_view kReconcileError = "ReconcileError";
inline constexpr std::string_view kReconcileSuccess = "ReconcileSuccess";
inline constexpr std::string_view kDeleting = "Deleting";
inline constexpr std::string_view kWaiting = "Waiting";
inline constexpr std::string_view kUnsupported = "Unsupported";
}  // namespace condition_reasons

const Condition* find_condition(const std::vector<Condition>& conditions,
                                std::string_view type);  // or nullptr

// Sets the condition of that type. Unchanged status, reason and message leave the entry, its time included,
// alone. `now` is RFC 3339; condition.last_transition_time is ignored.
void set_condition(std::vector<Condition>& conditions, Condition condition, std::string_view now);
void remove_condition(std::vector<Condition>& conditions, std::string_view type);

Json encode_condition(const Condition& condition);
Condition decode_condition(JsonView json);

}  // namespace heirloom
