#include "core/claim_class/class_pass.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "apis/claim.h"
#include "apis/labels.h"
#include "core/claim_class/class_status.h"
#include "core/status_patch.h"
#include "dispatcher/dispatcher.h"
#include "dispatcher/sharers.h"
#include "policies/claim_definition.h"

namespace heirloom::core {
namespace {

// Of the status; status_patch.h says why.
constexpr std::string_view kWhole[] = {"observedGeneration", "conditions", "claims", "targets"};

using dispatcher::Dispatcher;
using dispatcher::LeaveOutcome;
using dispatcher::ObjectTable;
using kube::Requeue;

// Counts in a status are for people: many claims that come at once cost a count and a write now and then, not one each.
constexpr Duration kCountsInterval = std::chrono::seconds(1);

constexpr std::string_view kRefused = "the API server refuses the definition of its claims";

kube::ObjectRef class_ref(const std::string& name) { return {dispatcher::kClaimClasses, "", name}; }
kube::ObjectRef definition_ref(const std::string& name) { return {dispatcher::kDefinitions, "", name}; }

// Everything whose record names the class: what it retains, or what it has not let go of.
std::set<ObjectKey> objects_of(Context* context, Claims* claims, const SharerKey& me) {
  std::set<ObjectKey> objects = claims->strays(me);
  for (const ObjectKey& object : context->table->objects_of(me)) objects.insert(object);
  return objects;
}

Dispatcher::Dropped drop(Context* context, const ObjectKey& object, const policies::LeavePolicy& policy) {
  Dispatcher::Dropped dropped;
  dropped.object.key = object;
  const kube::ResourceInfo* resource = context->watches->watched(object.group_kind());
  dropped.object.api_version = resource != nullptr        ? resource->kind.api_version()
                               : object.group.empty() ? "v1"
                                                      : object.group + "/v1";  // discovery knows better
  dropped.policy = policy;
  return dropped;
}

class ClassPass {
 public:
  ClassPass(Context* context, Claims* claims, SharerKey me, Json object)
      : context_(context), claims_(claims), me_(std::move(me)), object_(std::move(object)),
        known_(*claims->registry().named(me_.name)), class_(known_.claim_class) {
    class_.metadata = decode_metadata(object_);
    class_.status = decode_claim_class_status(object_["status"]);
    findings_.fault = known_.fault;
  }

  Task<Result<Requeue>> run() {
    Status status;
    if (class_.metadata.is_deleting()) {
      status = co_await finalize();
    } else if (known_.fault.ok()) {
      status = co_await serve();
    }
    if (!status.ok()) co_return status;
    if (gone_) co_return Requeue::none();
    count();
    status = co_await write_status();
    if (!status.ok()) co_return status;
    co_return return_after_ ? Requeue::after(*return_after_) : Requeue::none();  // all else is watched
  }

 private:
  const ClaimKind& claim_kind() const { return class_.spec.claim; }

  // Finalizer, then definition, then what is retained: a crash in between costs a pass.
  Task<Status> serve() {
    if (must_be_held() && !class_.metadata.has_finalizer(finalizers::kClaimClass)) {
      std::vector<std::string> all = class_.metadata.finalizers;
      all.emplace_back(finalizers::kClaimClass);
      const Status held = co_await write_finalizers(std::move(all));
      if (!held.ok()) co_return held;
    }
    const Status defined = co_await define();
    if (!defined.ok()) co_return defined;
    const Status watched = co_await watch_objects();
    if (!watched.ok()) co_return watched;
    const Status kept = co_await keep();
    co_return kept;
  }

  // One that we made and that goes serves on as it was compiled in: only what it retains would miss it. So nobody has to
  // wait for us who takes Heirloom off a cluster.
  bool must_be_held() const {
    return !made_by_us() || class_.spec.when_empty == WhenEmpty::Retain || !objects_of(context_, claims_, me_).empty();
  }
  bool made_by_us() const { return class_.metadata.labels.contains(labels::kBuiltIn); }

