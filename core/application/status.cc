#include "core/application/status.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace heirloom::core {
namespace {

using dispatcher::LeaveOutcome;
using dispatcher::ObjectOutcome;
using dispatcher::ObjectState;

constexpr std::string_view kTrue = "True";
constexpr std::string_view kFalse = "False";
constexpr std::string_view kReasonConflict = "Conflict";
// Longer lists are cut, with the number of those left out.
constexpr std::size_t kMaxNamed = 10;

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < parts.size() && i < kMaxNamed; ++i) {
    if (i != 0) text += separator;
    text += parts[i];
  }
  if (parts.size() > kMaxNamed) text += fmt::format("{}and {} more", separator, parts.size() - kMaxNamed);
  return text;
}

class Summary {
 public:
  Summary(const Application& application, const Findings& findings, std::string_view now)
      : findings_(findings), now_(now), status_(application.status), generation_(application.metadata.generation) {}

  ApplicationStatus finish() {
    new_generation_ = status_.observed_generation != generation_;
    status_.observed_generation = generation_;
    if (findings_.revision) status_.latest_revision = findings_.revision;
    conflicts();
    kept();
    if (findings_.deleting) {
      deleting();
      return status_;
    }
    stage_conditions();
    if (findings_.failed_stage.empty()) {
      services();
      applied_resources();
      workflow();
      diverged();
      state_keep();
    }
    dropped();
    ready();
    phase();
    return status_;
  }

 private:
  void set(std::string_view type, std::string_view value, std::string_view reason, std::string message = {}) {
    set_condition(status_.conditions,
                  Condition{std::string(type), std::string(value), std::string(reason), std::move(message), ""}, now_);
  }
  void unset(std::string_view type) { remove_condition(status_.conditions, type); }

  void conflicts() {
    status_.conflicts = findings_.duplicates;
    for (const ObjectFinding& object : findings_.objects)
      if (object.outcome.conflict) status_.conflicts.push_back(*object.outcome.conflict);
    if (status_.conflicts.empty()) {
      unset(condition_types::kConflict);
      return;
    }
    std::vector<std::string> messages;
    for (const Conflict& conflict : status_.conflicts)
      messages.push_back(fmt::format("{} (fix: {})", conflict.message, conflict.fix));
    std::string text = join(messages, "; ");
    if (findings_.begun && !findings_.keeps_previous) {
      std::vector<std::string> applied;
      for (const ObjectFinding& object : findings_.objects)
        if (object.outcome.settled()) applied.push_back(object.outcome.key.to_string());
      if (!applied.empty()) text += fmt::format("; applied: {}", join(applied, ", "));
    }
    set(condition_types::kConflict, kTrue, status_.conflicts.front().reason, std::move(text));
  }

  // Said until the application changes: nothing on the object tells of it any more.
  void kept() {
    std::vector<std::string> sentences;
    std::string_view reason;
    for (const LeaveOutcome& leave : findings_.leaving) {
      if (leave.kept == policies::Kept::No) continue;
      if (reason.empty()) reason = to_string(leave.kept);
      sentences.push_back(leave.kept_because);
    }
    if (!sentences.empty()) set(condition_types::kKept, kTrue, reason, join(sentences, "; "));
    else if (new_generation_) unset(condition_types::kKept);
  }

  // Parsed, Policy, Render in the order in which they are reached; the failed one says why, later ones go.
  void stage_conditions() {
    static constexpr std::string_view kStages[] = {condition_types::kSupported, condition_types::kPolicy,
                                                   condition_types::kParsed, condition_types::kRender,
                                                   condition_types::kRevision};
    bool failed = false;
    for (const std::string_view stage : kStages) {
      if (failed) {
        unset(stage);
      } else if (stage == findings_.failed_stage) {
        failed = true;
        const bool unsupported = stage == condition_types::kSupported;
        set(stage, kFalse, unsupported ? condition_reasons::kUnsupported : condition_reasons::kReconcileError,
            findings_.failure.message());
      } else if (stage == condition_types::kSupported) {
        unset(stage);
      } else if (stage != condition_types::kRevision || findings_.begun) {
        set(stage, kTrue, condition_reasons::kAvailable);
      }
    }
  }

