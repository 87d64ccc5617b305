#include "core/application/pass.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "apis/labels.h"
#include "base/hash.h"
#include "base/log.h"
#include "core/application/revisions.h"
#include "core/application/status.h"
#include "core/render.h"
#include "dispatcher/stages.h"
#include "policies/admission.h"
#include "policies/collect_order.h"
#include "policies/revision_limit.h"
#include "policies/unsupported.h"
#include "schema/merge_patch.h"

namespace heirloom::core {
namespace {

using dispatcher::Dispatcher;
using dispatcher::KnownTracker;
using dispatcher::LeaveOutcome;
using dispatcher::Manifest;
using dispatcher::ObjectOutcome;
using dispatcher::ObjectState;
using kube::Requeue;

// An unknown kind may be installed any time, and no watch tells.
constexpr Duration kUnknownKindRetry = std::chrono::seconds(30);

kube::Impersonation identity_of(const policies::PolicySet& policies, const std::string& ns) {
  kube::Impersonation identity;
  if (!policies.service_account.empty())
    identity.user = fmt::format("system:serviceaccount:{}:{}", ns, policies.service_account);
  return identity;
}

// Everything but the manifests that a decision about an object depends on.
std::uint64_t hash_of_policies(const Application& app) {
  std::uint64_t hash = hash_bytes(app.metadata.annotation(annotations::kServiceAccountName));
  for (const Policy& policy : app.spec.policies)
    hash = hash_combine(hash, hash_combine(hash_bytes(policy.type), hash_json(policy.properties)));
  for (const std::string& finalizer : app.metadata.finalizers) hash = hash_combine(hash, hash_bytes(finalizer));
  return hash;
}

// What a tracker recorded, as manifests again.
std::vector<Manifest> recorded_manifests(const std::vector<ResourceTracker>& trackers, std::int64_t generation) {
  std::vector<Manifest> manifests;
  for (const ResourceTracker& tracker : trackers) {
    const bool of_version = tracker.type == TrackerType::Versioned && tracker.application_generation == generation;
    if (!of_version && tracker.type != TrackerType::Root) continue;
    for (const ManagedResource& resource : tracker.resources) {
      if (!resource.raw.is_object() || resource.deleted) continue;
      Manifest manifest;
      Result<GroupVersionKind> kind = parse_api_version(resource.api_version, resource.kind);
      if (!kind.ok()) continue;
      manifest.gvk = std::move(kind).value();
      manifest.key = resource.key();
      manifest.component = resource.component;
      manifest.desired = rewrite(resource.raw, {remove_at({"metadata", "labels", std::string(labels::kName)}),
                                                remove_at({"metadata", "labels", std::string(labels::kNamespace)})});
      manifest.declared = manifest.desired;
      manifests.push_back(std::move(manifest));
    }
  }
  return manifests;
}

kube::ObjectReference reference(const Application& app) {
  kube::ObjectReference to;
  to.api_version = kCoreApiVersion;
  to.kind = kApplicationKind;
  to.ns = app.metadata.ns;
  to.name = app.metadata.name;
  to.uid = app.metadata.uid;
  return to;
}

}  // namespace

Pass::Pass(Context* context, Application application, Json object, Status malformed)
    : context_(context), app_(std::move(application)), object_(std::move(object)), malformed_(std::move(malformed)),
      me_(app_.key()) {
  ApplicationMemory& memory = context_->memories[me_];
  if (memory.uid != app_.metadata.uid) {
    memory = ApplicationMemory();
    memory.uid = app_.metadata.uid;
  }
  memory_ = &memory;
}

Task<Result<Requeue>> Pass::run() {
  if (policies::admit(app_, context_->options->controller_version) != policies::Admission::Reconcile)
    co_return Requeue::none();
  if (!malformed_.ok()) {  // also not deleted: who knows what its policies would keep
    findings_.deleting = app_.metadata.is_deleting();
    fail(condition_types::kParsed, malformed_);
  } else if (app_.metadata.is_deleting()) {
    co_await finalize();
  } else {
    co_await converge();
    co_await watch_blockers();
  }
  if (!written_) {
    const Status status = co_await write_status();
    if (!status.ok()) co_return status;
  }
  co_return next_visit();
}

Task<void> Pass::converge() {
  if (!understand()) co_return;
  const bool held = co_await ensure_finalizer();
  if (!held) co_return;
  const bool prepared = co_await prepare();
  if (!prepared) co_return;

  dispatcher::Check check = co_await context_->dispatcher->check(version_, memory_->objects);
  const bool recorded = context_->trackers->is_recorded(*version_);
  findings_.begun = recorded;
  if (check.in_conflict && !recorded) {
    find_objects(check.outcomes);
    co_await keep_previous();
    co_return;
  }
  memory_->kept.reset();
  if (!recorded) {
    const bool done = co_await record();
    if (!done) {
      find_objects(check.outcomes);
      co_return;
    }
    findings_.begun = true;
  } else {
    findings_.revision = revision_;
  }
  if (check.in_order) {
    find_objects(check.outcomes);
    findings_.dispatched = true;
  } else {
    dispatcher::CarryOutOptions options;
    options.keep_going = app_.status.workflow && app_.status.workflow->finished &&
                         app_.status.workflow->app_revision == revision_.name;
    options.healthy = [this](const Manifest& manifest, const ObjectOutcome& outcome) {
      return healthy_now(manifest, outcome);
    };
    dispatcher::Report report = co_await context_->dispatcher->carry_out(std::move(check), memory_->objects, options);
    if (options.keep_going && report.writes > 0)
      context_->environment->metrics->count("heirloom_repairs_total", {}, report.writes);
    find_objects(report.outcomes);
    findings_.dispatched = report.complete;
  }
  if (findings_.dispatched) co_await collect();
}

// Everything that can be said without asking anybody.
bool Pass::understand() {
  const std::vector<policies::Unsupported> unsupported = policies::find_unsupported(app_);
  if (!unsupported.empty()) {
    fail(condition_types::kSupported, policies::unsupported_status(unsupported));
    return false;
  }
  Result<policies::PolicySet> parsed = policies::parse_policies(app_);
  if (!parsed.ok()) {
    fail(condition_types::kPolicy, std::move(parsed).status());
    return false;
  }
  policies_ = std::move(parsed).value();
  findings_.warnings = policies_.warnings;
  if (const Status valid = validate_application(app_); !valid.ok()) {
    fail(condition_types::kParsed, valid);
    return false;
  }
  revision_ = revision_of(app_);
  return true;
}

Task<bool> Pass::ensure_finalizer() {
  if (app_.metadata.has_finalizer(finalizers::kApplication)) co_return true;
  JsonBuilder list;
  list.begin_array();
  for (const std::string& finalizer : app_.metadata.finalizers) list.string(finalizer);
  list.string(finalizers::kApplication).end_array();
  const Json all = list.take();
  const Json metadata = Json::object({{"resourceVersion", app_.metadata.resource_version},
                                      {"uid", app_.metadata.uid}, {"finalizers", all}});
  const Json patch = Json::object({{"metadata", metadata}});
  const kube::ObjectRef ref{dispatcher::kApplications, app_.metadata.ns, app_.metadata.name};
  const std::string before = context_->sharers->application_version(me_);
  const kube::WriteOptions options;
  const Result<Json> answer =
      co_await context_->environment->api->patch(ref, kube::PatchType::Merge, patch, options);
  if (!answer.ok()) {
    retry_ = true;
    fail(condition_types::kSynced, annotate(answer.status(), "cannot add the finalizer"));
    co_return false;
  }
  context_->sharers->wrote_application(me_, *answer, before);
  object_ = *answer;
  Result<Application> again = decode_application(object_);
  if (!again.ok() || again->metadata.generation != app_.metadata.generation) {  // edited meanwhile: start over
    retry_ = true;
    written_ = true;
    co_return false;
  }
  app_ = std::move(again).value();
  co_return true;
}

// Manifests, their kinds, and what else makes up a version.
Task<bool> Pass::prepare() {
  Result<Rendering> rendering = render(app_, revision_.name, revision_.revision_hash);
  if (!rendering.ok()) {
    fail(condition_types::kRender, std::move(rendering).status());
    co_return false;
  }
  findings_.dropped = rendering->dropped;
  Result<std::vector<Manifest>> resolved = co_await context_->dispatcher->resolve(std::move(rendering->manifests));
  if (!resolved.ok()) {
    if (is_not_found(resolved.status())) return_after_ = kUnknownKindRetry;
    else retry_ = true;
    fail(condition_types::kRender, std::move(resolved).status());
    co_return false;
  }
  findings_.duplicates = dispatcher::duplicate_objects(*resolved, me_);
  if (!findings_.duplicates.empty()) co_return false;

  auto version = std::make_shared<dispatcher::Version>();
  version->me = me_;
  version->uid = app_.metadata.uid;
  version->generation = app_.metadata.generation;
  version->policies = policies_;
  version->identity = identity_of(policies_, app_.metadata.ns);
  version->manifests = std::move(resolved).value();
  for (const KnownTracker& tracker : context_->sharers->trackers(me_)) {
    if (tracker.application_uid != app_.metadata.uid) continue;
    for (const dispatcher::TrackedObject& object : tracker.objects) version->tracked.insert(object.key);
  }
  if (const std::uint64_t hash = hash_of_policies(app_); memory_->policies_hash != hash) {
    context_->table->doubt(me_);
    memory_->policies_hash = hash;
  }
  if (memory_->generation != app_.metadata.generation) {
    memory_->generation = app_.metadata.generation;
    memory_->collected = false;
  }
  version_ = std::move(version);
  co_return true;
}

// While a conflict stands in the way of this version, the last recorded one stays in force.
Task<void> Pass::keep_previous() {
  std::int64_t newest = -1;
  for (const KnownTracker& tracker : context_->sharers->trackers(me_))
    if (tracker.application_uid == app_.metadata.uid && tracker.type == TrackerType::Versioned && !tracker.deleting)
      newest = std::max(newest, tracker.generation);
  if (newest < 0) co_return;
  findings_.keeps_previous = true;
  if (!memory_->kept || memory_->kept->generation != newest) {
    const Result<std::vector<ResourceTracker>> trackers = co_await context_->trackers->read_all(me_);
    if (!trackers.ok()) {
      retry_ = true;
      co_return;
    }
    dispatcher::Version kept = *version_;
    kept.manifests = recorded_manifests(*trackers, newest);
    kept.generation = newest;
    memory_->kept = std::move(kept);
  }
  const auto kept = std::make_shared<const dispatcher::Version>(*memory_->kept);
  dispatcher::Check check = co_await context_->dispatcher->check(kept, memory_->objects);
  if (!check.in_order) {
    dispatcher::CarryOutOptions options;
    options.keep_going = true;
    options.healthy = [](const Manifest&, const ObjectOutcome&) { return true; };
    co_await context_->dispatcher->carry_out(std::move(check), memory_->objects, options);
  }
  // What this version waits for wakes us, too.
  std::set<ObjectKey> interesting;
  for (const Manifest& manifest : kept->manifests) interesting.insert(manifest.key);
  for (const Manifest& manifest : version_->manifests) interesting.insert(manifest.key);
  context_->table->declare(me_, dispatcher::ObjectTable::Source::Plan, interesting);
}

// Before the first write of a version: its revision, and its tracker.
Task<bool> Pass::record() {
  Result<LatestRevision> revision = co_await ensure_revision(context_->environment, app_, revision_);
  if (!revision.ok()) {
    retry_ = true;
    fail(condition_types::kRevision, std::move(revision).status());
    co_return false;
  }
  revision_ = *revision;
  findings_.revision = revision_;
  const Status recorded = co_await context_->trackers->record(version_, revision_.name);
  if (!recorded.ok()) {
    retry_ = recorded.code() != 413;
    fail(condition_types::kSynced, recorded);
    co_return false;
  }
  co_return true;
}

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
        drop.policy.release = policies_.releases(resource->raw, resource->skip_gc);
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
  if (memory_->collected) {  // unless somebody asks for a tracker to be collected
    const std::vector<KnownTracker> known = context_->sharers->trackers(me_);
    if (std::none_of(known.begin(), known.end(), [](const KnownTracker& tracker) { return tracker.deleting; })) co_return;
  }
  std::vector<KnownTracker> old;
  std::set<ObjectKey> rooted;
  for (const KnownTracker& tracker : context_->sharers->trackers(me_)) {
    if (tracker.type == TrackerType::Legacy) continue;
    if (!tracker.unreadable.ok()) {
      fail(condition_types::kSynced, annotate(tracker.unreadable, "objects of a version before cannot be collected"));
      co_return;
    }
    const bool mine = tracker.application_uid == app_.metadata.uid;
    const bool root = tracker.type == TrackerType::Root && mine && !tracker.deleting;
    if (root)
      for (const dispatcher::TrackedObject& object : tracker.objects) rooted.insert(object.key);
    const bool current = tracker.type == TrackerType::Versioned && mine && tracker.generation == version_->generation &&
                         !tracker.deleting;
    if (root || current) continue;
    if (policies_.garbage_collect.keep_legacy_resource && mine && !tracker.deleting) continue;
    old.push_back(tracker);
  }
  if (old.empty()) {
    memory_->collected = true;
    co_return;
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
    if (outcome.state == LeaveOutcome::State::Failed) retry_ = true;
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
  memory_->collected = true;
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
  kube::Impersonation identity = identity_of(policies_, app_.metadata.ns);
  findings_.leaving = co_await let_go(std::move(dropped), std::move(identity));
  bool left = true;
  for (const LeaveOutcome& outcome : findings_.leaving) {
    if (outcome.state == LeaveOutcome::State::Failed) retry_ = true;
    if (outcome.ask_again_after && (!return_after_ || *outcome.ask_again_after < *return_after_))
      return_after_ = outcome.ask_again_after;
    left = left && outcome.state != LeaveOutcome::State::Failed && outcome.state != LeaveOutcome::State::Waiting;
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
      for (const ResourceTracker& tracker : *rest) context_->sharers->wrote_tracker(*encode_resource_tracker(tracker));
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

void Pass::fail(std::string_view stage, Status status) {
  findings_.failed_stage = stage;
  findings_.failure = std::move(status);
}

bool Pass::healthy_now(const Manifest& manifest, const ObjectOutcome& outcome) {
  dispatcher::ObjectMemory& memory = (*memory_->objects)[manifest.key];
  if (!outcome.body.is_null()) {
    Health health = assess_health(outcome.body);
    memory.healthy = health.healthy;
    memory.health_message = std::move(health.message);
  }
  return memory.healthy;
}

void Pass::find_objects(const std::vector<ObjectOutcome>& outcomes) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const Manifest& manifest = version_->manifests[i];
    ObjectFinding finding;
    finding.outcome = outcomes[i];
    finding.outcome.key = manifest.key;
    finding.gvk = manifest.gvk;
    finding.component = manifest.component;
    finding.main = seen.insert(manifest.component).second;
    if (outcomes[i].settled()) {
      finding.health.healthy = healthy_now(manifest, outcomes[i]);
      finding.health.message = (*memory_->objects)[manifest.key].health_message;
    }
    if (outcomes[i].state == ObjectState::Failed) retry_ = true;
    const std::optional<Duration>& again = outcomes[i].ask_again_after;
    if (again && (!return_after_ || *again < *return_after_)) return_after_ = again;
    findings_.objects.push_back(std::move(finding));
  }
}

// What stands in the way and no selected watch shows is watched by name: an object that nobody manages, a Namespace that
// is missing or going.
Task<void> Pass::watch_blockers() {
  std::vector<dispatcher::KindWatches::Named> named;
  std::set<ObjectKey> interesting;
  for (const ObjectFinding& finding : findings_.objects) {
    const ObjectOutcome& outcome = finding.outcome;
    interesting.insert(outcome.key);
    if (outcome.settled()) continue;
    dispatcher::KindWatches::Named blocker;
    blocker.key = outcome.key;
    GroupVersionKind kind = finding.gvk;
    const bool absent = outcome.body.is_null();
    if (absent && (outcome.state != ObjectState::Waiting || outcome.key.ns.empty())) continue;
    if (absent) {
      blocker.key = ObjectKey{"local", "", "Namespace", "", outcome.key.ns};
      kind = GroupVersionKind{"", "v1", "Namespace"};
    } else if (outcome.body["metadata"]["labels"].contains(labels::kName)) {
      continue;  // the kind's watch shows it
    }
    const Result<kube::ResourceInfo> resource = co_await context_->environment->mapper->resource_for(kind);
    if (!resource.ok()) continue;
    blocker.resource = *resource;
    interesting.insert(blocker.key);
    named.push_back(std::move(blocker));
  }
  if (!named.empty()) {
    for (const ObjectKey& key : context_->table->objects_of(me_)) interesting.insert(key);
    context_->table->declare(me_, dispatcher::ObjectTable::Source::Plan, interesting);
  }
  context_->watches->wait_for(me_, named);
}

Task<Status> Pass::write_status() {
  const std::string now = format_time(context_->environment->clock->now());
  const ApplicationStatus after = summarize(app_, findings_, now);
  const ApplicationStatus before = app_.status;
  if (after == before) co_return Status();
  const JsonView stored = object_["status"];
  const Json nothing = Json::object();
  const Json wanted = encode_application_status(after);
  const Json change = schema::merge_diff(stored.is_object() ? stored : nothing.view(), wanted);
  const Json metadata = Json::object({{"uid", app_.metadata.uid}});
  const Json patch = Json::object({{"metadata", metadata}, {"status", change}});
  const kube::ObjectRef ref{dispatcher::kApplications, app_.metadata.ns, app_.metadata.name};
  const std::string version = context_->sharers->application_version(me_);
  kube::WriteOptions options;
  options.subresource = "status";
  const Result<Json> answer =
      co_await context_->environment->api->patch(ref, kube::PatchType::Merge, patch, options);
  if (!answer.ok()) co_return ignore_not_found(annotate(answer.status(), "cannot write the status"));
  context_->sharers->wrote_application(me_, *answer, version);
  tell(before, after);
  co_return Status();
}

void Pass::note(kube::EventType type, std::string reason, std::string message) {
  kube::EventNote event;
  event.regarding = reference(app_);
  event.type = type;
  event.reason = std::move(reason);
  event.message = std::move(message);
  context_->environment->events->record(std::move(event));
}

// Events tell of what is new: a conflict on both sides, a failure, a deployment.
void Pass::tell(const ApplicationStatus& before, const ApplicationStatus& after) {
  for (const Conflict& conflict : after.conflicts) {
    const bool known = std::any_of(before.conflicts.begin(), before.conflicts.end(), [&conflict](const Conflict& old) {
      return old.reason == conflict.reason && old.message == conflict.message;
    });
    if (known) continue;
    context_->environment->metrics->count("heirloom_conflicts_total", {{"reason", conflict.reason}});
    note(kube::EventType::Warning, conflict.reason, fmt::format("{}; fix: {}", conflict.message, conflict.fix));
    const std::optional<SharerKey> owner = parse_sharer_key(conflict.owner);
    if (!owner || *owner == me_ || !owner->is_application()) continue;
    const Json* other = context_->sharers->application(*owner);
    if (other == nullptr) continue;
    kube::EventNote event;
    event.regarding = kube::reference_to(*other);
    event.regarding.resource_version.clear();
    event.type = kube::EventType::Warning;
    event.reason = conflict.reason;
    event.message = fmt::format("application {} declares {} {}, too, and cannot have it: {}", to_string(me_), conflict.kind,
                                conflict.ns.empty() ? conflict.name : conflict.ns + "/" + conflict.name, conflict.fix);
    context_->environment->events->record(std::move(event));
  }
  const bool failed_before = [&before] {
    const Condition* ready = find_condition(before.conditions, condition_types::kReady);
    return ready != nullptr && ready->status == "False";
  }();
  if (!findings_.failed_stage.empty() && !failed_before)
    note(kube::EventType::Warning, "Failed" + findings_.failed_stage, findings_.failure.message());
  const bool deployed = after.workflow && after.workflow->finished &&
                        (!before.workflow || !before.workflow->finished ||
                         before.workflow->app_revision != after.workflow->app_revision);
  if (deployed) note(kube::EventType::Normal, "Deployed", fmt::format("revision {} is in force", revision_.name));
}

Requeue Pass::next_visit() const {
  if (written_ && !retry_) return Requeue::none();
  if (retry_) return Requeue::with_backoff();
  const int own = policies::reconcile_interval_seconds(app_);
  const Duration resync = own > 0 ? Duration(std::chrono::seconds(own)) : context_->options->resync;
  const Requeue regular = Requeue::after(context_->environment->random->jitter(resync, 0.1));
  return return_after_ ? Requeue::sooner(regular, Requeue::after(*return_after_)) : regular;
}

}  // namespace heirloom::core