  Task<Status> write_finalizers(std::vector<std::string> finalizers) {
    JsonBuilder list;
    list.begin_array();
    for (const std::string& finalizer : finalizers) list.string(finalizer);
    list.end_array();
    const Json all = list.take();
    const Json metadata = Json::object({{"resourceVersion", class_.metadata.resource_version},
                                        {"uid", class_.metadata.uid}, {"finalizers", all}});
    const Json patch = Json::object({{"metadata", metadata}});
    const std::string before = context_->sharers->version(me_);
    const kube::ObjectRef ref = class_ref(me_.name);
    const kube::WriteOptions options;
    const Result<Json> answer = co_await context_->environment->api->patch(ref, kube::PatchType::Merge, patch, options);
    if (!answer.ok()) co_return annotate(answer.status(), "cannot write the finalizer");
    if ((*answer)["metadata"].exists()) {
      context_->sharers->wrote(me_, *answer, before);
      object_ = *answer;
      class_.metadata = decode_metadata(object_);
    }
    co_return Status();
  }

  // The definition of the claims. One that somebody else made stays as it is.
  Task<Status> define() {
    const std::string name = claim_kind().sharer_kind();
    const KnownDefinition* known = claims_->definitions().find(name);
    if (known == nullptr && made_by_us()) {
      findings_.definition = fmt::format("CustomResourceDefinition {} is not installed: kubectl apply -f apis/crds", name);
      co_return Status();
    }
    if (known == nullptr) {
      const Status created = co_await create_definition();
      co_return created;
    }
    const KnownDefinition definition = *known;
    findings_.made_definition = definition.claim_class == me_.name && !made_by_us();
    if (definition.deleting) findings_.definition = fmt::format("CustomResourceDefinition {} is being deleted", name);
    else if (!definition.established) findings_.definition = not_established();
    else if (!definition.namespaced)
      findings_.definition = fmt::format("CustomResourceDefinition {} is cluster-scoped; claims live in namespaces", name);
    else if (!definition.serves(claim_kind().version) && !findings_.made_definition)
      findings_.definition = fmt::format("CustomResourceDefinition {} was there before and does not serve {}", name,
                                         claim_kind().version);
    if (definition.deleting || made_by_us()) co_return Status();
    // Left behind by a class that is gone: the kind is this one's now.
    const bool inherited = !definition.claim_class.empty() && !findings_.made_definition &&
                           claims_->registry().named(definition.claim_class) == nullptr;
    if (!inherited && !(findings_.made_definition && is_news())) co_return Status();
    const Status kept = co_await keep_definition(name);
    if (kept.ok()) findings_.made_definition = true;
    co_return kept;
  }

  // Edited since it was looked at; or its definition was refused then, which only another attempt can take back.
  bool is_news() const {
    const Condition* ready = find_condition(class_.status.conditions, condition_types::kReady);
    return class_.status.observed_generation != class_.metadata.generation ||
           (ready != nullptr && ready->message.starts_with(kRefused));
  }

  std::string not_established() const {
    return fmt::format("CustomResourceDefinition {} is not established yet", claim_kind().sharer_kind());
  }

  Task<Status> create_definition() {
    findings_.definition = not_established();
    const Json definition = policies::definition_of(class_);
    const kube::Collection collection{dispatcher::kDefinitions, ""};
    const kube::WriteOptions options;
    const Result<Json> created = co_await context_->environment->api->create(collection, definition, options);
    if (created.ok() || is_already_exists(created.status())) co_return Status();  // the watch tells
    refuse_definition(created.status());
    co_return is_invalid(created.status()) ? Status() : annotate(created.status(), "cannot create the definition of its claims");
  }

  // The class was edited, or it takes the definition over.
  Task<Status> keep_definition(std::string name) {
    const Json wanted = policies::definition_of(class_);
    const Json labels = wanted["metadata"]["labels"].to_json();
    const Json spec = wanted["spec"].to_json();
    const Json metadata = Json::object({{"labels", labels}});
    const Json patch = Json::object({{"metadata", metadata}, {"spec", spec}});
    const kube::ObjectRef ref = definition_ref(name);
    const kube::WriteOptions options;
    const Result<Json> patched = co_await context_->environment->api->patch(ref, kube::PatchType::Merge, patch, options);
    if (patched.ok() || is_not_found(patched.status())) co_return Status();
    refuse_definition(patched.status());
    co_return is_invalid(patched.status()) ? Status() : annotate(patched.status(), "cannot keep the definition of its claims");
  }

