#include "dispatcher/dispatcher.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/gather.h"
#include "dispatcher/stages.h"

namespace heirloom::dispatcher {
namespace {

ObjectOutcome remembered(const Manifest& manifest, const ObjectMemory& memory, const policies::ObjectPolicies& policies) {
  ObjectOutcome outcome;
  outcome.key = manifest.key;
  outcome.owned = memory.owned;
  outcome.shares_without_policy = memory.shares_without_policy;
  outcome.divergence = memory.divergence;
  outcome.state = policies.read_only ? ObjectState::Observed : memory.owned ? ObjectState::InForce : ObjectState::Held;
  return outcome;
}

ObjectOutcome waiting(const Manifest& manifest, std::string sentence) {
  ObjectOutcome outcome;
  outcome.key = manifest.key;
  outcome.state = ObjectState::Waiting;
  outcome.waiting_for = std::move(sentence);
  return outcome;
}

std::string unknown_kind(const Manifest& manifest) {
  return fmt::format("the API server does not serve kind {} of {} (component {}); install its CustomResourceDefinition",
                     manifest.gvk.kind, manifest.gvk.api_version(), manifest.component);
}

// Something a person or another application has to change; as opposed to what time brings.
bool stands_in_the_way(const ObjectOutcome& outcome) {
  return outcome.state == ObjectState::Conflict || outcome.state == ObjectState::Failed;
}

}  // namespace

Dispatcher::Dispatcher(const Environment* environment, ObjectTable* table, Sharers* sharers, KindWatches* watches)
    : environment_(environment), table_(table), sharers_(sharers), watches_(watches),
      worker_(environment, table, sharers) {}

Task<Result<std::vector<Manifest>>> Dispatcher::resolve(std::vector<Manifest> manifests, std::set<GroupKind> known) {
  const std::set<GroupKind> brought = declared_kinds(manifests);
  for (Manifest& manifest : manifests) {
    const Result<kube::ResourceInfo> resource = co_await environment_->mapper->resource_for(manifest.gvk);
    if (resource.ok()) {
      if (!resource->namespaced && !manifest.key.ns.empty()) manifest = without_namespace(std::move(manifest));
      continue;
    }
    if (!kube::is_kind_unknown(resource.status())) co_return resource.status();
    if (brought.contains(manifest.key.group_kind()) || known.contains(manifest.key.group_kind())) continue;
    co_return Status(404, reasons::kNotFound, unknown_kind(manifest), resource.status().details());
  }
  co_return manifests;
}

Task<Status> Dispatcher::ensure_watches(std::vector<kube::ResourceInfo> resources) {
  std::set<GroupKind> done;
  for (const kube::ResourceInfo& resource : resources) {
    if (!done.insert({resource.kind.group, resource.kind.kind}).second) continue;
    const Status status = co_await watches_->ensure(resource);
    if (!status.ok()) co_return status;
  }
  co_return Status();
}

Assignment Dispatcher::assignment(const Check& check, std::size_t index, const Memory& memory) const {
  Assignment assignment;
  assignment.version = check.version;
  assignment.index = index;
  assignment.resource = *check.resources[index];
  const ObjectKey& key = check.version->manifests[index].key;
  const auto known = memory.find(key);
  if (known != memory.end()) assignment.memory = known->second;
  const std::set<std::string> namespaces = declared_namespaces(check.version->manifests);
  assignment.namespace_planned = !key.ns.empty() && namespaces.contains(key.ns);
  return assignment;
}

Task<Inspection> Dispatcher::inspect_one(Assignment assignment) { return worker_.inspect(std::move(assignment)); }

Task<Check> Dispatcher::check(std::shared_ptr<const Version> version, std::shared_ptr<Memory> memory) {
  Check check;
  check.version = version;
  const std::vector<Manifest>& manifests = version->manifests;
  check.stages = stages(manifests);
  check.resources.resize(manifests.size());
  check.inspections.resize(manifests.size());
  check.outcomes.resize(manifests.size());

  std::set<ObjectKey> declared = version->awaited;
  for (const Manifest& manifest : manifests) declared.insert(manifest.key);
  table_->declare(version->me, ObjectTable::Source::Plan, declared);

  std::vector<kube::ResourceInfo> kinds;
  for (std::size_t i = 0; i < manifests.size(); ++i) {
    Result<kube::ResourceInfo> resource = co_await environment_->mapper->resource_for(manifests[i].gvk);
    if (resource.ok()) {
      kinds.push_back(*resource);
      check.resources[i] = std::move(resource).value();
    } else if (kube::is_kind_unknown(resource.status())) {
      check.outcomes[i] = waiting(manifests[i], fmt::format("kind {} is not served yet", manifests[i].gvk.kind));
    } else {
      check.outcomes[i].key = manifests[i].key;
      check.outcomes[i].error = resource.status();
    }
  }
  const Status watched = co_await ensure_watches(std::move(kinds));

  std::vector<Task<Inspection>> looks;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < manifests.size(); ++i) {
    if (!check.resources[i]) continue;
    if (!watched.ok()) {
      check.outcomes[i].key = manifests[i].key;
      check.outcomes[i].error = watched;
      continue;
    }
    const auto known = memory->find(manifests[i].key);
    if (known != memory->end() && known->second.verified && table_->is_verified(version->me, manifests[i].key) &&
        known->second.desired_hash == hash_json(manifests[i].desired)) {
      check.outcomes[i] = remembered(manifests[i], known->second, version->policies.of(manifests[i].desired));
      continue;
    }
    Assignment work = assignment(check, i, *memory);
    looks.push_back(inspect_one(std::move(work)));
    places.push_back(i);
  }
  std::vector<Inspection> seen = co_await gather(std::move(looks), environment_->options.concurrency);
  for (std::size_t n = 0; n < seen.size(); ++n) {
    const std::size_t i = places[n];
    check.outcomes[i] = seen[n].outcome;
    check.inspections[i] = std::move(seen[n]);
    if (!check.outcomes[i].settled()) continue;
    ObjectMemory& known = (*memory)[manifests[i].key];
    known.desired_hash = hash_json(manifests[i].desired);
    known.verified = true;
    known.owned = check.outcomes[i].owned;
    known.shares_without_policy = check.outcomes[i].shares_without_policy;
    known.divergence = check.outcomes[i].divergence;
    if (!check.outcomes[i].ask_again_after) table_->verify(version->me, manifests[i].key, check.inspections[i].hash);
  }

