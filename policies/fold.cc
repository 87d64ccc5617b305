#include "policies/fold.h"

#include <optional>

namespace heirloom::policies {

namespace {

// nullopt: nothing to write, or not by ledger and record alone.
std::optional<Ownership> next_ownership(const LiveObject& live, const Move& move, const Facts& facts) {
  if (move.leaves) {
    LeaveDecision out = leave(live, move.me.key, move.leave_policy, facts);
    if (out.action != LeaveAction::Handover || out.retained) return std::nullopt;
    return std::move(out.ownership);
  }
  Decision decision = decide(live, move.me, move.policies, facts);
  if (!decision.writes_ownership || decision.may_write_content || !decision.ownership.owner) return std::nullopt;
  return std::move(decision.ownership);
}

}  // namespace

Folded fold(const LiveObject& live, const Ownership& first, std::span<const Move> waiting, const Facts& facts) {
  Folded folded;
  folded.ownership = first;
  if (!first.owner) return folded;
  for (const Move& move : waiting) {
    const LiveObject now = as_written(live, folded.ownership);
    std::optional<Ownership> next = next_ownership(now, move, facts);
    if (!next) continue;
    ++folded.moves;
    if (move.leaves && now.owner == move.me.key) ++folded.handovers;
    folded.ownership = std::move(*next);
  }
  return folded;
}

}  // namespace heirloom::policies
