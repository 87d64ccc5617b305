#include "core/claim/claim_status.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apis/condition.h"

namespace heirloom::core {
namespace {

using dispatcher::LeaveOutcome;
using dispatcher::ObjectOutcome;
using dispatcher::ObjectState;

struct Verdict {
  std::string_view phase;
  std::string reason;
  std::string message;
};

std::string leaving_sentence(const LeaveOutcome& outcome) {
  if (outcome.state == LeaveOutcome::State::Failed) return outcome.error.message();
  return outcome.waiting_for.empty() ? outcome.key.to_string() : outcome.waiting_for;
}

const LeaveOutcome* first_left_behind(const std::vector<LeaveOutcome>& outcomes) {
  const auto at = std::find_if(outcomes.begin(), outcomes.end(), [](const LeaveOutcome& outcome) {
    return outcome.state == LeaveOutcome::State::Failed || outcome.state == LeaveOutcome::State::Waiting;
  });
  return at == outcomes.end() ? nullptr : &*at;
}

Verdict of_outcome(const ObjectOutcome& outcome, const ClaimFindings& findings) {
  switch (outcome.state) {
    case ObjectState::InForce:
    case ObjectState::Held:
    case ObjectState::Observed: break;
    case ObjectState::Conflict: {
      const std::string fix = outcome.conflict->fix.empty() ? "" : "; to mend it: " + outcome.conflict->fix;
      return {claim_phases::kConflict, std::string(outcome.conflict->reason), outcome.conflict->message + fix};
    }
    case ObjectState::Waiting: {
      const bool going = !outcome.body.is_null() && outcome.body["metadata"].contains("deletionTimestamp");
      return {claim_phases::kPending, std::string(going ? claim_reasons::kTerminating : claim_reasons::kWaiting),
              outcome.waiting_for};
    }
    case ObjectState::Pending:
      return {claim_phases::kPending, std::string(claim_reasons::kWaiting),
              fmt::format("{} is about to be written", outcome.key.to_string())};
    case ObjectState::Failed:
      return {claim_phases::kPending, std::string(claim_reasons::kReconcileError), outcome.error.message()};
  }
  if (const LeaveOutcome* left = first_left_behind(findings.leaving))
    return {claim_phases::kBound, std::string(claim_reasons::kRetargeting),
            fmt::format("bound to {}; still letting go of the former object: {}", findings.target, leaving_sentence(*left))};
  return {claim_phases::kBound, std::string(claim_reasons::kBound), fmt::format("bound to {}", findings.target)};
}

Verdict judge(const ClaimFindings& findings, bool bound) {
  if (findings.deleting) {
    if (const LeaveOutcome* left = first_left_behind(findings.leaving))
      return {claim_phases::kReleasing, std::string(claim_reasons::kReleasing), leaving_sentence(*left)};
    return {claim_phases::kReleasing, findings.refused.empty() ? std::string(claim_reasons::kReleasing) : findings.refused,
            findings.refusal.empty() ? "letting go of the object" : findings.refusal};
  }
  if (!findings.refused.empty()) {
    const bool decide = findings.refused == claim_reasons::kMismatch;
    return {decide ? claim_phases::kConflict : bound ? claim_phases::kBound : claim_phases::kPending, findings.refused,
            findings.refusal};
  }
  if (findings.outcome) return of_outcome(*findings.outcome, findings);
  return {claim_phases::kPending, std::string(claim_reasons::kWaiting), "has not been looked at yet"};
}

}  // namespace

ClaimStatus summarize_claim(const Claim& claim, const ClaimFindings& findings, std::string_view now) {
  ClaimStatus status = claim.status;
  if (findings.bound) {
    status.bound_to = findings.bound;
    status.claim_count = findings.claim_count;
    status.position = findings.position;
  } else if (!findings.joined && !findings.deleting && findings.outcome) {
    status.bound_to.reset();
    status.claim_count = 0;
    status.position = 0;
  }
  if (!findings.target.empty()) status.target = findings.target;
  const Verdict verdict = judge(findings, status.bound_to.has_value());
  status.phase = verdict.phase;
  status.message = verdict.message;
  status.observed_generation = claim.metadata.generation;
  const bool ready = verdict.phase == claim_phases::kBound && findings.refused.empty();
  set_condition(status.conditions, {std::string(condition_types::kReady), ready ? "True" : "False", verdict.reason,
                                    verdict.message, ""}, now);
  if (findings.differing.empty()) {
    remove_condition(status.conditions, condition_types::kDiverged);
  } else {
    set_condition(status.conditions,
                  {std::string(condition_types::kDiverged), "True", "FirstWins",
                   fmt::format("{} differ from what the object was made from, which stays in force",
                               fmt::join(findings.differing, ", ")), ""}, now);
  }
  return status;
}

}  // namespace heirloom::core
