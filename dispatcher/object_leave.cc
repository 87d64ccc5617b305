// The part of ObjectWorker that lets go.
#include <utility>

#include <fmt/format.h>

#include "dispatcher/leave_events.h"
#include "dispatcher/look_inside.h"
#include "dispatcher/object_diagnosis.h"
#include "dispatcher/object_worker.h"

namespace heirloom::dispatcher {
namespace {

using policies::LeaveAction;
using policies::LiveObject;

// No watch tells when an object is gone whose labels somebody took away.
constexpr Duration kUnwatchedRetry = std::chrono::seconds(5);

}  // namespace

Task<Result<Json>> ObjectWorker::send_leave(Leaving leaving, LiveObject live, policies::LeaveDecision decision) {
  const kube::ObjectRef ref{leaving.resource.resource, leaving.key.ns, leaving.key.name};
  const ObjectTable::Ticket ticket = table_->ticket(leaving.key);
  const MonotonicTime sent = environment_->clock->monotonic();
  const MonotonicTime deadline = sent + environment_->options.write_timeout;
  Result<Json> answer;
  if (decision.action == LeaveAction::Delete) {
    kube::RemoveOptions options;
    options.impersonate = leaving.identity;
    options.deadline = deadline;
    options.propagation = kube::Propagation::Background;  // garbage-collect's `cascading`, and the default
    options.uid = live.uid;
    options.resource_version = live.resource_version;
    answer = co_await environment_->api->remove(ref, options);
    if (answer.ok() && (*answer)["kind"].string() != "Status") table_->answered(leaving.me, leaving.key, *answer, ticket);
    else if (answer.ok()) table_->answered_absent(leaving.key, ticket);
  } else {
    const Json patch = ownership_write(live, decision.ownership);
    if (decision.action == LeaveAction::Release) table_->releasing(leaving.key, live.resource_version);
    kube::WriteOptions options;
    options.impersonate = leaving.identity;
    options.deadline = deadline;
    answer = co_await environment_->api->patch(ref, kube::PatchType::Merge, patch, options);
    if (answer.ok()) table_->answered(leaving.me, leaving.key, *answer, ticket);
  }
  if (!answer.ok() && is_not_found(answer.status())) table_->answered_absent(leaving.key, ticket);
  if (!answer.ok() && is_outcome_unknown(answer.status())) co_await environment_->clock->sleep_until(deadline);
  co_return answer;
}

Task<LeaveOutcome> ObjectWorker::leave(Leaving leaving) {
  LeaveOutcome outcome;
  outcome.key = leaving.key;
  leaving.policy.is_protected = policies::is_protected_namespace(leaving.key.name, environment_->options.protected_namespaces);
  leaving.policy.keep_non_empty_namespace |= environment_->options.keep_non_empty_namespaces;
  WaitingSharer myself;
  myself.key = leaving.me;
  myself.uid = leaving.uid;
  myself.leaves = true;
  myself.leave_policy = leaving.policy;
  myself.identity = leaving.identity;
  const std::unique_ptr<WaitingLine::Place> place = line_.join(leaving.key, std::move(myself));
  KeyedTurnstile::Pass turn = co_await turnstiles_.enter(leaving.key.to_string());
  place->step_out();
  for (int attempt = 0; attempt < environment_->options.max_attempts; ++attempt) {
    std::optional<LiveObject> live;
    Json body;
    // A DELETE is guarded by what the watch showed, so the body is not needed; a handover keeps the record's fields,
    // so it is. A definition says what its instances are.
    const SeenObject* seen = attempt == 0 ? table_->find(leaving.key) : nullptr;
    const bool cached = seen != nullptr && is_managed(*seen) && !policies::is_definition(leaving.key) &&
                        (!seen->body.is_null() || policies::keys_to_check(seen->live, leaving.me).empty());
    if (cached) {
      body = seen->body;
      live = body.is_null() ? live_of(leaving.key, *seen) : policies::read_live(body, leaving.key);
    } else {
      const Read read_now = co_await read(leaving.me, leaving.key, leaving.resource, leaving.identity, true);
      if (!read_now.error.ok()) {
        outcome.error = read_now.error;
        co_return outcome;
      }
      body = read_now.body;
      if (!body.is_null()) live = policies::read_live(body, leaving.key);
    }
    if (live && live->owner) live->owner = sharers_->with_group(*live->owner);
    Gathered gathered;
    if (live) gathered = co_await gather_facts(*live, leaving.me);
    outcome.ask_again_after = gathered.ask_again_after;
    policies::LeaveDecision decision = policies::leave(live, leaving.me, leaving.policy, gathered.facts);
    if (decision.action == LeaveAction::Look) {
      const Result<policies::Contents> contents = co_await look_inside(environment_, leaving.key, body, leaving.me);
      if (!contents.ok()) {
        outcome.error = contents.status();
        co_return outcome;
      }
      decision = policies::leave(live, leaving.me, leaving.policy, gathered.facts, &*contents);
    }
    // What writes nothing has no guard: only what the server says now proves that nothing is to be done.
    if (decision.action == LeaveAction::Nothing && cached) continue;
    if (decision.action == LeaveAction::Handover && body.is_null()) continue;  // the class needs the record's fields
    if (decision.action == LeaveAction::Nothing) {
      table_->left(leaving.me, leaving.key);
      outcome.state = decision.stays_unshared ? LeaveOutcome::State::Stays : LeaveOutcome::State::Left;
      co_return outcome;
    }
    if (decision.action == LeaveAction::Wait) {
      outcome.state = LeaveOutcome::State::Waiting;
      outcome.waiting_for = terminating_sentence(leaving.key, live->finalizers);
      if (!live->owner) outcome.ask_again_after = kUnwatchedRetry;
      co_return outcome;
    }
    if (decision.action == LeaveAction::Delete)
      tell_taken_along(*environment_, *sharers_, *table_, leaving.me, leaving.key, body);
    if (decision.action == LeaveAction::Handover)
      decision.ownership =
          co_await with_waiting(leaving.key, *live, decision.ownership, gathered.facts, leaving.identity);
    const Result<Json> answer = co_await send_leave(leaving, *live, decision);
    if (answer.ok()) {
      if (decision.action == LeaveAction::Release) table_->released(leaving.key);
      else table_->left(leaving.me, leaving.key);
      if (decision.action == LeaveAction::Handover)
        tell_written(leaving.me, leaving.resource, *answer, *live, gathered.facts, decision.ownership);
      if (decision.kept != policies::Kept::No) {
        outcome.kept = decision.kept;
        outcome.kept_because = policies::kept_sentence(leaving.key, decision);
        tell_kept(*environment_, *sharers_, leaving.me, leaving.key, *answer, decision);
      }
      outcome.wrote = true;
      outcome.handed_over = decision.action == LeaveAction::Handover && decision.was_owner;
      outcome.deleted = decision.action == LeaveAction::Delete;
      if (outcome.handed_over) environment_->metrics->count("heirloom_handovers_total");
      const bool lingers = outcome.deleted && (*answer)["kind"].string() != "Status" &&
                           (*answer)["metadata"].contains("deletionTimestamp");
      if (!lingers) {
        outcome.state = LeaveOutcome::State::Left;
        co_return outcome;
      }
      outcome.state = LeaveOutcome::State::Waiting;
      outcome.waiting_for =
          terminating_sentence(leaving.key, policies::read_live(*answer, leaving.key).finalizers);
      if (!live->owner) outcome.ask_again_after = kUnwatchedRetry;
      co_return outcome;
    }
    const Status& status = answer.status();
    if (is_not_found(status)) {
      table_->left(leaving.me, leaving.key);
      outcome.state = LeaveOutcome::State::Left;
      co_return outcome;
    }
    if (!is_conflict(status) && !is_outcome_unknown(status)) {
      outcome.error = annotate(status, fmt::format("cannot let go of {}", leaving.key.to_string()));
      co_return outcome;
    }
  }
  outcome.state = LeaveOutcome::State::Waiting;
  outcome.contended = true;
  outcome.waiting_for = fmt::format("{} is being changed by others; trying again", leaving.key.to_string());
  co_return outcome;
}

}  // namespace heirloom::dispatcher