  static std::string problem_of(const ObjectFinding& object) {
    const ObjectOutcome& outcome = object.outcome;
    switch (outcome.state) {
      case ObjectState::Waiting: return "Waiting: " + outcome.waiting_for;
      case ObjectState::Failed: return outcome.error.message();
      case ObjectState::Conflict: return outcome.conflict ? outcome.conflict->message : "in conflict";
      case ObjectState::Pending: return fmt::format("{} is not applied yet", outcome.key.to_string());
      case ObjectState::InForce:
      case ObjectState::Held:
      case ObjectState::Observed: break;
    }
    if (object.health.healthy) return {};
    return fmt::format("{}: {}", outcome.key.to_string(), object.health.message);
  }

  void services() {
    status_.services.clear();
    std::map<std::string, std::size_t> at;
    for (const ObjectFinding& object : findings_.objects) {
      const auto [place, fresh] = at.emplace(object.component, status_.services.size());
      if (fresh) {
        ServiceStatus service;
        service.name = object.component;
        service.healthy = true;
        service.workload_healthy = true;
        status_.services.push_back(std::move(service));
      }
      ServiceStatus& service = status_.services[place->second];
      if (object.main) {
        service.ns = object.outcome.key.ns;
        service.workload_api_version = object.gvk.api_version();
        service.workload_kind = object.gvk.kind;
      }
      const std::string problem = problem_of(object);
      if (problem.empty()) continue;
      service.healthy = false;
      if (object.main) service.workload_healthy = false;
      if (service.message.empty()) service.message = problem;
    }
  }

  void applied_resources() {
    if (!findings_.begun) return;  // the list of the version in force stands
    status_.applied_resources.clear();
    for (const ObjectFinding& object : findings_.objects) {
      if (!object.outcome.settled()) continue;
      AppliedResource applied;
      applied.api_version = object.gvk.api_version();
      applied.kind = object.gvk.kind;
      applied.ns = object.outcome.key.ns;
      applied.name = object.outcome.key.name;
      status_.applied_resources.push_back(std::move(applied));
    }
  }

  bool healthy() const {
    return std::all_of(status_.services.begin(), status_.services.end(),
                       [](const ServiceStatus& service) { return service.healthy; });
  }

  void workflow() {
    if (!findings_.begun || !findings_.revision) return;
    const std::string& token = findings_.revision->name;
    if (!status_.workflow || status_.workflow->app_revision != token) {
      status_.workflow = WorkflowStatus();
      status_.workflow->app_revision = token;
      status_.workflow->mode = "DAG-DAG";
      status_.workflow->start_time = now_;
    }
    WorkflowStatus& workflow = *status_.workflow;
    if (workflow.finished) return;
    if (findings_.dispatched && healthy()) {
      workflow.status = "succeeded";
      workflow.finished = true;
      workflow.end_time = now_;
    } else {
      workflow.status = status_.conflicts.empty() ? "executing" : "failed";
    }
  }
  bool finished() const { return status_.workflow && status_.workflow->finished && findings_.begun; }

  void diverged() {
    std::vector<std::string> sentences;
    for (const ObjectFinding& object : findings_.objects)
      if (!object.outcome.divergence.empty()) sentences.push_back(divergence_sentence(object.outcome));
    if (sentences.empty()) {
      unset(condition_types::kDiverged);
    } else {
      set(condition_types::kDiverged, kTrue, "OwnedByOther", join(sentences, "; "));
    }
  }

  // A version that was in force and is disturbed says so here; Workflow tells of the way there.
  void state_keep() {
    std::vector<std::string> problems;
    for (const ObjectFinding& object : findings_.objects)
      if (!object.outcome.settled()) problems.push_back(problem_of(object));
    if (finished()) {
      set(condition_types::kWorkflow, kTrue, condition_reasons::kAvailable);
      if (problems.empty()) unset(condition_types::kStateKeep);
      else set(condition_types::kStateKeep, kFalse, condition_reasons::kReconcileError, join(problems, "; "));
    } else {
      unset(condition_types::kStateKeep);
      if (problems.empty()) unset(condition_types::kWorkflow);
      else set(condition_types::kWorkflow, kFalse, status_.conflicts.empty() ? condition_reasons::kWaiting : kReasonConflict,
               join(problems, "; "));
    }
  }