  void refuse_definition(const Status& status) {
    findings_.definition = fmt::format("{}: {}", kRefused, status.message());
  }

  // What it retained in a former life of this process is found by the watch of the objects' kind.
  Task<Status> watch_objects() {
    const GroupVersionKind kind = gvk_of(class_.spec.object);
    const Result<kube::ResourceInfo> resource = co_await context_->environment->mapper->resource_for(kind);
    if (!resource.ok()) co_return kube::is_kind_unknown(resource.status()) ? Status() : resource.status();
    const Status watched = co_await context_->watches->ensure(*resource);
    co_return watched;
  }

  // Retained objects: its own until a claim comes, until the time is over, or until the class says something else.
  Task<Status> keep() {
    std::vector<Dispatcher::Dropped> drops;
    std::set<ObjectKey> retained;
    for (const ObjectKey& object : objects_of(context_, claims_, me_)) {
      const dispatcher::SeenObject* seen = context_->table->find(object);
      if (seen == nullptr || !seen->live.lists(me_)) {
        claims_->let_go(me_, object);
        continue;
      }
      const bool alone = seen->live.ledger == policies::Ledger{me_};
      policies::LeavePolicy policy;
      policy.release = class_.spec.when_empty == WhenEmpty::Orphan;
      // Should whoever joined turn out to be dead, the object is retained from now on.
      if (!alone && class_.spec.when_empty == WhenEmpty::Retain)
        policy.heir = policies::Heir{me_, policies::make_mark(class_.metadata.uid, class_.metadata.generation),
                                     format_time(context_->environment->clock->now())};
      const std::optional<Duration> left = alone ? time_left(*seen) : Duration::zero();
      if (left && *left <= Duration::zero()) {
        drops.push_back(drop(context_, object, policy));
        continue;
      }
      retained.insert(object);
      context_->table->verify(me_, object, seen->hash);
      if (left && (!return_after_ || *left < *return_after_)) return_after_ = left;
    }
    std::set<ObjectKey> interesting = retained;
    for (const Dispatcher::Dropped& dropped : drops) interesting.insert(dropped.object.key);
    context_->table->declare(me_, ObjectTable::Source::Plan, interesting);
    for (const ObjectKey& object : retained) {
      const dispatcher::SeenObject* seen = context_->table->find(object);
      if (seen != nullptr) context_->table->verify(me_, object, seen->hash);
    }
    findings_.retained = static_cast<std::int64_t>(retained.size());
    targets_ = std::move(retained);
    if (drops.empty()) co_return Status();
    const Status left = co_await leave(std::move(drops));
    co_return left;
  }

  // How long it keeps an object that nobody claims; nullopt: for ever.
  std::optional<Duration> time_left(const dispatcher::SeenObject& seen) const {
    if (class_.spec.when_empty != WhenEmpty::Retain) return Duration::zero();
    if (class_.spec.retain_seconds == 0) return std::nullopt;
    const Result<WallTime> since =
        parse_time(seen.live.record ? seen.live.record->retained_since : std::string());
    if (!since.ok()) return std::nullopt;  // never deleted on a guess
    const WallTime end = *since + std::chrono::seconds(class_.spec.retain_seconds);
    return std::chrono::duration_cast<Duration>(end - context_->environment->clock->now());
  }

  Task<Status> leave(std::vector<Dispatcher::Dropped> drops) {
    std::string uid = class_.metadata.uid;
    SharerKey me = me_;
    kube::Impersonation nobody;
    const std::vector<LeaveOutcome> outcomes =
        co_await context_->dispatcher->leave_all(std::move(me), std::move(uid), std::move(nobody), std::move(drops));
    Status failed;
    for (const LeaveOutcome& outcome : outcomes) {
      if (outcome.ask_again_after && (!return_after_ || *outcome.ask_again_after < *return_after_))
        return_after_ = outcome.ask_again_after;
      if (outcome.state == LeaveOutcome::State::Failed && failed.ok()) failed = outcome.error;
      if (outcome.state == LeaveOutcome::State::Left || outcome.state == LeaveOutcome::State::Stays)
        claims_->let_go(me_, outcome.key);
      else
        ++findings_.retained;
    }
    co_return failed;
  }

