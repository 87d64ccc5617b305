// The part of a claim's pass that tells: status and Events.
#include <utility>

#include <fmt/format.h>

#include "core/claim/claim_pass.h"
#include "schema/merge_patch.h"

namespace heirloom::core {

Task<Status> ClaimPass::write_status() {
  const dispatcher::SeenObject* seen = target_ ? context_->table->find(target_->key) : nullptr;
  if (findings_.outcome && findings_.outcome->settled() && seen != nullptr) {
    BoundObject bound{target_->api_version, target_->key.kind, target_->key.ns, target_->key.name, seen->live.uid};
    findings_.bound = std::move(bound);
    findings_.joined = true;
    findings_.claim_count = static_cast<std::int64_t>(seen->live.ledger.size());
    for (std::size_t i = 0; i < seen->live.ledger.size(); ++i)
      if (seen->live.ledger[i] == me_) findings_.position = static_cast<std::int64_t>(i) + 1;
  } else {
    findings_.joined = record_ && !record_->targets.empty();
  }
  const std::string now = format_time(context_->environment->clock->now());
  const ClaimStatus before = claim_.status;
  const ClaimStatus after = summarize_claim(claim_, findings_, now);
  if (after == before) co_return Status();
  const JsonView stored = object_["status"];
  const Json nothing = Json::object();
  const Json wanted = encode_claim_status(after);
  const Json change = schema::merge_diff(stored.is_object() ? stored : nothing.view(), wanted);
  const Json metadata = Json::object({{"uid", claim_.metadata.uid}});
  const Json patch = Json::object({{"metadata", metadata}, {"status", change}});
  const std::string version = context_->sharers->version(me_);
  kube::WriteOptions options;
  options.subresource = "status";
  const Result<Json> answer =
      co_await context_->environment->api->patch(ref(), kube::PatchType::Merge, patch, options);
  if (!answer.ok()) co_return ignore_not_found(annotate(answer.status(), "cannot write the status"));
  context_->sharers->wrote(me_, *answer, version);
  tell(before, after);
  co_return Status();
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