  void dropped() {
    std::vector<std::string> notes;
    if (!findings_.dropped.empty())
      notes.push_back(fmt::format("ignored, because a manifest may not say who owns an object: {}",
                                  join(findings_.dropped, ", ")));
    for (const std::string& warning : findings_.warnings) notes.push_back(warning);
    for (const ObjectFinding& object : findings_.objects)
      if (object.outcome.shares_without_policy)
        notes.push_back(fmt::format("{} is still shared although no policy here says so: others share it",
                                    object.outcome.key.to_string()));
    if (notes.empty()) unset(condition_types::kNotices);
    else set(condition_types::kNotices, kTrue, "Notices", join(notes, "; "));
  }

  void ready() {
    if (!findings_.failed_stage.empty()) {
      const bool unsupported = findings_.failed_stage == condition_types::kSupported;
      set(condition_types::kReady, kFalse,
          unsupported ? condition_reasons::kUnsupported : condition_reasons::kReconcileError,
          findings_.failure.message());
      return;
    }
    if (!status_.conflicts.empty()) {
      set(condition_types::kReady, kFalse, kReasonConflict, find_condition(status_.conditions,
          condition_types::kConflict)->message);
      return;
    }
    std::vector<std::string> problems;
    for (const ServiceStatus& service : status_.services)
      if (!service.message.empty()) problems.push_back(fmt::format("component {}: {}", service.name, service.message));
    for (const LeaveOutcome& leave : findings_.leaving) {
      if (leave.state == LeaveOutcome::State::Failed) problems.push_back(leave.error.message());
      else if (leave.state == LeaveOutcome::State::Waiting) problems.push_back("Waiting: " + leave.waiting_for);
    }
    if (problems.empty()) {
      set(condition_types::kReady, kTrue, condition_reasons::kReconcileSuccess);
    } else {
      set(condition_types::kReady, kFalse, condition_reasons::kWaiting, join(problems, "; "));
    }
  }

  void deleting() {
    std::vector<std::string> problems;
    bool failed = false;
    for (const LeaveOutcome& leave : findings_.leaving) {
      if (leave.state == LeaveOutcome::State::Waiting) problems.push_back("Waiting: " + leave.waiting_for);
      if (leave.state != LeaveOutcome::State::Failed) continue;
      problems.push_back(leave.error.message());
      failed = true;
    }
    if (!findings_.failure.ok()) {
      problems.push_back(findings_.failure.message());
      failed = true;
    }
    const bool unsupported = findings_.failed_stage == condition_types::kSupported;
    set(condition_types::kReady, kFalse,
        unsupported ? condition_reasons::kUnsupported
                    : failed ? condition_reasons::kReconcileError : condition_reasons::kDeleting,
        join(problems, "; "));
    status_.phase = phases::kDeleting;
  }

  void phase() {
    if (!findings_.failed_stage.empty()) {
      status_.phase = phases::kRendering;
    } else if (finished()) {
      status_.phase = healthy() && status_.conflicts.empty() ? phases::kRunning : phases::kUnhealthy;
    } else {
      status_.phase = status_.conflicts.empty() ? phases::kRunningWorkflow : phases::kWorkflowFailed;
    }
  }

  const Findings& findings_;
  std::string now_;
  ApplicationStatus status_;
  std::int64_t generation_;
  bool new_generation_ = false;
};

}  // namespace

std::string divergence_sentence(const ObjectOutcome& outcome) {
  return fmt::format("{} differs from what its owner declares at {}; it is asserted when this application becomes the owner",
                     outcome.key.to_string(), join(outcome.divergence, ", "));
}

ApplicationStatus summarize(const Application& application, const Findings& findings, std::string_view now) {
  return Summary(application, findings, now).finish();
}

}  // namespace heirloom::core
