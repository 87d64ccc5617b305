#include "core/application/status.h"

#include <doctest/doctest.h>

namespace heirloom::core {
namespace {

constexpr const char* kNow = "2026-01-02T03:04:05Z";
constexpr const char* kLater = "2026-01-02T04:00:00Z";

Application app() {
  Application a;
  a.metadata.name = "app";
  a.metadata.ns = "default";
  a.metadata.generation = 3;
  return a;
}

ObjectFinding object(dispatcher::ObjectState state, bool healthy = true) {
  ObjectFinding finding;
  finding.outcome.key = ObjectKey{"local", "", "Namespace", "", "example"};
  finding.outcome.state = state;
  finding.gvk = {"", "v1", "Namespace"};
  finding.component = "home";
  finding.main = true;
  finding.health.healthy = healthy;
  if (!healthy) finding.health.message = "is not well";
  return finding;
}

Findings dispatched(dispatcher::ObjectState state = dispatcher::ObjectState::InForce, bool healthy = true) {
  Findings findings;
  findings.begun = true;
  findings.dispatched = true;
  findings.revision = LatestRevision{"app-v1", 1, "h"};
  findings.objects.push_back(object(state, healthy));
  return findings;
}

const Condition& condition(const ApplicationStatus& status, std::string_view type) {
  const Condition* found = find_condition(status.conditions, type);
  REQUIRE(found != nullptr);
  return *found;
}

Findings conflict() {
  Findings findings;
  findings.objects.push_back(object(dispatcher::ObjectState::Conflict));
  Conflict c;
  c.kind = "Namespace";
  c.name = "example";
  c.reason = conflict_reasons::kManagedByOther;
  c.message = "Namespace example is managed by default/app1";
  c.fix = "share it";
  findings.objects[0].outcome.conflict = c;
  return findings;
}

}  // namespace

TEST_CASE("a version that is in force and healthy runs") {
  const ApplicationStatus status = summarize(app(), dispatched(), kNow);
  CHECK(status.phase == phases::kRunning);
  CHECK(status.observed_generation == 3);
  CHECK(condition(status, condition_types::kReady).status == "True");
  CHECK(status.workflow->finished);
  CHECK(status.services.size() == 1);
  CHECK(status.applied_resources.size() == 1);
}

TEST_CASE("the same findings give the same status, times included") {
  Application a = app();
  a.status = summarize(a, dispatched(), kNow);
  CHECK(summarize(a, dispatched(), kLater) == a.status);
}

TEST_CASE("health decides between on the way, running and unhealthy") {
  Application a = app();
  a.status = summarize(a, dispatched(dispatcher::ObjectState::InForce, false), kNow);
  CHECK(a.status.phase == phases::kRunningWorkflow);
  a.status = summarize(a, dispatched(), kNow);
  CHECK(a.status.phase == phases::kRunning);
  a.status = summarize(a, dispatched(dispatcher::ObjectState::InForce, false), kLater);
  CHECK(a.status.phase == phases::kUnhealthy);
  CHECK(condition(a.status, condition_types::kReady).message.find("is not well") != std::string::npos);
}

TEST_CASE("a conflict is told with its fix and clears by itself") {
  Application a = app();
  a.status = summarize(a, conflict(), kNow);
  CHECK(a.status.phase == phases::kWorkflowFailed);
  REQUIRE(a.status.conflicts.size() == 1);
  CHECK(condition(a.status, condition_types::kReady).status == "False");
  CHECK(condition(a.status, condition_types::kConflict).message.find("share it") != std::string::npos);
  a.status = summarize(a, dispatched(), kLater);
  CHECK(a.status.conflicts.empty());
  CHECK(find_condition(a.status.conditions, condition_types::kConflict) == nullptr);
  CHECK(a.status.phase == phases::kRunning);
}

TEST_CASE("a failed stage hides what was not reached and keeps the conditions before it") {
  Findings findings;
  findings.failed_stage = condition_types::kParsed;
  findings.failure = invalid("component names repeat");
  const ApplicationStatus status = summarize(app(), findings, kNow);
  CHECK(status.phase == phases::kRendering);
  CHECK(condition(status, condition_types::kPolicy).status == "True");
  CHECK(condition(status, condition_types::kParsed).status == "False");
  CHECK(find_condition(status.conditions, condition_types::kRender) == nullptr);
  CHECK(condition(status, condition_types::kReady).message == "component names repeat");
}

TEST_CASE("a waiting object is named, and a sharer's divergence, without its values") {
  Findings waiting = dispatched(dispatcher::ObjectState::Waiting);
  waiting.dispatched = false;
  waiting.objects[0].outcome.waiting_for = "Namespace example does not exist";
  const ApplicationStatus status = summarize(app(), waiting, kNow);
  CHECK(condition(status, condition_types::kReady).message.find("Waiting: Namespace example") != std::string::npos);

  Findings held = dispatched(dispatcher::ObjectState::Held);
  held.objects[0].outcome.divergence = {"metadata.labels.team"};
  const ApplicationStatus diverged = summarize(app(), held, kNow);
  CHECK(diverged.phase == phases::kRunning);
  CHECK(condition(diverged, condition_types::kDiverged).message.find("metadata.labels.team") != std::string::npos);
}

TEST_CASE("an application being deleted says what it waits for") {
  Findings findings;
  findings.deleting = true;
  dispatcher::LeaveOutcome leave;
  leave.state = dispatcher::LeaveOutcome::State::Waiting;
  leave.waiting_for = "Pod default/x is being deleted, held by its finalizers: a/b";
  findings.leaving.push_back(leave);
  const ApplicationStatus status = summarize(app(), findings, kNow);
  CHECK(status.phase == phases::kDeleting);
  CHECK(condition(status, condition_types::kReady).reason == condition_reasons::kDeleting);
  CHECK(condition(status, condition_types::kReady).message.find("a/b") != std::string::npos);
}

TEST_CASE("what was kept is said until the application changes") {
  Findings findings = dispatched();
  dispatcher::LeaveOutcome kept;
  kept.state = dispatcher::LeaveOutcome::State::Left;
  kept.kept = policies::Kept::NonEmptyNamespace;
  kept.kept_because = "Namespace old is kept";
  findings.leaving.push_back(kept);
  Application a = app();
  a.status = summarize(a, findings, kNow);
  CHECK(condition(a.status, condition_types::kKept).reason == "NamespaceNotEmpty");
  CHECK(condition(a.status, condition_types::kKept).message == "Namespace old is kept");
  CHECK(condition(a.status, condition_types::kReady).status == "True");
  CHECK(summarize(a, dispatched(), kLater) == a.status);
  a.metadata.generation += 1;
  CHECK(find_condition(summarize(a, dispatched(), kLater).conditions, condition_types::kKept) == nullptr);

  findings.deleting = true;
  CHECK(condition(summarize(app(), findings, kNow), condition_types::kKept).status == "True");
}

}  // namespace heirloom::core
