// The part of a claim's pass that lets go: of former targets, of everything when the claim is deleted, and after claims
// that are gone without having let go.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "apis/labels.h"
#include "base/log.h"
#include "core/claim/claim_pass.h"
#include "dispatcher/stages.h"

namespace heirloom::core {
namespace {

using dispatcher::Dispatcher;
using dispatcher::LeaveOutcome;
using kube::Requeue;

bool is_left(const LeaveOutcome& outcome) {
  return outcome.state == LeaveOutcome::State::Left || outcome.state == LeaveOutcome::State::Stays;
}

// What becomes of an object whose last claim this is. Nothing: not to be said yet.
std::optional<policies::LeavePolicy> when_empty(Context* context, const KnownClass* known, std::string_view recorded) {
  policies::LeavePolicy policy;
  const bool usable = known != nullptr && known->fault.ok();
  const std::string_view says = usable ? to_string(known->claim_class.spec.when_empty) : recorded;
  if (says == to_string(WhenEmpty::Orphan)) {
    policy.release = true;
  } else if (says == to_string(WhenEmpty::Retain)) {
    const bool there = usable && !known->built_in && !known->claim_class.metadata.is_deleting();
    if (!there) {  // nobody is left to keep it: what was to be retained is not destroyed
      policy.release = true;
    } else if (!known->claim_class.metadata.has_finalizer(finalizers::kClaimClass)) {
      return std::nullopt;
    } else {
      const ObjectMeta& metadata = known->claim_class.metadata;
      policy.heir = policies::Heir{known->claim_class.key(), policies::make_mark(metadata.uid, metadata.generation),
                                   format_time(context->environment->clock->now())};
    }
  }
  return policy;
}

std::vector<Dispatcher::Dropped> dropped(Context* context, const std::vector<ClaimedObject>& recorded,
                                         const std::set<ObjectKey>& objects, const policies::LeavePolicy& policy) {
  std::vector<Dispatcher::Dropped> all;
  for (const ObjectKey& object : objects) {
    Dispatcher::Dropped drop;
    drop.object.key = object;
    drop.policy = policy;
    const auto at = std::find_if(recorded.begin(), recorded.end(),
                                 [&object](const ClaimedObject& target) { return target.key == object; });
    if (at != recorded.end()) {
      drop.object.api_version = at->api_version;
    } else if (const kube::ResourceInfo* resource = context->watches->watched(object.group_kind()); resource != nullptr) {
      drop.object.api_version = resource->kind.api_version();
    } else {
      drop.object.api_version = object.group.empty() ? "v1" : object.group + "/v1";  // discovery knows better
    }
    all.push_back(std::move(drop));
  }
  return all;
}

}  // namespace

Task<bool> ClaimPass::leave(std::set<ObjectKey> objects) {
  const bool kind_goes = co_await kind_is_going();
  std::optional<policies::LeavePolicy> policy =
      when_empty(context_, known_class(), record_ ? record_->when_empty : std::string());
  if (kind_goes) {
    policy = policies::LeavePolicy();
    policy->release = true;
  }
  if (!policy) {
    SharerKey class_key = known_class()->claim_class.key();
    claims_->wake(class_key);
    retry_ = true;
    co_return false;
  }
  const std::vector<ClaimedObject> recorded = record_ ? record_->targets : std::vector<ClaimedObject>();
  std::vector<Dispatcher::Dropped> all = dropped(context_, recorded, objects, *policy);
  std::string uid = claim_.metadata.uid;
  kube::Impersonation nobody;
  findings_.leaving = co_await context_->dispatcher->leave_all(me_, std::move(uid), std::move(nobody), std::move(all));
  bool left = true;
  for (const LeaveOutcome& outcome : findings_.leaving) {
    if (outcome.wants_retry()) retry_ = true;
    if (outcome.ask_again_after && (!return_after_ || *outcome.ask_again_after < *return_after_))
      return_after_ = outcome.ask_again_after;
    if (is_left(outcome)) {
      memory_->objects->erase(outcome.key);
      claims_->let_go(me_, outcome.key);
    }
    // A claim that lives in its own namespace would be waited for by the namespace, which it waits for.
    const bool own_home = claim_.metadata.is_deleting() && outcome.state == LeaveOutcome::State::Waiting &&
                          dispatcher::is_namespace(outcome.key) && outcome.key.name == me_.ns;
    left = left && (is_left(outcome) || own_home);
  }
  co_return left;
}

// Whoever deletes a claim kind's definition deletes all claims of the kind, and hardly means their objects: those are
// released. Asked of the server: the claim's end may be told before the definition's.
Task<bool> ClaimPass::kind_is_going() {
  if (!claim_.metadata.is_deleting()) co_return false;
  const kube::ObjectRef definition{dispatcher::kDefinitions, "", me_.kind};
  const kube::GetOptions options;
  const Result<Json> found = co_await context_->environment->api->get(definition, options);
  if (found.ok()) co_return (*found)["metadata"].contains("deletionTimestamp");
  const KnownDefinition* known = claims_->definitions().find(me_.kind);
  co_return is_not_found(found.status()) || known == nullptr || known->deleting;
}

// After the present target has been joined, never before.
Task<void> ClaimPass::let_go_of_former() {
  std::set<ObjectKey> objects;
  for (const ClaimedObject& former : former_targets()) objects.insert(former.key);
  if (objects.empty()) co_return;
  const bool left = co_await leave(std::move(objects));
  if (!left) co_return;
  ClaimRecord wanted = *record_;
  wanted.targets = {{target_->api_version, target_->key, target_->key_fields}};
  co_await record(std::move(wanted));
}

Task<void> ClaimPass::finalize() {
  findings_.deleting = true;
  if (!claim_.metadata.has_finalizer(finalizers::kClaim)) {  // nothing was ever begun, or all is done
    claims_->forget(me_);
    written_ = true;
    co_return;
  }
  std::set<ObjectKey> objects = claims_->strays(me_);
  if (record_) {
    for (const ClaimedObject& target : record_->targets) objects.insert(target.key);
  } else {  // somebody made the record unreadable: what we have seen stands in
    for (const ObjectKey& object : context_->table->objects_of(me_)) objects.insert(object);
    if (claim_.status.bound_to) objects.insert(claim_.status.bound_to->key());
  }
  const bool left = co_await leave(std::move(objects));
  if (left) written_ = co_await remove_finalizer();
}

// Guarded by what was read: whoever recorded another target meanwhile makes it fail.
Task<bool> ClaimPass::remove_finalizer() {
  JsonBuilder list;
  list.begin_array();
  for (const std::string& finalizer : claim_.metadata.finalizers)
    if (finalizer != finalizers::kClaim) list.string(finalizer);
  list.end_array();
  const Json others = list.take();
  const Json metadata = Json::object({{"resourceVersion", claim_.metadata.resource_version},
                                      {"uid", claim_.metadata.uid}, {"finalizers", others}});
  const Json patch = Json::object({{"metadata", metadata}});
  const kube::WriteOptions options;
  const Result<Json> answer =
      co_await context_->environment->api->patch(ref(), kube::PatchType::Merge, patch, options);
  if (!answer.ok() && !is_not_found(answer.status())) {
    retry_ = true;
    refuse(std::string(claim_reasons::kReconcileError), annotate(answer.status(), "cannot remove the finalizer").message());
    co_return is_conflict(answer.status());
  }
  context_->sharers->finalized(me_, claim_.metadata.uid);
  // The end of this life may have been told before the answer came.
  for (const ObjectKey& object : claims_->strays(me_)) claims_->let_go(me_, object);
  context_->table->declare(me_, dispatcher::ObjectTable::Source::Plan, {});
  context_->table->declare(me_, dispatcher::ObjectTable::Source::Tracker, {});
  context_->watches->wait_for(me_, {});
  claims_->forget(me_);
  co_return true;
}

namespace {

// A claim whose finalizer was taken away by hand. Gone is what an uncached read says, and says again after the grace
// period.
Task<Result<Requeue>> tidy_up_after_claim(Context* context, Claims* claims, SharerKey key) {
  claims->forget(key);
  context->watches->wait_for(key, {});
  context->table->declare(key, dispatcher::ObjectTable::Source::Plan, {});
  std::set<ObjectKey> objects = claims->strays(key);
  for (const ObjectKey& object : context->table->objects_of(key)) objects.insert(object);
  if (objects.empty()) co_return Requeue::none();

  const ObjectKey itself{"local", key.kind, "Claim", key.ns, key.name};
  const dispatcher::LivenessAnswer answer = co_await context->sharers->liveness(key, itself);
  if (answer.ask_again_after) co_return Requeue::after(*answer.ask_again_after);
  if (answer.liveness != policies::Liveness::Dead) co_return Requeue::with_backoff();

  const KnownClass* known = claims->registry().of_kind(key.kind);
  const std::optional<policies::LeavePolicy> policy = when_empty(context, known, to_string(WhenEmpty::Delete));
  if (!policy) co_return Requeue::with_backoff();
  std::vector<Dispatcher::Dropped> all = dropped(context, {}, objects, *policy);
  std::string uid;
  kube::Impersonation nobody;
  const std::vector<LeaveOutcome> outcomes =
      co_await context->dispatcher->leave_all(key, std::move(uid), std::move(nobody), std::move(all));
  for (const LeaveOutcome& outcome : outcomes) {
    if (outcome.state == LeaveOutcome::State::Failed) co_return outcome.error;
    if (outcome.wants_retry()) co_return Requeue::with_backoff();
    if (outcome.ask_again_after) co_return Requeue::after(*outcome.ask_again_after);
    if (!outcome.wrote) continue;  // it had let go, or the object is being deleted: nothing is left to do
    log::warning("a claim was gone without having let go of its object: its finalizer was removed by hand",
                 {{"claim", to_string(key)}, {"object", outcome.key.to_string()}});
  }
  if (context->sharers->find(key) != nullptr) co_return Requeue::with_backoff();  // a new life began meanwhile
  for (const ObjectKey& object : objects) claims->let_go(key, object);
  context->table->declare(key, dispatcher::ObjectTable::Source::Tracker, {});
  co_return Requeue::none();
}

}  // namespace

Task<Result<Requeue>> reconcile_claim(Context* context, Claims* claims, SharerKey key) {
  const Json* cached = context->sharers->find(key);
  if (cached == nullptr) {
    Result<Requeue> tidied = co_await tidy_up_after_claim(context, claims, std::move(key));
    co_return tidied;
  }
  Json object = *cached;
  const std::string plural = key.kind.substr(0, key.kind.find('.'));
  Claim claim = decode_claim(object, plural);
  GroupVersionResource resource = *context->sharers->resource_of(key.kind);  // watched, or it would not be known
  ClaimPass pass(context, claims, std::move(claim), std::move(object), std::move(resource));
  Result<Requeue> outcome = co_await pass.run();
  co_return outcome;
}

}  // namespace heirloom::core
