#include "core/claim/claim_status.h"

#include <doctest/doctest.h>

#include "apis/condition.h"

namespace heirloom::core {
namespace {

using dispatcher::LeaveOutcome;
using dispatcher::ObjectOutcome;
using dispatcher::ObjectState;

constexpr std::string_view kNow = "2026-01-01T00:00:00Z";
constexpr std::string_view kLater = "2026-01-02T00:00:00Z";

Claim team_a() {
  Claim claim;
  claim.gvk = {"marketplace.kratix.io", "v1alpha1", "NamespaceClaim"};
  claim.plural = "namespaceclaims";
  claim.metadata.ns = "default";
  claim.metadata.name = "team-a";
  claim.metadata.generation = 3;
  return claim;
}

ObjectOutcome outcome(ObjectState state) {
  ObjectOutcome made;
  made.key = {"local", "", "Namespace", "", "shared"};
  made.state = state;
  return made;
}

LeaveOutcome leaving(LeaveOutcome::State state, std::string waiting_for = {}) {
  LeaveOutcome made;
  made.key = {"local", "", "Namespace", "", "former"};
  made.state = state;
  made.waiting_for = std::move(waiting_for);
  if (state == LeaveOutcome::State::Failed) made.error = internal_error("no luck");
  return made;
}

ClaimFindings bound() {
  ClaimFindings findings;
  findings.target = "Namespace/shared";
  findings.outcome = outcome(ObjectState::Held);
  findings.bound = BoundObject{"v1", "Namespace", "", "shared", "u1"};
  findings.joined = true;
  findings.claim_count = 2;
  findings.position = 2;
  return findings;
}

const Condition& ready(const ClaimStatus& status) {
  const Condition* condition = find_condition(status.conditions, condition_types::kReady);
  REQUIRE(condition != nullptr);
  return *condition;
}

TEST_CASE("phase, reason and message follow from what was found") {
  ClaimFindings waiting;
  waiting.outcome = outcome(ObjectState::Waiting);
  waiting.outcome->waiting_for = "Namespace shared does not exist";

  ClaimFindings terminating = waiting;
  terminating.outcome->waiting_for = "Namespace shared is being deleted";
  const Json metadata = Json::object({{"deletionTimestamp", kNow}});
  terminating.outcome->body = Json::object({{"metadata", metadata}});

  ClaimFindings conflict;
  conflict.outcome = outcome(ObjectState::Conflict);
  conflict.outcome->conflict = Conflict{};
  conflict.outcome->conflict->reason = conflict_reasons::kNotManaged;
  conflict.outcome->conflict->message = "Namespace shared is nobody's";
  conflict.outcome->conflict->fix = "delete it";

  ClaimFindings failed;
  failed.outcome = outcome(ObjectState::Failed);
  failed.outcome->error = internal_error("no luck");

  ClaimFindings refused;
  refused.refused = claim_reasons::kProtectedName;
  refused.refusal = "kube-system is protected";

  ClaimFindings mismatch = refused;
  mismatch.refused = claim_reasons::kMismatch;

  ClaimFindings retargeting = bound();
  retargeting.leaving.push_back(leaving(LeaveOutcome::State::Waiting, "Namespace former to be gone"));

  ClaimFindings releasing;
  releasing.deleting = true;
  releasing.leaving.push_back(leaving(LeaveOutcome::State::Left));
  releasing.leaving.push_back(leaving(LeaveOutcome::State::Waiting, "finalizers a/b hold it"));

  ClaimFindings stuck;
  stuck.deleting = true;
  stuck.leaving.push_back(leaving(LeaveOutcome::State::Failed));

  struct Case {
    std::string_view name;
    ClaimFindings findings;
    std::string_view phase;
    std::string_view status;
    std::string_view reason;
    std::string_view says;
  };
  const Case kCases[] = {
      {"bound", bound(), "Bound", "True", "Bound", "bound to Namespace/shared"},
      {"retargeting", retargeting, "Bound", "True", "Retargeting", "Namespace former to be gone"},
      {"waiting", waiting, "Pending", "False", "Waiting", "Namespace shared does not exist"},
      {"the object is going", terminating, "Pending", "False", "WaitingForTermination", "is being deleted"},
      {"conflict", conflict, "Conflict", "False", "NotManaged", "Namespace shared is nobody's"},
      {"conflict, the fix", conflict, "Conflict", "False", "NotManaged", "delete it"},
      {"failed", failed, "Pending", "False", "ReconcileError", "no luck"},
      {"refused", refused, "Pending", "False", "ProtectedName", "kube-system is protected"},
      {"mismatch", mismatch, "Conflict", "False", "Mismatch", "protected"},
      {"releasing", releasing, "Releasing", "False", "Releasing", "finalizers a/b hold it"},
      {"cannot release", stuck, "Releasing", "False", "Releasing", "no luck"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.name);
    const ClaimStatus status = summarize_claim(team_a(), c.findings, kNow);
    CHECK(status.phase == c.phase);
    CHECK(status.observed_generation == 3);
    CHECK(ready(status).status == c.status);
    CHECK(ready(status).reason == c.reason);
    CAPTURE(status.message);
    CHECK(status.message.find(c.says) != std::string::npos);
    CHECK(ready(status).message == status.message);
  }
}

TEST_CASE("a bound claim says to what, and its place among how many") {
  const ClaimStatus status = summarize_claim(team_a(), bound(), kNow);
  CHECK(status.target == "Namespace/shared");
  REQUIRE(status.bound_to.has_value());
  CHECK(status.bound_to->uid == "u1");
  CHECK(status.claim_count == 2);
  CHECK(status.position == 2);
}

TEST_CASE("a claim that is refused something else keeps what it holds") {
  Claim claim = team_a();
  claim.status = summarize_claim(claim, bound(), kNow);
  ClaimFindings refused;
  refused.refused = claim_reasons::kProtectedName;
  refused.refusal = "kube-system is protected";
  refused.joined = true;
  const ClaimStatus status = summarize_claim(claim, refused, kLater);
  CHECK(status.phase == "Bound");
  REQUIRE(status.bound_to.has_value());
  CHECK(status.bound_to->name == "shared");
  CHECK(ready(status).status == "False");
  CHECK(ready(status).reason == "ProtectedName");
}

TEST_CASE("a claim that differs under FirstWins says in what") {
  ClaimFindings findings = bound();
  findings.differing = {"spec.size"};
  Claim claim = team_a();
  claim.status = summarize_claim(claim, findings, kNow);
  const Condition* diverged = find_condition(claim.status.conditions, condition_types::kDiverged);
  REQUIRE(diverged != nullptr);
  CHECK(diverged->message.find("spec.size") != std::string::npos);
  CHECK(claim.status.phase == "Bound");
  const ClaimStatus agrees = summarize_claim(claim, bound(), kLater);
  CHECK(find_condition(agrees.conditions, condition_types::kDiverged) == nullptr);
}

TEST_CASE("a claim that did not change has the status it had") {
  Claim claim = team_a();
  claim.status = summarize_claim(claim, bound(), kNow);
  CHECK(summarize_claim(claim, bound(), kLater) == claim.status);
}

}  // namespace
}  // namespace heirloom::core
