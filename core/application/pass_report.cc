// The part of a pass that tells: what became of each object, what is waited for, status and Events.
#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/application/pass.h"
#include "core/application/status.h"
#include "core/blockers.h"
#include "core/status_patch.h"

namespace heirloom::core {
namespace {

// Of the status; status_patch.h says why.
constexpr std::string_view kWhole[] = {"status", "observedGeneration", "conditions", "conflicts", "workflow", "latestRevision"};

using dispatcher::Manifest;
using dispatcher::ObjectOutcome;
using dispatcher::ObjectState;

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

bool Pass::healthy_now(const Manifest& manifest, const ObjectOutcome& outcome) {
  dispatcher::ObjectMemory& memory = (*memory_->objects)[manifest.key];
  if (!outcome.body.is_null()) {
    Health health = assess_health(outcome.body);
    memory.healthy = health.healthy;
    memory.health_message = std::move(health.message);
  }
  return memory.healthy;
}

// An object that was found in order is not read again before it changes: what its body says is kept now.
void Pass::note_health(const dispatcher::Version& version, const std::vector<ObjectOutcome>& outcomes) {
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    if (outcomes[i].settled()) static_cast<void>(healthy_now(version.manifests[i], outcomes[i]));
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
    come_back_for(outcomes[i]);
    findings_.objects.push_back(std::move(finding));
  }
}

Task<void> Pass::watch_for_blockers() {
  std::vector<LookedAt> objects;
  for (const ObjectFinding& finding : findings_.objects) objects.push_back({finding.outcome, finding.gvk});
  co_await watch_blockers(context_, me_, std::move(objects));
}

void Pass::come_back_for(const ObjectOutcome& outcome) {
  const std::optional<Duration>& again = outcome.ask_again_after;
  if (outcome.wants_retry()) retry_ = true;
  if (again && (!return_after_ || *again < *return_after_)) return_after_ = again;
}

// Others were quicker, or go first, and all else is well: what the status says will be true again in a moment.
bool Pass::is_between() const {
  if (findings_.deleting || !findings_.failed_stage.empty() || !findings_.duplicates.empty()) return false;
  bool between = false;
  for (const ObjectFinding& finding : findings_.objects) {
    between = between || finding.outcome.transient;
    if (!finding.outcome.transient && !finding.outcome.settled()) return false;
  }
  return between;
}

Task<Status> Pass::write_status() {
  const std::string now = format_time(context_->environment->clock->now());
  const ApplicationStatus after = summarize(app_, findings_, now);
  const ApplicationStatus before = app_.status;
  if (after == before) co_return Status();
  const Json patch = status_patch(app_.metadata.uid, object_["status"], encode_application_status(after), kWhole);
  const kube::ObjectRef ref{dispatcher::kApplications, app_.metadata.ns, app_.metadata.name};
  const std::string version = context_->sharers->version(me_);
  kube::WriteOptions options;
  options.subresource = "status";
  const Result<Json> answer =
      co_await context_->environment->api->patch(ref, kube::PatchType::Merge, patch, options);
  if (!answer.ok()) co_return ignore_not_found(annotate(answer.status(), "cannot write the status"));
  context_->sharers->wrote(me_, *answer, version);
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
    const Json* other = context_->sharers->find(*owner);
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

}  // namespace heirloom::core
