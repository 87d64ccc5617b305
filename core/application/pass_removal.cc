// The part of a pass that lets go: of what is no longer declared, and of everything when the application is deleted.
#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "apis/labels.h"
#include "base/log.h"
#include "core/application/pass.h"
#include "core/application/revisions.h"
#include "dispatcher/own_definitions.h"
#include "policies/collect_order.h"
#include "policies/revision_limit.h"
#include "policies/unsupported.h"

namespace heirloom::core {

using dispatcher::Dispatcher;
using dispatcher::KnownTracker;
using dispatcher::LeaveOutcome;
using dispatcher::Manifest;

// Objects that only other trackers list: of versions before, of a former life, or of a tracker somebody deletes.
std::vector<Dispatcher::Dropped> Pass::no_longer_declared(const std::vector<KnownTracker>& trackers, bool all) const {
  std::set<ObjectKey> declared;
  if (!all)
    for (const Manifest& manifest : version_->manifests) declared.insert(manifest.key);
  std::vector<Dispatcher::Dropped> dropped;
  for (const KnownTracker& tracker : trackers) {
    for (const dispatcher::TrackedObject& object : tracker.objects) {
      if (!declared.insert(object.key).second) continue;
      Dispatcher::Dropped drop;
      drop.object = object;
      drop.policy.release = policies_.orphan || object.skip_gc;
      dropped.push_back(std::move(drop));
    }
  }
  return dropped;
}

// Rules about collection are asked with the manifest that was recorded: read only when there are rules.
Task<std::vector<Dispatcher::Dropped>> Pass::with_policies(std::vector<Dispatcher::Dropped> dropped) {
  if (policies_.garbage_collect.rules.empty() || dropped.empty()) co_return dropped;
  const Result<std::vector<ResourceTracker>> trackers = co_await context_->trackers->read_all(me_);
  if (!trackers.ok()) {
    retry_ = true;
    co_return std::vector<Dispatcher::Dropped>();
  }
  for (Dispatcher::Dropped& drop : dropped)
    for (const ResourceTracker& tracker : *trackers)
      if (const ManagedResource* resource = tracker.find(drop.object.key); resource != nullptr && resource->raw.is_object())
        drop.policy = policies_.leave_policy(resource->raw, resource->skip_gc);
  co_return dropped;
}

// With garbage-collect `order: dependency` layer by layer: the next one waits until the one before it is gone.
Task<std::vector<LeaveOutcome>> Pass::let_go(std::vector<Dispatcher::Dropped> dropped,
                                             kube::Impersonation identity) {
  std::vector<std::vector<Dispatcher::Dropped>> layers;
  if (policies_.garbage_collect.order_by_dependency) {
    std::vector<std::string> components;
    for (const Dispatcher::Dropped& drop : dropped) components.push_back(drop.object.component);
    for (const std::vector<std::size_t>& layer : policies::collect_layers(app_.spec, components)) {
      std::vector<Dispatcher::Dropped>& objects = layers.emplace_back();
      for (const std::size_t index : layer) objects.push_back(dropped[index]);
    }
  } else {
    layers.push_back(std::move(dropped));
  }
  std::vector<LeaveOutcome> outcomes;
  bool left = true;
  for (std::vector<Dispatcher::Dropped>& layer : layers) {
    if (!left) {
      for (const Dispatcher::Dropped& drop : layer) {
        LeaveOutcome waiting;
        waiting.key = drop.object.key;
        waiting.state = LeaveOutcome::State::Waiting;
        waiting.waiting_for = fmt::format("{} waits until what depends on it is gone", drop.object.key.to_string());
        outcomes.push_back(std::move(waiting));
      }
      continue;
    }
    std::string uid = app_.metadata.uid;
    kube::Impersonation who = identity;
    std::vector<LeaveOutcome> done =
        co_await context_->dispatcher->leave_all(me_, std::move(uid), std::move(who), std::move(layer));
    for (LeaveOutcome& outcome : done) {
      left = left && outcome.state != LeaveOutcome::State::Failed && outcome.state != LeaveOutcome::State::Waiting;
      outcomes.push_back(std::move(outcome));
    }
  }
  co_return outcomes;
}

Task<void> Pass::collect() {
  std::vector<KnownTracker> old;
  bool other_life = false;
  bool asked_for = false;  // somebody deletes a tracker
  std::set<ObjectKey> rooted;
  for (const KnownTracker& tracker : context_->sharers->trackers(me_)) {
    if (tracker.type == TrackerType::Legacy) continue;
    if (!tracker.unreadable.ok()) {
      fail(condition_types::kSynced, annotate(tracker.unreadable, "objects of a version before cannot be collected"));
      co_return;
    }
    const bool mine = tracker.application_uid == app_.metadata.uid;
    // A later version has been recorded: what we have seen of the application is out of date.
    if (mine && tracker.type == TrackerType::Versioned && tracker.generation > version_->generation) co_return;
    other_life = other_life || !mine;
    const bool root = tracker.type == TrackerType::Root && mine && !tracker.deleting;
    if (root)
      for (const dispatcher::TrackedObject& object : tracker.objects) rooted.insert(object.key);
    const bool current = tracker.type == TrackerType::Versioned && mine && tracker.generation == version_->generation &&
                         !tracker.deleting;
    if (root || current) continue;
    asked_for = asked_for || tracker.deleting;
    if (policies_.garbage_collect.keep_legacy_resource && mine && !tracker.deleting) continue;
    old.push_back(tracker);
  }
  if (old.empty()) co_return;
  if (asked_for) {
    std::string definition(dispatcher::kTrackerDefinition);
    const Status stands = co_await dispatcher::definition_stands(context_->environment, std::move(definition));
    if (!stands.ok()) {
      retry_ = true;
      fail(condition_types::kSynced, stands);
      co_return;
    }
  }
  if (other_life) {  // a former one, or are we the former one?
    const kube::ObjectRef ref{dispatcher::kApplications, app_.metadata.ns, app_.metadata.name};
    const kube::GetOptions options;
    const Result<Json> now = co_await context_->environment->api->get(ref, options);
    if (!now.ok() || (*now)["metadata"]["uid"].string() != app_.metadata.uid) {
      retry_ = true;
      co_return;
    }
  }
  std::vector<Dispatcher::Dropped> dropped = no_longer_declared(old, false);
  dropped.erase(std::remove_if(dropped.begin(), dropped.end(),
                               [&rooted](const Dispatcher::Dropped& drop) { return rooted.contains(drop.object.key); }),
                dropped.end());
  const bool expected = !dropped.empty();
  dropped = co_await with_policies(std::move(dropped));
  if (expected && dropped.empty()) co_return;
  kube::Impersonation identity = version_->identity;
  findings_.leaving = co_await let_go(std::move(dropped), std::move(identity));
  for (const LeaveOutcome& outcome : findings_.leaving) {
    if (outcome.wants_retry()) retry_ = true;
    if (outcome.ask_again_after && (!return_after_ || *outcome.ask_again_after < *return_after_))
      return_after_ = outcome.ask_again_after;
    if (outcome.state == LeaveOutcome::State::Failed || outcome.state == LeaveOutcome::State::Waiting) co_return;
    memory_->objects->erase(outcome.key);
  }
  for (KnownTracker& tracker : old) {
    const Status removed = co_await context_->trackers->remove(std::move(tracker));
    if (removed.ok()) continue;
    retry_ = true;
    fail(condition_types::kSynced, removed);
    co_return;
  }
  // Numbers begin at 1: without more numbers than the limit there cannot be more revisions.
  const int limit = policies_.garbage_collect.application_revision_limit.value_or(policies::kDefaultRevisionLimit);
  if (revision_.revision <= limit + 1) co_return;
  Application application = app_;
  std::string latest = revision_.name;
  policies::GarbageCollectPolicy policy = policies_.garbage_collect;
  co_await prune_revisions(context_->environment, std::move(application), std::move(latest), std::move(policy));
}

Task<void> Pass::finalize() {
  findings_.deleting = true;
  if (!app_.metadata.has_finalizer(finalizers::kApplication)) {  // nothing was ever begun, or all is done
    written_ = true;
    co_return;
  }
  const std::vector<policies::Unsupported> unsupported = policies::find_unsupported(app_);
  if (!unsupported.empty()) {
    fail(condition_types::kSupported, policies::unsupported_status(unsupported));
    co_return;
  }
  // What the cache shows may be of a definition that is gone, and installed again since.
  std::vector<dispatcher::Recorded> records;
  for (KnownTracker& tracker : context_->sharers->trackers(me_))
    if (tracker.application_uid == app_.metadata.uid) records.push_back(std::move(tracker.recorded));
  std::string definition(dispatcher::kApplicationDefinition);
  const Status stands =
      co_await dispatcher::definition_stands(context_->environment, std::move(definition), std::move(records));
  if (!stands.ok()) {  // not the author's wish, and nothing is written, not even a status
    log::warning("an application is not let go of", {{"application", to_string(me_)}, {"error", stands.message()}});
    retry_ = !stands.has_reason(dispatcher::kDefinitionLost);  // then somebody lets it go, which will be seen
    written_ = true;
    co_return;
  }
  Result<policies::PolicySet> parsed = policies::parse_policies(app_);
  if (!parsed.ok()) {
    // What cannot be understood releases nothing that it should not: unknown policies fail closed.
    fail(condition_types::kPolicy, std::move(parsed).status());
    co_return;
  }
  policies_ = std::move(parsed).value();

  const std::vector<KnownTracker> trackers = context_->sharers->trackers(me_);
  for (const KnownTracker& tracker : trackers) {
    if (tracker.unreadable.ok()) continue;
    fail(condition_types::kSynced, tracker.unreadable);
    co_return;
  }
  std::vector<Dispatcher::Dropped> dropped = no_longer_declared(trackers, true);
  const bool expected = !dropped.empty();
  dropped = co_await with_policies(std::move(dropped));
  if (expected && dropped.empty()) co_return;
  kube::Impersonation identity = objects_identity();
  findings_.leaving = co_await let_go(std::move(dropped), std::move(identity));
  bool left = true;
  for (const LeaveOutcome& outcome : findings_.leaving) {
    if (outcome.wants_retry()) retry_ = true;
    if (outcome.ask_again_after && (!return_after_ || *outcome.ask_again_after < *return_after_))
      return_after_ = outcome.ask_again_after;
    left = left && outcome.state != LeaveOutcome::State::Failed && outcome.state != LeaveOutcome::State::Waiting;
    if (outcome.kept == policies::Kept::No) continue;
    left = false;  // first it is said in the status; the next pass finds nothing more to let go of
    return_after_ = Duration::zero();
  }
  if (!left) co_return;
  for (const KnownTracker& tracker : trackers) {
    const Status removed = co_await context_->trackers->remove(tracker);
    if (removed.ok()) continue;
    retry_ = true;
    fail(condition_types::kSynced, removed);
    co_return;
  }
  written_ = co_await remove_finalizers();
}

// Only after an uncached read says that nothing is left.
Task<bool> Pass::remove_finalizers() {
  const Result<std::vector<ResourceTracker>> rest = co_await context_->trackers->read_all(me_);
  if (!rest.ok() || !rest->empty()) {
    retry_ = true;
    if (!rest.ok()) fail(condition_types::kSynced, rest.status());
    else
      for (const ResourceTracker& tracker : *rest) context_->sharers->found_tracker(*encode_resource_tracker(tracker));
    co_return false;
  }
  JsonBuilder list;
  list.begin_array();
  for (const std::string& finalizer : app_.metadata.finalizers)
    if (finalizer != finalizers::kApplication && finalizer != finalizers::kOrphan) list.string(finalizer);
  list.end_array();
  const Json others = list.take();
  const Json metadata = Json::object({{"resourceVersion", app_.metadata.resource_version},
                                      {"uid", app_.metadata.uid}, {"finalizers", others}});
  const Json patch = Json::object({{"metadata", metadata}});
  const kube::ObjectRef ref{dispatcher::kApplications, app_.metadata.ns, app_.metadata.name};
  const kube::WriteOptions options;
  const Result<Json> answer =
      co_await context_->environment->api->patch(ref, kube::PatchType::Merge, patch, options);
  if (!answer.ok() && !is_not_found(answer.status())) {
    retry_ = true;
    fail(condition_types::kSynced, annotate(answer.status(), "cannot remove the finalizer"));
    co_return false;
  }
  context_->sharers->finalized(me_, app_.metadata.uid);
  context_->table->declare(me_, dispatcher::ObjectTable::Source::Plan, {});
  context_->watches->wait_for(me_, {});
  context_->memories.erase(me_);
  co_return true;
}

}  // namespace heirloom::core
