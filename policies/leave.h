// The protocol, second half: how an application lets go of an object. EVERY path that can delete an object
// goes through this one function. docs/protocol.md has the table.
#pragma once

#include <optional>
#include <string_view>

#include "apis/sharer_key.h"
#include "base/status.h"
#include "policies/facts.h"
#include "policies/live.h"
#include "policies/ownership.h"

namespace heirloom::policies {

enum class LeaveAction {
  Nothing,   // absent, or none of my business: forget it
  Handover,  // guarded patch: others remain; `ownership` is what stays
  Release,   // guarded patch: strip owner labels, ledger, record; the object stays, nobody's
  Delete,    // DELETE with preconditions uid AND resourceVersion
  Wait,      // being deleted already; its finalizers hold it (LiveObject::finalizers)
};
std::string_view to_string(LeaveAction action);

// Who keeps an object that would be deleted: the class of claims that are all gone.
struct Heir {
  SharerKey key;
  std::string mark;   // record.h mark_for()
  std::string since;  // RFC 3339: now
  bool operator==(const Heir&) const = default;
};

struct LeavePolicy {
  // PolicySet::releases, or the record's `adopted` (leave looks at that itself): release instead of delete.
  bool release = false;
  // The application is gone (its finalizer removed by hand) and somebody tidies up behind it: shared entries
  // are purged, and the object is deleted with the last entry; an unshared object stays as it is and is
  // reported.
  bool ownerless = false;
  // Instead of the delete the object goes to this one, sole owner and sole ledger entry.
  std::optional<Heir> heir;
};

struct LeaveDecision {
  LeaveAction action = LeaveAction::Nothing;
  Ownership ownership;          // for Handover; empty for Release
  bool retained = false;        // Handover to LeavePolicy::heir, because nobody else remains
  bool was_owner = false;       // for messages and Events
  bool stays_unshared = false;  // Nothing because of `ownerless`: to be reported
};

// `live`: nullopt when a GET said NotFound. `facts`: read after `live`, for keys_to_check(live, me).
// Members = the live owner, the live ledger entries in order, live keys found only in the record; without me.
// Unknown counts as live. On 409: GET, read the facts, leave again.
LeaveDecision leave(const std::optional<LiveObject>& live, const SharerKey& me, const LeavePolicy& policy,
                    const Facts& facts);

// Recreate (delete, then create; for fields that cannot change) is refused while another sharer that is not
// dead is listed. Error: Invalid naming the sharers.
Status check_recreate(const LiveObject& live, const SharerKey& me, const Facts& facts);

}  // namespace heirloom::policies
