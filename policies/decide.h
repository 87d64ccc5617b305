// The protocol, first half: what one application does about one object it declares. A pure function;
// docs/protocol.md has the table, decide.cc the rows in the same order. The second half is leave.h.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "apis/sharer_key.h"
#include "policies/facts.h"
#include "policies/live.h"
#include "policies/ownership.h"
#include "policies/policy_set.h"

namespace heirloom::policies {

struct Me {
  SharerKey key;
  std::string mark;  // record.h mark_for(): what the record shall hold for me
  bool operator==(const Me&) const = default;
};

enum class Action {
  Wait,             // nothing can be done now; see Decision::wait
  ReadOnlyMissing,  // error: marked read-only, and absent
  Create,           // POST the manifest with this ownership
  Observe,          // read only; when writes_ownership: first step out with the guarded patch
  Update,           // mine: assert content and metadata
  Adopt,            // nobody's, and a policy lets me take it over
  Repair,           // nobody's by its labels, but the record holds my mark: they were stripped by hand
  Inherit,          // its sharers are all dead: I am the next owner
  Hold,             // a sharer already: only metadata, if at all
  Join,             // append me to the ledger
  Drop,             // take my entry out, then report the conflict
  Conflict,         // write nothing, report
};
std::string_view to_string(Action action);

enum class WaitCause { None, NamespaceMissing, NamespaceTerminating, ObjectTerminating, OthersFirst };

struct Decision {
  Action action = Action::Conflict;
  // The ownership the object shall have after the write. Meaningful for Create, Update, Adopt, Repair,
  // Inherit, Hold, Join, Drop, and for Observe when writes_ownership.
  Ownership ownership;
  // The stored ownership metadata must be rewritten (always true for Create, Adopt, Repair, Inherit, Join,
  // Drop).
  bool writes_ownership = false;
  // I am the owner after this write: the same request asserts my content. False for everyone else: nothing
  // but the ledger and the record may change.
  bool may_write_content = false;
  // An object that was not mine before: what its former owner declared (record fields) and I do not is
  // removed.
  bool takes_ownership = false;
  // I own it without a shared-resource policy, and others are in the ledger: sharing goes on, and this is to
  // be said.
  bool shares_without_policy = false;
  WaitCause wait = WaitCause::None;
  int turns_to_wait = 0;  // for OthersFirst: so many of the heirs before me may still create it
  // conflict_reasons: NotManaged, NotShareable, ManagedByOther; also for Drop; ReadOnlyMissing for that
  // action.
  std::string_view conflict;
  // For messages: the effective owner; on NotManaged whoever the labels or a copied ledger name.
  std::optional<SharerKey> owner;
  Ledger sharers;       // live ledger entries as found
  bool copy = false;    // NotManaged: the object is a copy of another, labels and all
  bool shares = false;  // my shared-resource policy selects the object
  bool full = false;    // NotShareable because the ledger has no room for another sharer
};

// What the table looks at: the input, reduced to what matters.
struct Situation {
  enum class Presence { Absent, Terminating, Exists };
  // Me if the labels are mine; else the labelled sharer if it is not dead; else the first ledger entry that
  // is Live (or Unknown), else the first that is not dead; else None. On a copy: None.
  enum class Owner { None, Me, Other };
  enum class Entries { Empty, AllDead, Live };  // who has joined; Leaving and Unknown are not dead

  Presence presence = Presence::Absent;
  bool namespace_blocks = false;  // terminating, or missing and not planned
  bool others_first = false;      // absent, and heirs before me have not had their turn
  Owner owner = Owner::None;
  ObjectPolicies policies;
  bool listed = false;   // I have joined: see live.h joined()
  bool my_mark = false;  // the record holds my current mark
  Entries entries = Entries::Empty;
};

// One line of the table. The first that matches wins.
struct Row {
  std::string_view when;
  bool (*matches)(const Situation&);
  Action action;
  std::string_view conflict;  // conflict_reasons, or ""
};
std::span<const Row> decision_table();

// `live`: nullopt when the object is absent (a GET said so). `facts`: read after `live`, for
// keys_to_check(live, me). Total: exactly one row holds for every input (decide_test.cc enumerates them).
// Writes that follow are guarded: Create by AlreadyExists, the others by live.resource_version; on 409 GET,
// decide again.
Decision decide(const std::optional<LiveObject>& live, const Me& me, const ObjectPolicies& policies,
                const Facts& facts);

// The conflict of a Decision as people shall read it (explain.cc).
// Precondition: decision.conflict is not empty.
struct Explanation {
  std::string message;  // "Namespace example is managed by other application default/app1"
  std::string fix;  // "add a shared-resource policy that selects this Namespace to default/app1 and to ..."
};
Explanation explain(const Decision& decision, const ObjectKey& object, const SharerKey& me);

}  // namespace heirloom::policies
