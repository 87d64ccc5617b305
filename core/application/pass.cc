#include "core/application/pass.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "apis/labels.h"
#include "base/hash.h"
#include "core/application/revisions.h"
#include "core/render.h"
#include "dispatcher/object_write.h"
#include "dispatcher/stages.h"
#include "policies/admission.h"
#include "policies/unsupported.h"

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

// Everything but the manifests that a decision about an object depends on.
std::uint64_t hash_of_policies(const Application& app) {
  std::uint64_t hash = hash_bytes(app.metadata.annotation(annotations::kServiceAccountName));
  for (const Policy& policy : app.spec.policies)
    hash = hash_combine(hash, hash_combine(hash_bytes(policy.type), hash_json(policy.properties)));
  for (const std::string& finalizer : app.metadata.finalizers) hash = hash_combine(hash, hash_bytes(finalizer));
  return hash;
}

// What the trackers of one version in this life recorded, as manifests again.
std::vector<Manifest> recorded_manifests(const std::vector<ResourceTracker>& trackers, std::string_view uid,
                                         std::int64_t generation) {
  std::vector<Manifest> manifests;
  for (const ResourceTracker& tracker : trackers) {
    if (tracker.application_uid() != uid) continue;
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

// What the version before this one declared, and what the root tracker keeps. An older version that is not collected yet
// says nothing: what it declared and the one after it did not has been given up, and somebody may be about to delete it;
// who declares it again comes back with a new mark. Without a version before, this one's own tracker speaks.
std::set<ObjectKey> declared_without_break(const std::vector<KnownTracker>& trackers, const std::string& uid,
                                           std::int64_t generation) {
  const KnownTracker* before = nullptr;
  const KnownTracker* own = nullptr;
  std::set<ObjectKey> keys;
  const auto add = [&keys](const KnownTracker& tracker) {
    for (const dispatcher::TrackedObject& object : tracker.objects) keys.insert(object.key);
  };
  for (const KnownTracker& tracker : trackers) {
    if (tracker.application_uid != uid) continue;
    if (tracker.type == TrackerType::Root) add(tracker);
    if (tracker.type != TrackerType::Versioned) continue;
    if (tracker.generation == generation) own = &tracker;
    if (tracker.generation < generation && (before == nullptr || tracker.generation > before->generation))
      before = &tracker;
  }
  if (before == nullptr) before = own;
  if (before != nullptr) add(*before);
  return keys;
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
    co_await watch_for_blockers();
  }
  if (!written_ && !is_between()) {
    const Status status = co_await write_status();
    if (!status.ok()) co_return status;
  }
  co_return next_visit();
}

Task<void> Pass::converge() {
  if (!understand()) co_return;
  const bool current = co_await is_current();
  if (!current) co_return;
  const bool held = co_await ensure_finalizer();
  if (!held) co_return;
  const bool prepared = co_await prepare();
  if (!prepared) co_return;

  dispatcher::Check check = co_await check_objects(version_);
  const bool recorded = context_->trackers->is_recorded(*version_);
  findings_.begun = recorded;
  if (check.in_conflict && !recorded) {
    find_objects(check.outcomes);
    co_await keep_previous();
    co_return;
  }
  memory_->kept.reset();
  std::vector<ObjectKey> without = without_history(check);
  const bool learned = co_await learn_previous(std::move(without));
  if (learned) check = co_await check_objects(version_);
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
  // garbage-collect continueOnFailure: what is no longer declared goes also while this version is stuck.
  const bool failed = std::any_of(findings_.objects.begin(), findings_.objects.end(), [](const ObjectFinding& finding) {
    return finding.outcome.state == ObjectState::Conflict;
  });
  if (findings_.dispatched || (failed && policies_.garbage_collect.continue_on_failure)) co_await collect();
}

Task<dispatcher::Check> Pass::check_objects(std::shared_ptr<const dispatcher::Version> version) {
  dispatcher::Check check = co_await context_->dispatcher->check(version, memory_->objects);
  note_health(*version, check.outcomes);
  co_return check;
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

// A later version has been recorded than the one we see, so what we see may be out of date: another controller, or the
// one before us, saw more. In the name of a version that is past nothing is kept up, dropped or collected.
Task<bool> Pass::is_current() {
  const std::vector<KnownTracker> trackers = context_->sharers->trackers(me_);
  const bool overtaken = std::any_of(trackers.begin(), trackers.end(), [this](const KnownTracker& tracker) {
    return tracker.application_uid == app_.metadata.uid && tracker.type == TrackerType::Versioned &&
           tracker.generation > app_.metadata.generation;
  });
  if (!overtaken) co_return true;
  const kube::ObjectRef ref{dispatcher::kApplications, app_.metadata.ns, app_.metadata.name};
  const kube::GetOptions options;
  const Result<Json> now = co_await context_->environment->api->get(ref, options);
  if (now.ok() && (*now)["metadata"]["uid"].string() == app_.metadata.uid &&
      (*now)["metadata"]["generation"].int64() == app_.metadata.generation)
    co_return true;  // somebody wrote that tracker by hand
  retry_ = true;
  written_ = true;
  co_return false;
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
  const std::string before = context_->sharers->version(me_);
  const kube::WriteOptions options;
  const Result<Json> answer =
      co_await context_->environment->api->patch(ref, kube::PatchType::Merge, patch, options);
  if (!answer.ok()) {
    retry_ = true;
    fail(condition_types::kSynced, annotate(answer.status(), "cannot add the finalizer"));
    co_return false;
  }
  context_->sharers->wrote(me_, *answer, before);
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
  std::set<GroupKind> known;
  for (const KnownTracker& tracker : context_->sharers->trackers(me_))
    for (const dispatcher::TrackedObject& object : tracker.objects) known.insert(object.key.group_kind());
  Result<std::vector<Manifest>> resolved =
      co_await context_->dispatcher->resolve(std::move(rendering->manifests), std::move(known));
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
  version->identity = objects_identity();
  version->manifests = std::move(resolved).value();
  version->tracked = declared_without_break(context_->sharers->trackers(me_), version->uid, version->generation);
  if (const std::uint64_t hash = hash_of_policies(app_); memory_->policies_hash != hash) {
    context_->table->doubt(me_);
    memory_->policies_hash = hash;
  }
  version_ = std::move(version);
  co_return true;
}

// Objects of ours that say nothing of what was declared before (KubeVela's ConfigMaps and Secrets, a record too large).
std::vector<ObjectKey> Pass::without_history(const dispatcher::Check& check) const {
  std::vector<ObjectKey> keys;
  for (const dispatcher::Inspection& seen : check.inspections)
    if (seen.live && seen.decision.may_write_content && version_->tracked.contains(seen.live->key) &&
        !dispatcher::says_what_was_declared(*seen.live, seen.body))
      keys.push_back(seen.live->key);
  return keys;
}

// The tracker of the version before tells of them, as long as it is there. True when it told anything, and the objects
// are to be looked at again.
Task<bool> Pass::learn_previous(std::vector<ObjectKey> objects) {
  if (objects.empty()) co_return false;
  std::int64_t before = -1;
  for (const KnownTracker& tracker : context_->sharers->trackers(me_))
    if (tracker.application_uid == app_.metadata.uid && tracker.type == TrackerType::Versioned &&
        tracker.generation < version_->generation)
      before = std::max(before, tracker.generation);
  if (before < 0) co_return false;
  const Result<std::vector<ResourceTracker>> trackers = co_await context_->trackers->read_all(me_);
  if (!trackers.ok()) {
    retry_ = true;
    co_return false;
  }
  auto version = std::make_shared<dispatcher::Version>(*version_);
  for (Manifest& manifest : recorded_manifests(*trackers, version_->uid, before))
    version->previous.emplace(manifest.key, std::move(manifest.desired));
  for (const ObjectKey& key : objects) context_->table->unverify(me_, key);
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
    kept.manifests = recorded_manifests(*trackers, version_->uid, newest);
    kept.generation = newest;
    kept.policies.take_over.clear();  // keeping takes over nothing new
    memory_->kept = std::move(kept);
  }
  const auto kept = std::make_shared<dispatcher::Version>(*memory_->kept);
  for (const Manifest& manifest : version_->manifests) kept->awaited.insert(manifest.key);
  dispatcher::Check check = co_await check_objects(kept);
  if (!check.in_order) {
    dispatcher::CarryOutOptions options;
    options.keep_going = true;
    options.healthy = [](const Manifest&, const ObjectOutcome&) { return true; };
    const dispatcher::Report report =
        co_await context_->dispatcher->carry_out(std::move(check), memory_->objects, options);
    note_health(*kept, report.outcomes);
    for (const ObjectOutcome& outcome : report.outcomes) come_back_for(outcome);
  }
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

// Whose rights the application's objects are touched with: the controller's own, or those of its service account.
kube::Impersonation Pass::objects_identity() const {
  kube::Impersonation identity;
  if (!policies_.service_account.empty())
    identity.user = fmt::format("system:serviceaccount:{}:{}", app_.metadata.ns, policies_.service_account);
  return identity;
}

void Pass::fail(std::string_view stage, Status status) {
  findings_.failed_stage = stage;
  findings_.failure = std::move(status);
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
