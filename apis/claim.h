// A claim: an object of whatever kind a ClaimClass names. Its spec is free; its status is the same for every kind.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/condition.h"
#include "apis/object_meta.h"
#include "apis/resource_names.h"
#include "apis/sharer_key.h"
#include "base/json.h"

namespace heirloom {

// status.phase
namespace claim_phases {
inline constexpr std::string_view kPending = "Pending";      // not bound yet, and why is in the Ready condition
inline constexpr std::string_view kBound = "Bound";          // the object is there, and the claim is in its ledger
inline constexpr std::string_view kConflict = "Conflict";    // somebody has to decide
inline constexpr std::string_view kReleasing = "Releasing";  // the claim is being deleted and still waits for something
}  // namespace claim_phases

// Reasons of the condition Ready, beside conflict_reasons (NotManaged, NotShareable, ManagedByOther, Rejected,
// Fighting), which come with phase Conflict.
namespace claim_reasons {
inline constexpr std::string_view kBound = "Bound";
inline constexpr std::string_view kRetargeting = "Retargeting";            // Bound to the new object, leaving the old one
inline constexpr std::string_view kWaiting = "Waiting";                    // for a namespace, a definition, a request
inline constexpr std::string_view kTerminating = "WaitingForTermination";  // the object is going; made again after that
inline constexpr std::string_view kInvalidClaim = "InvalidClaim";          // no spec, a field missing, a name that cannot be
inline constexpr std::string_view kProtectedName = "ProtectedName";
inline constexpr std::string_view kNamespaceNotAllowed = "NamespaceNotAllowed";  // claims may not live here
inline constexpr std::string_view kQuotaExceeded = "QuotaExceeded";        // limits.claimsPerNamespace
inline constexpr std::string_view kTargetFull = "TargetFull";              // limits.claimsPerTarget
inline constexpr std::string_view kMismatch = "Mismatch";                  // onMismatch: Reject
inline constexpr std::string_view kClassInvalid = "ClassInvalid";
inline constexpr std::string_view kClassDeleted = "ClassDeleted";          // gone, or being deleted
inline constexpr std::string_view kManagedByKratix = "ManagedByKratix";    // we stay out
inline constexpr std::string_view kReleasing = "Releasing";
inline constexpr std::string_view kReconcileError = "ReconcileError";
}  // namespace claim_reasons

// What a claim is bound to.
struct BoundObject {
  std::string api_version;
  std::string kind;
  std::string ns;  // "" for cluster-scoped objects
  std::string name;
  std::string uid;
  ObjectKey key() const;
  bool operator==(const BoundObject&) const = default;
};

struct ClaimStatus {
  std::string phase;   // claim_phases
  std::string target;  // what the claim stands for, for people: "Namespace/team-a", "Database.example.com/default/db1"
  std::string message;                  // one sentence, that of the condition Ready
  std::optional<BoundObject> bound_to;  // what the claim has joined; while retargeting the former object
  std::int64_t claim_count = 0;         // sharers of the object, this one among them; 0 when not bound
  std::int64_t position = 0;            // in the ledger; 1 = owner; 0 when not bound
  std::int64_t observed_generation = 0;
  std::vector<Condition> conditions;
  std::map<std::string, Json> other;  // members of other writers and versions, carried unchanged
  bool empty() const { return *this == ClaimStatus(); }
  bool operator==(const ClaimStatus&) const = default;
};

struct Claim {
  GroupVersionKind gvk;
  std::string plural;
  ObjectMeta metadata;
  Json spec;    // as it stands: null when there is none, and not necessarily an object
  ClaimStatus status;
  SharerKey key() const { return {plural + "." + gvk.group, metadata.ns, metadata.name}; }
  // Kratix' own controller reconciles it: its label, or one of its finalizers. We stay out then.
  bool managed_by_kratix() const;
  bool operator==(const Claim&) const = default;
};

// Never fails: a claim that says nonsense can still be told so, and deleted. `plural` is its resource's.
Claim decode_claim(JsonView object, std::string_view plural);

ClaimStatus decode_claim_status(JsonView status);  // lenient
// The whole status, to be written by PUT or as a patch. claimCount is written when 0, too: a column shows it.
Json encode_claim_status(const ClaimStatus& status);

// "NamespaceClaim default/team-a": for messages.
std::string to_string(const Claim& claim);
// Kind[.group]/[namespace/]name as kubectl takes it: status.target.
std::string target_text(const ObjectKey& key);

}  // namespace heirloom
