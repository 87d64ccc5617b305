// The protocol, second half: how an application lets go of an object. EVERY path that can delete an object
// goes through this one function. docs/protocol.md has the table.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/sharer_key.h"
#include "base/status.h"
#include "policies/contents.h"
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
  Look,      // to be deleted, should what is inside permit it: read the contents, then leave again with them
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
  // The object is a Namespace that nobody may delete (is_protected_namespace).
  bool is_protected = false;
  // A Namespace that holds strangers (contents.h) is released: a garbage-collect rule's keepNonEmptyNamespace, or the
  // program's --keep-non-empty-namespaces.
  bool keep_non_empty_namespace = false;
  // garbage-collect propagation `cascading`: a CustomResourceDefinition goes, whoever declares its instances. (For
  // anything else it says what is done anyway: dependents are collected in the background.)
  bool cascading = false;
};

// Why an object that would have been deleted is released instead.
enum class Kept {
  No,
  ProtectedNamespace,
  NonEmptyNamespace,  // LeaveDecision::inside
  Instances,          // a CustomResourceDefinition; LeaveDecision::inside
};
// CamelCase: reason of the condition and the Event.
std::string_view to_string(Kept kept);

struct LeaveDecision {
  LeaveAction action = LeaveAction::Nothing;
  Ownership ownership;          // for Handover; empty for Release
  bool retained = false;        // Handover to LeavePolicy::heir, because nobody else remains
  bool was_owner = false;       // for messages and Events
  bool stays_unshared = false;  // Nothing because of `ownerless`: to be reported
  Kept kept = Kept::No;         // with Release
  std::vector<ObjectKey> inside;  // what would have been lost; empty: more than was looked at
};

// `live`: nullopt when a GET said NotFound. `facts`: read after `live`, for keys_to_check(live, me). `contents`: nullptr
// until `Look` asks for them; read after `live`, too. What is created inside between that reading and the DELETE does
// not change the Namespace, so no guard shows it: docs/protocol.md says so.
// Members = the live owner, the live ledger entries in order, live keys found only in the record; without me.
// Unknown counts as live. On 409: GET, read the facts, leave again.
LeaveDecision leave(const std::optional<LiveObject>& live, const SharerKey& me, const LeavePolicy& policy,
                    const Facts& facts, const Contents* contents = nullptr);

// "Namespace example is kept and let go of: it holds what its last sharer did not create: ConfigMap example/notes":
// for people; at most ten objects are named.
std::string kept_sentence(const ObjectKey& key, const LeaveDecision& decision);

// Recreate (delete, then create; for fields that cannot change) is refused while another sharer that is not
// dead is listed. Error: Invalid naming the sharers.
Status check_recreate(const LiveObject& live, const SharerKey& me, const Facts& facts);

}  // namespace heirloom::policies