  // Claims keep it; then what it retains is released, and it may go.
  Task<Status> finalize() {
    if (!class_.metadata.has_finalizer(finalizers::kClaimClass)) {
      gone_ = true;
      co_return Status();
    }
    if (known_.fault.ok()) {
      const Status watched = co_await watch_objects();
      if (!watched.ok()) co_return watched;
    }
    if (held_claims() != 0) {
      const Status kept = co_await keep();
      co_return kept;
    }
    policies::LeavePolicy release;
    release.release = true;
    std::vector<Dispatcher::Dropped> drops;
    for (const ObjectKey& object : objects_of(context_, claims_, me_)) drops.push_back(drop(context_, object, release));
    const Status left = co_await leave(std::move(drops));
    if (!left.ok() || findings_.retained != 0) co_return left;
    std::vector<std::string> others = class_.metadata.finalizers;
    std::erase(others, finalizers::kClaimClass);
    const Status freed = co_await write_finalizers(std::move(others));
    if (!freed.ok() && !is_not_found(freed)) co_return freed;
    context_->sharers->finalized(me_, class_.metadata.uid);
    context_->table->declare(me_, ObjectTable::Source::Plan, {});
    claims_->forget(me_);
    gone_ = true;
    co_return Status();
  }

  // Claims that count on this class: those of the kind it serves, from their finalizer on.
  std::int64_t held_claims() const {
    const KnownClass* serving = claims_->registry().of_kind(claim_kind().sharer_kind());
    if (serving == nullptr || serving->built_in || serving->claim_class.metadata.name != me_.name) return 0;
    std::int64_t held = 0;
    for (const SharerKey& key : context_->sharers->keys(claim_kind().sharer_kind())) {
      const Json* claim = context_->sharers->find(key);
      if (claim != nullptr && decode_metadata(*claim).has_finalizer(finalizers::kClaim)) ++held;
    }
    return held;
  }

  void count() {
    const MonotonicTime moment = context_->environment->clock->monotonic();
    std::optional<MonotonicTime>& counted = claims_->memory(me_).counted;
    if (counted && moment < *counted + kCountsInterval) {
      const Duration rest = *counted + kCountsInterval - moment;
      if (!return_after_ || rest < *return_after_) return_after_ = rest;
      findings_.claims = class_.status.claims;
      findings_.targets = class_.status.targets;
      return;
    }
    counted = moment;
    findings_.claims = held_claims();
    if (findings_.claims != 0) {
      for (const SharerKey& key : context_->sharers->keys(claim_kind().sharer_kind())) {
        const Json* claim = context_->sharers->find(key);
        if (claim == nullptr) continue;
        const std::optional<BoundObject> bound = decode_claim_status((*claim)["status"]).bound_to;
        if (bound) targets_.insert(bound->key());
      }
    }
    findings_.targets = static_cast<std::int64_t>(targets_.size());
  }

  Task<Status> write_status() {
    const ClaimClassStatus before = class_.status;
    const std::string now = format_time(context_->environment->clock->now());
    const ClaimClassStatus after = summarize_claim_class(class_, findings_, now);
    if (after == before) co_return Status();
    const Json patch = status_patch(class_.metadata.uid, object_["status"], encode_claim_class_status(after), kWhole);
    const std::string version = context_->sharers->version(me_);
    const kube::ObjectRef ref = class_ref(me_.name);
    kube::WriteOptions options;
    options.subresource = "status";
    const Result<Json> answer = co_await context_->environment->api->patch(ref, kube::PatchType::Merge, patch, options);
    if (!answer.ok()) co_return ignore_not_found(annotate(answer.status(), "cannot write the status"));
    context_->sharers->wrote(me_, *answer, version);
    tell(before, after);
    co_return Status();
  }

  void tell(const ClaimClassStatus& before, const ClaimClassStatus& after) {
    const Condition* was = find_condition(before.conditions, condition_types::kReady);
    const Condition* is = find_condition(after.conditions, condition_types::kReady);
    if (was != nullptr && was->reason == is->reason) return;
    kube::EventNote event;
    event.regarding = kube::reference_to(object_);
    event.regarding.resource_version.clear();
    event.type = is->reason == claim_reasons::kClassInvalid ? kube::EventType::Warning : kube::EventType::Normal;
    event.reason = is->reason;
    event.message = is->message;
    context_->environment->events->record(std::move(event));
  }