  check.in_order = std::all_of(check.outcomes.begin(), check.outcomes.end(),
                               [](const ObjectOutcome& outcome) { return outcome.settled(); });
  check.in_conflict = std::any_of(check.outcomes.begin(), check.outcomes.end(), stands_in_the_way);
  co_return check;
}

// A kind that was not served when the version was checked: true once it is, and the object has been looked at.
Task<bool> Dispatcher::arrive(std::shared_ptr<Check> check, std::size_t index) {
  const Manifest& manifest = check->version->manifests[index];
  environment_->mapper->invalidate(manifest.gvk.group);
  Result<kube::ResourceInfo> resource = co_await environment_->mapper->resource_for(manifest.gvk);
  if (!resource.ok()) {
    const bool brought = declared_kinds(check->version->manifests).contains(manifest.key.group_kind());
    check->outcomes[index] = waiting(
        manifest, brought ? fmt::format("the CustomResourceDefinition of {} is not Established yet", manifest.gvk.kind)
                          : not_served_sentence(manifest));
    check->outcomes[index].ask_again_after = brought ? Duration(std::chrono::seconds(1)) : kUnservedRetry;
    co_return false;
  }
  check->resources[index] = *resource;
  const Status watched = co_await watches_->ensure(*resource);
  if (!watched.ok()) {
    check->outcomes[index] = ObjectOutcome();
    check->outcomes[index].key = manifest.key;
    check->outcomes[index].error = watched;
    co_return false;
  }
  const Memory nothing;
  Assignment work = assignment(*check, index, nothing);
  check->inspections[index] = co_await worker_.inspect(std::move(work));
  check->outcomes[index] = check->inspections[index].outcome;
  co_return true;
}

