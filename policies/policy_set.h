// The resource policies of one application, parsed and merged: the questions the dispatcher asks about an
// object.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apis/application.h"
#include "base/json.h"
#include "base/result.h"
#include "policies/leave.h"
#include "policies/selector.h"

namespace heirloom::policies {

// What the policies say about one object, for decide().
struct ObjectPolicies {
  bool shared = false;     // shared-resource
  bool read_only = false;  // read-only; wins over the others
  bool take_over = false;  // take-over
  bool operator==(const ObjectPolicies&) const = default;
};

enum class CollectStrategy {
  OnAppUpdate,  // also when nothing is said: recorded in the versioned tracker, deleted when no longer
                // declared
  OnAppDelete,  // recorded in the root tracker, kept until the application is deleted
  Never,        // recorded in the root tracker with skipGC, released when the application is deleted
};

enum class CollectPropagation { Unset, Orphan, Cascading };

struct CollectRule {
  Selector selector;
  std::optional<CollectStrategy> strategy;  // nullopt: not said; the rule still is the first that matches
  CollectPropagation propagation = CollectPropagation::Unset;
  bool keep_non_empty_namespace = false;  // ours: a Namespace that holds what no sharer created is not deleted
  bool operator==(const CollectRule&) const = default;
};

struct GarbageCollectPolicy {
  std::optional<int> application_revision_limit;  // nullopt: the program's default; never negative
  bool keep_legacy_resource = false;              // old versions' objects stay until their tracker is deleted
  bool continue_on_failure = false;
  bool order_by_dependency = false;  // dependents go first
  std::vector<CollectRule> rules;
  bool operator==(const GarbageCollectPolicy&) const = default;
};

struct PolicySet {
  std::vector<Selector> shared;
  std::vector<Selector> read_only;
  std::vector<Selector> take_over;
  GarbageCollectPolicy garbage_collect;
  bool orphan = false;          // finalizer app.oam.dev/orphan-resource: release everything, delete nothing
  std::string service_account;  // annotation app.oam.dev/service-account-name; "" = the controller itself
  std::vector<std::string> warnings;  // ignored members and the like; for a condition or an Event

  // For the rendered manifest.
  ObjectPolicies of(JsonView manifest) const;
  // garbage-collect: the first rule that matches decides.
  CollectStrategy collect_strategy(JsonView manifest) const;
  // garbage-collect: the first rule that matches and says something. Ask with the RECORDED manifest of this
  // application, not with the live object, whose component labels are the current owner's.
  CollectPropagation propagation(JsonView manifest) const;
  // True when the object must be released instead of deleted once this application is its last sharer: orphan
  // finalizer, skipGC of its tracker entry, propagation orphan.
  bool releases(JsonView manifest, bool skip_gc) const;
  // How this application lets go of the object once it is its last sharer: everything that its rules say.
  LeavePolicy leave_policy(JsonView manifest, bool skip_gc) const;
  bool operator==(const PolicySet&) const = default;
};

// Parses the policies this program acts on and merges those of one type from left to right: arrays are
// concatenated, false + true = true, otherwise the first value wins. Reads spec.policies, finalizers and
// annotations of the application only. Works for an application that is being deleted. Errors: Invalid naming
// the policy and the field: null or wrong-typed properties (KubeVela: "policy <type> named <name> must not
// have empty properties"), unknown strategy, order or propagation. Does not look for what is unsupported:
// that is find_unsupported (policies/unsupported.h), which comes first.
Result<PolicySet> parse_policies(const Application& application);

}  // namespace heirloom::policies
