// The part of a claim's pass that tells: status and Events.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/claim/claim_pass.h"
#include "core/status_patch.h"

namespace heirloom::core {
namespace {

// Of the status; status_patch.h says why.
constexpr std::string_view kWhole[] = {"phase", "observedGeneration", "conditions", "message", "target", "boundTo", "claimCount", "position"};

constexpr Duration kCountPause = std::chrono::milliseconds(50);  // for each claim of the object
constexpr Duration kLongestCountPause = std::chrono::seconds(30);

}  // namespace

Task<Status> ClaimPass::write_status() {
  const dispatcher::SeenObject* seen = target_ ? context_->table->find(target_->key) : nullptr;
  if (findings_.outcome && findings_.outcome->settled() && seen != nullptr) {
    BoundObject bound{target_->api_version, target_->key.kind, target_->key.ns, target_->key.name, seen->live.uid};
    findings_.bound = std::move(bound);
    findings_.joined = true;
    count(*seen);
  } else {
    findings_.joined = record_ && !record_->targets.empty();
    count_held();
  }
  const std::string now = format_time(context_->environment->clock->now());
  const ClaimStatus before = claim_.status;
  const ClaimStatus after = summarize_claim(claim_, findings_, now);
  if (after == before) co_return Status();
  if (const Duration rest = counts_may_wait(before, after); rest > Duration::zero()) {
    if (!return_after_ || rest < *return_after_) return_after_ = rest;
    co_return Status();
  }
  const Json patch = status_patch(claim_.metadata.uid, object_["status"], encode_claim_status(after), kWhole);
  const std::string version = context_->sharers->version(me_);
  kube::WriteOptions options;
  options.subresource = "status";
  const Result<Json> answer =
      co_await context_->environment->api->patch(ref(), kube::PatchType::Merge, patch, options);
  if (!answer.ok()) co_return ignore_not_found(annotate(answer.status(), "cannot write the status"));
  context_->sharers->wrote(me_, *answer, version);
  memory_->told = context_->environment->clock->monotonic();
  tell(before, after);
  co_return Status();
}

// Of the object it is bound to while it does not get what it wants.
void ClaimPass::count_held() {
  const dispatcher::SeenObject* seen =
      claim_.status.bound_to ? context_->table->find(claim_.status.bound_to->key()) : nullptr;
  if (seen == nullptr || !policies::contains(seen->live.ledger, me_)) return;
  findings_.bound = claim_.status.bound_to;
  findings_.bound->uid = seen->live.uid;
  count(*seen);
}

void ClaimPass::count(const dispatcher::SeenObject& seen) {
  for (const SharerKey& key : seen.live.ledger) {
    if (key.kind == dispatcher::kClaimClassSharer) continue;  // about to step out
    ++findings_.claim_count;
    if (key == me_) findings_.position = findings_.claim_count;
  }
}

// Every claim of an object counts all of them: with each that comes or goes all statuses change. Where nothing else does,
// each is written the less often the more there are.
Duration ClaimPass::counts_may_wait(const ClaimStatus& before, const ClaimStatus& after) const {
  ClaimStatus recounted = before;
  recounted.claim_count = after.claim_count;
  recounted.position = after.position;
  if (!memory_->told || recounted != after) return Duration::zero();
  const Duration pause = std::min(kCountPause * after.claim_count, kLongestCountPause);
  return *memory_->told + pause - context_->environment->clock->monotonic();
}

// Events tell of what is new: another phase, another reason.
void ClaimPass::tell(const ClaimStatus& before, const ClaimStatus& after) {
  const Condition* was = find_condition(before.conditions, condition_types::kReady);
  const Condition* is = find_condition(after.conditions, condition_types::kReady);
  if (is == nullptr || (was != nullptr && was->reason == is->reason && before.phase == after.phase)) return;
  const bool good = after.phase == claim_phases::kBound && is->status == "True";
  const bool passing = is->reason == claim_reasons::kWaiting || is->reason == claim_reasons::kReleasing ||
                       is->reason == claim_reasons::kTerminating;
  kube::EventNote event;
  event.regarding = kube::reference_to(object_);
  event.regarding.resource_version.clear();
  event.type = good || passing ? kube::EventType::Normal : kube::EventType::Warning;
  event.reason = is->reason;
  event.message = is->message;
  context_->environment->events->record(std::move(event));
}

}  // namespace heirloom::core