Task<Report> Dispatcher::carry_out(Check checked, std::shared_ptr<Memory> memory, CarryOutOptions options) {
  const auto check = std::make_shared<Check>(std::move(checked));
  const std::vector<Manifest>& manifests = check->version->manifests;
  Report report;
  bool stopped = false;
  for (const std::vector<std::size_t>& stage : check->stages) {
    if (stopped) break;
    std::vector<Task<Applied>> writes;
    std::vector<std::size_t> places;
    for (const std::size_t i : stage) {
      for (std::size_t other = 0; other < manifests.size(); ++other) {
        const std::vector<std::string>& needs = manifests[i].depends_on;
        if (std::find(needs.begin(), needs.end(), manifests[other].component) == needs.end()) continue;
        if (check->outcomes[other].settled() && options.healthy(manifests[other], check->outcomes[other])) continue;
        if (check->outcomes[i].state == ObjectState::Pending)
          check->outcomes[i] =
              waiting(manifests[i], fmt::format("component {} is not healthy yet", manifests[other].component));
        break;
      }
      if (!check->resources[i]) {
        const bool arrived = co_await arrive(check, i);
        if (!arrived) continue;
      }
      if (check->outcomes[i].state != ObjectState::Pending) continue;
      Assignment work = assignment(*check, i, *memory);
      writes.push_back(worker_.apply(std::move(work), check->inspections[i]));
      places.push_back(i);
    }
    std::vector<Applied> applied = co_await gather(std::move(writes), environment_->options.concurrency);
    for (std::size_t n = 0; n < applied.size(); ++n) {
      const std::size_t i = places[n];
      report.writes += applied[n].outcome.wrote ? 1 : 0;
      (*memory)[manifests[i].key] = std::move(applied[n].memory);
      check->outcomes[i] = std::move(applied[n].outcome);
    }
    for (const std::size_t i : stage)
      stopped = stopped || (!options.keep_going && !check->outcomes[i].settled());
  }
  report.complete = std::all_of(check->outcomes.begin(), check->outcomes.end(),
                                [](const ObjectOutcome& outcome) { return outcome.settled(); });
  report.outcomes = std::move(check->outcomes);
  co_return report;
}

Task<LeaveOutcome> Dispatcher::leave_one(SharerKey me, std::string uid, kube::Impersonation identity, Dropped dropped) {
  LeaveOutcome outcome;
  outcome.key = dropped.object.key;
  const Result<GroupVersionKind> kind = parse_api_version(dropped.object.api_version, outcome.key.kind);
  if (!kind.ok()) {  // no such object can exist
    outcome.state = LeaveOutcome::State::Left;
    co_return outcome;
  }
  Result<kube::ResourceInfo> resource = co_await environment_->mapper->resource_for(*kind);
  if (!resource.ok() && kube::is_kind_unknown(resource.status()))
    resource = co_await environment_->mapper->preferred_resource_for(outcome.key.group_kind());
  if (!resource.ok()) {
    const Result<bool> gone = co_await environment_->mapper->is_gone(outcome.key.group_kind());
    if (gone.ok() && *gone) {
      outcome.state = LeaveOutcome::State::Left;
    } else {
      outcome.error = gone.ok() ? resource.status() : gone.status();
    }
    co_return outcome;
  }
  const Status watched = co_await watches_->ensure(*resource);
  if (!watched.ok()) {
    outcome.error = watched;
    co_return outcome;
  }
  Leaving leaving;
  leaving.me = std::move(me);
  leaving.uid = std::move(uid);
  leaving.key = outcome.key;
  leaving.resource = *resource;
  leaving.identity = std::move(identity);
  leaving.policy = dropped.policy;
  outcome = co_await worker_.leave(std::move(leaving));
  co_return outcome;
}

Task<std::vector<LeaveOutcome>> Dispatcher::leave_all(SharerKey me, std::string uid, kube::Impersonation identity,
                                                      std::vector<Dropped> objects) {
  std::vector<Dropped> inner, outer;
  for (Dropped& object : objects) {
    const ObjectKey& key = object.object.key;
    const bool home = is_namespace(key) || is_definition(key) || sharers_->is_claim(key.group_kind());
    (home ? outer : inner).push_back(std::move(object));
  }
  std::vector<LeaveOutcome> outcomes;
  for (std::vector<Dropped>* group : {&inner, &outer}) {
    std::vector<Task<LeaveOutcome>> leaves;
    leaves.reserve(group->size());
    for (Dropped& object : *group) leaves.push_back(leave_one(me, uid, identity, std::move(object)));
    std::vector<LeaveOutcome> done = co_await gather(std::move(leaves), environment_->options.concurrency);
    bool left = true;
    for (LeaveOutcome& outcome : done) {
      left = left && (outcome.state == LeaveOutcome::State::Left || outcome.state == LeaveOutcome::State::Stays);
      outcomes.push_back(std::move(outcome));
    }
    if (!left && group == &inner && !outer.empty()) {
      for (const Dropped& object : outer) {
        LeaveOutcome outcome;
        outcome.key = object.object.key;
        outcome.state = LeaveOutcome::State::Waiting;
        outcome.waiting_for = fmt::format("{} waits until what lives in it is gone", outcome.key.to_string());
        outcomes.push_back(std::move(outcome));
      }
      break;
    }
  }
  co_return outcomes;
}

}  // namespace heirloom::dispatcher