  Context* context_;
  Claims* claims_;
  SharerKey me_;
  Json object_;
  KnownClass known_;
  ClaimClass class_;
  ClaimClassFindings findings_;
  std::set<ObjectKey> targets_;
  std::optional<Duration> return_after_;
  bool gone_ = false;  // nothing is left to do, nor anybody to tell
};

// A class that is gone, its finalizer taken away by hand: what it retained is released.
Task<Result<Requeue>> release_after(Context* context, Claims* claims, SharerKey key) {
  const std::set<ObjectKey> objects = objects_of(context, claims, key);
  if (objects.empty()) co_return Requeue::none();
  const ObjectKey itself{"local", std::string(kClaimClassGroup), std::string(kClaimClassKind), "", key.name};
  const dispatcher::LivenessAnswer answer = co_await context->sharers->liveness(key, itself);
  if (answer.ask_again_after) co_return Requeue::after(*answer.ask_again_after);
  if (answer.liveness != policies::Liveness::Dead) co_return Requeue::with_backoff();
  policies::LeavePolicy release;
  release.release = true;
  std::vector<Dispatcher::Dropped> drops;
  for (const ObjectKey& object : objects) drops.push_back(drop(context, object, release));
  std::string uid;
  kube::Impersonation nobody;
  const std::vector<LeaveOutcome> outcomes =
      co_await context->dispatcher->leave_all(key, std::move(uid), std::move(nobody), std::move(drops));
  for (const LeaveOutcome& outcome : outcomes) {
    if (outcome.state == LeaveOutcome::State::Failed) co_return outcome.error;
    if (outcome.ask_again_after) co_return Requeue::after(*outcome.ask_again_after);
  }
  for (const ObjectKey& object : objects) claims->let_go(key, object);
  context->table->declare(key, ObjectTable::Source::Plan, {});
  co_return Requeue::none();
}

// The built-in class, as an object that can be read and edited, wherever the definition of its claims is. Made without
// it, it serves all the same.
Task<Result<Requeue>> make_built_in(Context* context, Claims* claims, SharerKey key) {
  const std::optional<Json> object = built_in_class_object(key.name);
  if (!object) co_return Requeue::none();
  const Result<ClaimClass> decoded = decode_claim_class(*object);
  const std::string kind = decoded->spec.claim.sharer_kind();
  const KnownDefinition* definition = claims->definitions().find(kind);
  const KnownDefinition* classes = claims->definitions().find(std::string(dispatcher::kClaimClassSharer));
  const KnownClass* serving = claims->registry().of_kind(kind);
  const bool wanted = definition != nullptr && definition->usable() && !definition->of_kratix && classes != nullptr &&
                      classes->usable() && (serving == nullptr || serving->built_in);
  if (!wanted) co_return Requeue::none();
  const kube::Collection collection{dispatcher::kClaimClasses, ""};
  const kube::WriteOptions options;
  const Result<Json> created = co_await context->environment->api->create(collection, *object, options);
  if (!created.ok() && !is_already_exists(created.status()))
    co_return annotate(created.status(), fmt::format("cannot make the built-in ClaimClass {}", key.name));
  co_return Requeue::none();  // the watch tells
}

}  // namespace

Task<Result<Requeue>> reconcile_claim_class(Context* context, Claims* claims, SharerKey key) {
  const Json* cached = context->sharers->find(key);
  if (cached == nullptr || claims->registry().named(key.name) == nullptr) {
    const bool gone = cached == nullptr;
    Result<Requeue> released = co_await release_after(context, claims, key);
    const bool done = released.ok() && *released == Requeue::none();
    if (!gone || !done) co_return released;
    Result<Requeue> made = co_await make_built_in(context, claims, std::move(key));
    co_return made;
  }
  ClassPass pass(context, claims, std::move(key), *cached);
  Result<Requeue> done = co_await pass.run();
  co_return done;
}

}  // namespace heirloom::core
