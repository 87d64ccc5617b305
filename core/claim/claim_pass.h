// ClaimPass: one reconciliation of one claim, top to bottom. Level-triggered, like an application's Pass; a crash between
// any two lines is harmless. A claim is a tiny application of one manifest: same check and carry_out, same leave.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "apis/claim.h"
#include "apis/claim_record.h"
#include "core/application/context.h"
#include "core/claim/claim_status.h"
#include "core/claim/claims.h"
#include "dispatcher/dispatcher.h"
#include "kube/controller.h"
#include "policies/claim_target.h"

namespace heirloom::core {

// Of a claim that is there, or one that is gone without having let go of its objects.
Task<Result<kube::Requeue>> reconcile_claim(Context* context, Claims* claims, SharerKey key);

class ClaimPass {
 public:
  // `object`: the claim as last seen. Both contexts outlive the pass.
  // `resource`: what serves its kind.
  ClaimPass(Context* context, Claims* claims, Claim claim, Json object, GroupVersionResource resource);

  Task<Result<kube::Requeue>> run();

 private:
  // Steps of converge(), in order. False: stop here; findings_ says why.
  bool understand();
  Task<bool> look();
  bool admit();
  Task<bool> record(ClaimRecord record);
  Task<void> let_go_of_former();

  // Of the object that the claim holds, as if its key had not been edited.
  ClaimPass(const ClaimPass& outer, Claim as_was, ClaimMemory* memory);
  Task<void> keep_held();
  Task<void> keep(ObjectKey held);
  Task<bool> still_holds(ObjectKey held);
  const ClaimedObject* held_object() const;

  Task<void> converge();
  Task<void> finalize();
  Task<bool> remove_finalizer();
  Task<Status> write_status();
  void count(const dispatcher::SeenObject& seen);
  void count_held();
  Duration counts_may_wait(const ClaimStatus& before, const ClaimStatus& after) const;

  Task<bool> plan(policies::ClaimBasis basis);
  policies::ClaimBasis basis_seen() const;
  Task<bool> leave(std::set<ObjectKey> objects);
  Task<bool> kind_is_going();
  void find(dispatcher::ObjectOutcome outcome);
  void refuse(std::string reason, std::string sentence);
  void refuse(const Status& status);
  void refuse_class();
  std::vector<ClaimedObject> former_targets() const;
  const KnownClass* known_class() const;
  std::string who_else() const;
  kube::Requeue next_visit() const;
  void tell(const ClaimStatus& before, const ClaimStatus& after);
  kube::ObjectRef ref() const { return {resource_, claim_.metadata.ns, claim_.metadata.name}; }

  Context* context_;
  Claims* claims_;
  Claim claim_;
  Json object_;
  SharerKey me_;
  GroupVersionResource resource_;
  ClaimMemory* memory_;
  std::optional<ClaimClass> class_;    // that serves, as it was when the pass began
  std::optional<ClaimRecord> record_;  // nullopt: unreadable
  std::optional<policies::Target> target_;
  std::shared_ptr<const dispatcher::Version> version_;
  std::optional<dispatcher::Check> check_;
  ClaimParameters own_parameters_;
  ClaimFindings findings_;
  std::set<ObjectKey> awaits_;  // beside the target: what happens to them wakes the claim, too
  bool keeping_ = false;        // of the object that the claim holds, not of the one it wants
  bool class_goes_ = false;     // being deleted: what claims hold is kept, and nothing new is begun
  bool written_ = false;  // there is nobody (left) to write a status to
  bool retry_ = false;    // come back with back-off
  std::optional<Duration> return_after_;
};

}  // namespace heirloom::core
