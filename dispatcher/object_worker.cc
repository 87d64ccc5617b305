#include "dispatcher/object_worker.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "dispatcher/object_diagnosis.h"
#include "dispatcher/object_events.h"

namespace heirloom::dispatcher {
namespace {

using policies::Action;
using policies::Decision;
using policies::LiveObject;
using policies::NamespaceState;

// More namespaces than this are asked about again.
constexpr std::size_t kMaxKnownNamespaces = 100'000;

// An heir waits so long for each one before it, for the whole line no longer than the second.
constexpr Duration kTurn = std::chrono::seconds(1);
constexpr Duration kLongestLine = std::chrono::minutes(1);

const GroupVersionResource kNamespaces{"", "v1", "namespaces"};

// Writes that answer a change of somebody else's.
bool is_repair(Action action) {
  return action == Action::Update || action == Action::Repair || action == Action::Create || action == Action::Hold;
}

// The state that follows from a decision once nothing (more) is to be written.
ObjectState settled_state(Action action) {
  switch (action) {
    case Action::Observe: return ObjectState::Observed;
    case Action::Hold:
    case Action::Join: return ObjectState::Held;
    case Action::Wait: return ObjectState::Waiting;
    case Action::Drop:
    case Action::Conflict:
    case Action::ReadOnlyMissing: return ObjectState::Conflict;
    case Action::Create:
    case Action::Update:
    case Action::Adopt:
    case Action::Repair:
    case Action::Inherit: break;
  }
  return ObjectState::InForce;
}

bool is_permanent_refusal(const Status& status) { return status.code() == 422 && !is_conflict(status); }

}  // namespace

ObjectWorker::ObjectWorker(const Environment* environment, ObjectTable* table, Sharers* sharers)
    : environment_(environment), table_(table), sharers_(sharers), turnstiles_(environment->executor) {}

Task<ObjectWorker::Read> ObjectWorker::read(SharerKey me, ObjectKey key, kube::ResourceInfo resource,
                                            kube::Impersonation identity, bool fresh) {
  Read read;
  if (const SeenObject* seen = table_->find(key); seen != nullptr && !fresh && !seen->body.is_null()) {
    read.body = seen->body;
    read.hash = seen->hash;
    co_return read;
  }
  const ObjectTable::Ticket ticket = table_->ticket(key);
  const kube::ObjectRef ref{resource.resource, key.ns, key.name};
  kube::GetOptions options;
  options.impersonate = identity;
  Result<Json> answer = co_await environment_->api->get(ref, options);
  if (answer.ok()) {
    table_->answered(me, key, *answer, ticket);
    read.body = std::move(answer).value();
    read.hash = state_hash(read.body);
  } else if (is_not_found(answer.status())) {
    table_->answered_absent(key, ticket);
  } else {
    read.error = annotate(std::move(answer).status(), fmt::format("cannot read {}", key.to_string()));
  }
  co_return read;
}

Task<ObjectWorker::Gathered> ObjectWorker::gather_facts(LiveObject live, SharerKey me) {
  Gathered gathered;
  const std::vector<SharerKey> keys = policies::keys_to_check(live, me);
  for (const SharerKey& key : keys) {
    const LivenessAnswer answer = co_await sharers_->liveness(key, live.key);
    gathered.facts.liveness[key] = answer.liveness;
    if (answer.ask_again_after &&
        (!gathered.ask_again_after || *answer.ask_again_after < *gathered.ask_again_after))
      gathered.ask_again_after = answer.ask_again_after;
  }
  co_return gathered;
}

// Of two lives with one name the later one is heir to nothing.
bool ObjectWorker::is_of_this_life(const SharerKey& sharer, std::string_view mark) const {
  const Json* object = sharers_->find(sharer);
  return mark.empty() || object == nullptr || policies::is_mark_of(mark, (*object)["metadata"]["uid"].string());
}

// Costs no request: who is not known to live has no turn to wait for.
bool ObjectWorker::is_heir(const SharerKey& sharer, const ObjectKey& key, const LiveObject& former) const {
  return former.lists(sharer) && sharers_->is_known_to_declare(sharer, key) && is_of_this_life(sharer, former.mark_of(sharer));
}

policies::Heirs ObjectWorker::heirs_of(const ObjectKey& key, const SharerKey& me) {
  policies::Heirs heirs;
  const std::optional<LiveObject> former = table_->former(key);
  if (!former) return heirs;
  for (SharerKey& sharer : policies::keys_to_check(*former, SharerKey()))
    if (is_heir(sharer, key, *former) || (sharer == me && is_of_this_life(me, former->mark_of(me))))
      heirs.line.push_back(std::move(sharer));
  if (former->record) heirs.marks = former->record->sharers;
  const MonotonicTime now = environment_->clock->monotonic();
  const Duration missing = now - table_->missing_since(key, now);
  heirs.turns = missing >= kLongestLine ? static_cast<int>(heirs.line.size()) : static_cast<int>(missing / kTurn);
  return heirs;
}

// Asked only about namespaces of absent objects. An application's own namespace exists; should it be going, the POST
// says so.
Task<NamespaceState> ObjectWorker::namespace_state(std::string ns, std::string own_namespace) {
  if (ns.empty()) co_return NamespaceState::NotNeeded;
  const ObjectKey key{"local", "", "Namespace", "", ns};
  if (const SeenObject* seen = table_->find(key); seen != nullptr && is_managed(*seen))
    co_return seen->live.terminating ? NamespaceState::Terminating : NamespaceState::Active;
  if (ns == own_namespace || active_namespaces_.contains(ns)) co_return NamespaceState::Active;
  const kube::ObjectRef ref{kNamespaces, "", ns};
  const kube::GetOptions options;
  const Result<Json> answer = co_await environment_->api->get(ref, options);
  if (!answer.ok())  // not allowed to look, or not able to: the POST will tell
    co_return is_not_found(answer.status()) ? NamespaceState::Missing : NamespaceState::Active;
  if ((*answer)["metadata"].contains("deletionTimestamp")) co_return NamespaceState::Terminating;
  if (active_namespaces_.size() >= kMaxKnownNamespaces) active_namespaces_.clear();
  active_namespaces_.insert(ns);
  co_return NamespaceState::Active;
}

Task<Inspection> ObjectWorker::inspect(Assignment assignment) { return look(std::move(assignment), false); }

Task<Inspection> ObjectWorker::look(Assignment assignment, bool fresh) {
  const Version& version = *assignment.version;
  const Manifest& manifest = assignment.manifest();
  Inspection found;
  ObjectOutcome& outcome = found.outcome;
  outcome.key = manifest.key;

  Read seen = co_await read(version.me, manifest.key, assignment.resource, version.identity, fresh);
  if (!seen.error.ok()) {
    outcome.error = seen.error;
    co_return found;
  }
  found.body = seen.body;
  found.hash = seen.hash;
  policies::Facts& facts = found.facts;
  std::string stored_mark;
  bool as_assumed = true;  // the manifest was made from this state of the object
  if (found.body.is_null()) {
    as_assumed = !manifest.basis || policies::holds(*manifest.basis, JsonView(), nullptr, version.me);
    facts.heirs = heirs_of(manifest.key, version.me);
    if (assignment.namespace_planned) {
      facts.ns = NamespaceState::Planned;
    } else {
      facts.ns = co_await namespace_state(manifest.key.ns, version.me.ns);
    }
  } else {
    found.live = policies::read_live(found.body, manifest.key);
    as_assumed = !manifest.basis || policies::holds(*manifest.basis, found.body, &*found.live, version.me);
    if (const std::optional<LiveObject> former = table_->former(manifest.key))
      found.live = policies::restored(*found.live, *former);
    if (found.live->owner) found.live->owner = sharers_->with_group(*found.live->owner);
    Gathered gathered = co_await gather_facts(*found.live, version.me);
    facts = std::move(gathered.facts);
    outcome.ask_again_after = gathered.ask_again_after;
    stored_mark = found.live->mark_of(version.me);
  }

  const bool uninterrupted = version.tracked.contains(manifest.key);
  const policies::Me me{version.me, policies::mark_for(version.uid, version.generation, stored_mark, uninterrupted)};
  found.decision = policies::decide(found.live, me, version.policies.of(manifest.desired), facts);
  outcome.action = found.decision.action;
  outcome.owned = found.decision.may_write_content;
  outcome.shares_without_policy = found.decision.shares_without_policy;
  outcome.body = found.body;
  outcome.state = settled_state(found.decision.action);
  if (outcome.state == ObjectState::Held) outcome.divergence = divergence(manifest, found.body);
  if (outcome.state == ObjectState::Conflict) outcome.conflict = conflict_of(assignment, found.decision, found.body);
  if (outcome.state == ObjectState::Waiting) {
    outcome.waiting_for = waiting_sentence(found.decision, manifest.key, found.live);
    outcome.transient = found.decision.wait == policies::WaitCause::OthersFirst;
    if (outcome.transient) outcome.ask_again_after = std::min(found.decision.turns_to_wait * kTurn, kLongestLine);
    co_return found;
  }
  if (found.decision.action == Action::Conflict || found.decision.action == Action::ReadOnlyMissing) co_return found;

  if (found.decision.may_write_content && !as_assumed) {
    outcome.state = ObjectState::Pending;
    outcome.transient = true;
    co_return found;
  }

  const auto previous = version.previous.find(manifest.key);
  const WriteInput input{found.decision, manifest, found.body.is_null() ? JsonView() : found.body.view(),
                         found.live ? &*found.live : nullptr,
                         previous == version.previous.end() ? JsonView() : previous->second.view(),
                         assignment.memory.normalisation, environment_->clock->now()};
  found.write = plan_write(input);
  if (found.write.kind == ObjectWrite::Kind::None) co_return found;
  const ObjectMemory& memory = assignment.memory;
  const std::string uid = found.live ? found.live->uid : std::string();
  if (memory.refusal && memory.desired_hash == hash_json(manifest.desired) && memory.refusal->object_uid == uid) {
    outcome.state = ObjectState::Conflict;
    outcome.conflict = rejection(assignment, *memory.refusal);
    found.write = ObjectWrite();
    co_return found;
  }
  if (const Duration truce = memory.fight.truce(environment_->clock->monotonic());
      truce > Duration::zero() && is_repair(found.decision.action)) {
    outcome.state = ObjectState::Conflict;
    outcome.conflict = fighting(assignment, found.body.is_null() ? JsonView() : found.body.view());
    outcome.ask_again_after = truce;
    found.write = ObjectWrite();
    co_return found;
  }
  outcome.state = ObjectState::Pending;
  co_return found;
}

Task<Result<Json>> ObjectWorker::send(Assignment assignment, ObjectWrite write) {
  const Manifest& manifest = assignment.manifest();
  const ObjectTable::Ticket ticket = table_->ticket(manifest.key);
  kube::WriteOptions options;
  options.impersonate = assignment.version->identity;
  const MonotonicTime sent = environment_->clock->monotonic();
  options.deadline = sent + environment_->options.write_timeout;
  Result<Json> answer;
  if (write.kind == ObjectWrite::Kind::Create) {
    const kube::Collection collection{assignment.resource.resource, manifest.key.ns};
    answer = co_await environment_->api->create(collection, write.body, options);
  } else {
    const kube::ObjectRef ref{assignment.resource.resource, manifest.key.ns, manifest.key.name};
    answer = co_await environment_->api->patch(ref, kube::PatchType::Merge, write.body, options);
  }
  if (answer.ok()) {
    table_->answered(assignment.version->me, manifest.key, *answer, ticket);
  } else if (is_outcome_unknown(answer.status())) {
    // Nobody concludes "not written" before the request's own timeout has passed.
    co_await environment_->clock->sleep_until(sent + environment_->options.write_timeout);
  }
  co_return answer;
}

// What others have done to the object since it was looked at.
bool ObjectWorker::is_outdated(const Inspection& inspection, const ObjectKey& key, const SharerKey& me) const {
  const SeenObject* seen = table_->find(key);
  if (inspection.live) return seen == nullptr || seen->live.resource_version != inspection.live->resource_version;
  if (seen != nullptr) return true;
  const policies::Ledger& heirs = inspection.decision.ownership.ledger;  // nobody is listed who has left since
  const std::optional<LiveObject> former = table_->former(key);
  return std::any_of(heirs.begin(), heirs.end(), [this, &key, &me, &former](const SharerKey& heir) {
    return heir != me && !(former && is_heir(heir, key, *former));
  });
}

// The ownership to write when everybody who waits for a turn at the object and can be helped by it is taken in.
Task<policies::Ownership> ObjectWorker::with_waiting(ObjectKey key, LiveObject live, policies::Ownership first,
                                                     policies::Facts facts, kube::Impersonation identity) {
  const std::vector<WaitingSharer> waiting = line_.at(key, identity);
  if (waiting.empty() || !first.owner) co_return first;
  for (const WaitingSharer& sharer : waiting) {
    const LivenessAnswer answer = co_await sharers_->liveness(sharer.key, key);
    facts.liveness[sharer.key] = answer.liveness;
  }
  std::vector<policies::Move> moves;
  for (const WaitingSharer& sharer : waiting) {
    policies::Move& move = moves.emplace_back();
    const std::string mark = live.mark_of(sharer.key);
    move.me = {sharer.key, policies::mark_for(sharer.uid, sharer.generation, mark, sharer.uninterrupted)};
    move.leaves = sharer.leaves;
    move.policies = sharer.policies;
    move.leave_policy = sharer.leave_policy;
  }
  const policies::Folded folded = policies::fold(live, first, moves, facts);
  environment_->metrics->count("heirloom_folded_writes_total", {}, folded.moves);
  environment_->metrics->count("heirloom_handovers_total", {}, folded.handovers);
  co_return folded.ownership;
}

// `me` may be gone itself: somebody tidies up after it, and its heir is told.
void ObjectWorker::tell_written(const SharerKey& me, const kube::ResourceInfo& resource, const Json& written,
                                const LiveObject& before, const policies::Facts& facts, const policies::Ownership& now) {
  std::vector<SharerKey> dead = policies::dead_on(before, me, facts);
  const Json* actor = sharers_->find(me);
  if (actor == nullptr) {
    dead.insert(dead.begin(), me);
    if (now.owner) actor = sharers_->find(*now.owner);
  }
  tell_purged(*environment_, resource.kind, written, dead, before.owner, now, actor);
}

bool ObjectWorker::still_there(const Version& version) const {
  const Json* application = sharers_->find(version.me);
  return application != nullptr && (*application)["metadata"]["uid"].string() == version.uid;
}

Task<Applied> ObjectWorker::apply(Assignment assignment, Inspection inspection) {
  const Version& version = *assignment.version;
  const ObjectKey key = assignment.manifest().key;
  Applied applied;
  applied.memory = assignment.memory;
  applied.memory.desired_hash = hash_json(assignment.manifest().desired);
  applied.memory.verified = false;

  std::unique_ptr<WaitingLine::Place> place;
  if (inspection.live && inspection.decision.writes_ownership && !inspection.decision.may_write_content) {
    WaitingSharer myself;
    myself.key = version.me;
    myself.uid = version.uid;
    myself.generation = version.generation;
    myself.uninterrupted = version.tracked.contains(key);
    myself.policies = version.policies.of(assignment.manifest().desired);
    myself.identity = version.identity;
    place = line_.join(key, std::move(myself));
  }
  KeyedTurnstile::Pass turn = co_await turnstiles_.enter(key.to_string());
  place.reset();
  bool wrote = false;
  for (int attempt = 0;; ++attempt) {
    // Whoever had the turn before us may have changed the object.
    if (attempt == 0 && is_outdated(inspection, key, version.me)) inspection = co_await look(assignment, false);
    applied.outcome = inspection.outcome;
    applied.outcome.wrote = wrote;
    if (inspection.outcome.state != ObjectState::Pending || inspection.write.kind == ObjectWrite::Kind::None) break;

    table_->unverify(version.me, key);
    ObjectWrite write = inspection.write;
    policies::Ownership ownership = inspection.decision.ownership;
    if (inspection.live && !inspection.decision.may_write_content) {
      ownership = co_await with_waiting(key, *inspection.live, ownership, inspection.facts, version.identity);
      write.body = ownership_write(*inspection.live, ownership);
    }
    if (inspection.live && !ownership.owner) table_->releasing(key, inspection.live->resource_version);
    const Result<Json> answer = co_await send(assignment, write);
    if (answer.ok()) {
      wrote = true;
      environment_->metrics->count("heirloom_object_writes_total",
                                   {{"action", std::string(policies::to_string(inspection.decision.action))}});
      if (!key.ns.empty()) active_namespaces_.insert(key.ns);
      if (!ownership.owner) table_->released(key);
      if (inspection.live)
        tell_written(version.me, assignment.resource, *answer, *inspection.live, inspection.facts, ownership);
      if (write.kind == ObjectWrite::Kind::Create && !still_there(version)) {
        Leaving leaving;
        leaving.me = version.me;
        leaving.uid = version.uid;
        leaving.key = key;
        leaving.resource = assignment.resource;
        leaving.identity = version.identity;
        turn = KeyedTurnstile::Pass();
        const bool away = co_await sharers_->is_away(version.me);
        if (!away) co_await leave(std::move(leaving));
        applied.outcome.state = ObjectState::Failed;
        applied.outcome.error = internal_error(fmt::format("application {} is gone", to_string(version.me)));
        co_return applied;
      }
      if (is_repair(inspection.decision.action)) applied.memory.fight.repaired(environment_->clock->monotonic());
      applied.memory.refusal.reset();
      applied.memory.normalisation = 0;
      assignment.memory = applied.memory;
      if (inspection.decision.action == Action::Drop) {  // what is left is the conflict
        inspection = co_await look(assignment, false);
        applied.outcome = inspection.outcome;
        applied.outcome.wrote = true;
        break;
      }
      // What our own write of content left different is how the server sees it; what somebody else has changed since
      // is not.
      const bool wrote_content = inspection.decision.may_write_content;
      const std::string written((*answer)["metadata"]["resourceVersion"].string());
      inspection = co_await look(assignment, false);
      const bool ours = inspection.live && inspection.live->resource_version == written;
      if (ours && wrote_content && inspection.outcome.state == ObjectState::Pending &&
          inspection.write.normalisation != 0 && !inspection.decision.writes_ownership) {
        applied.memory.normalisation = inspection.write.normalisation;
        assignment.memory = applied.memory;
        inspection = co_await look(assignment, false);
      }
      if (inspection.outcome.state != ObjectState::Pending || attempt + 1 >= environment_->options.max_attempts) {
        applied.outcome = inspection.outcome;
        applied.outcome.wrote = true;
        applied.outcome.transient = inspection.outcome.state == ObjectState::Pending;
        break;
      }
      continue;
    }

    const Status& status = answer.status();
    if (is_permanent_refusal(status)) {
      auto refusal = std::make_shared<Refusal>();
      refusal->object_uid = inspection.live ? inspection.live->uid : std::string();
      refusal->message = status.message();
      for (const StatusCause& cause : status.details().causes) refusal->fields.push_back(cause.field);
      applied.memory.refusal = refusal;
      applied.outcome.state = ObjectState::Conflict;
      applied.outcome.conflict = rejection(assignment, *refusal);
      break;
    }
    if (kube::says_kind_is_gone(status)) {
      environment_->mapper->invalidate(key.group);
      applied.outcome.state = ObjectState::Waiting;
      applied.outcome.waiting_for = not_served_sentence(assignment.manifest());
      applied.outcome.ask_again_after = kUnservedRetry;
      break;
    }
    if (is_namespace_terminating(status) ||
        (write.kind == ObjectWrite::Kind::Create && is_not_found(status) && !key.ns.empty())) {
      active_namespaces_.erase(key.ns);
      applied.outcome.state = ObjectState::Waiting;
      applied.outcome.waiting_for = is_namespace_terminating(status)
                                        ? fmt::format("Namespace {} is being deleted", key.ns)
                                        : fmt::format("Namespace {} does not exist", key.ns);
      break;
    }
    const bool raced = is_conflict(status) || is_already_exists(status) || is_not_found(status);
    const bool last = attempt + 1 >= environment_->options.max_attempts;
    if (raced && last) {  // others were quicker each time: that is nobody's fault
      applied.outcome.transient = true;
      break;
    }
    if (last || (!raced && !is_outcome_unknown(status))) {
      applied.outcome.state = ObjectState::Failed;
      applied.outcome.error = annotate(status, fmt::format("cannot write {}", key.to_string()));
      break;
    }
    inspection = co_await look(assignment, true);
  }

  if (applied.outcome.settled()) {
    applied.memory.verified = true;
    applied.memory.owned = applied.outcome.owned;
    applied.memory.shares_without_policy = applied.outcome.shares_without_policy;
    applied.memory.divergence = applied.outcome.divergence;
    if (!applied.outcome.ask_again_after) table_->verify(version.me, key, inspection.hash);
  }
  co_return applied;
}

}  // namespace heirloom::dispatcher
