#include "policies/leave.h"

#include <algorithm>

#include <fmt/format.h>

namespace heirloom::policies {

namespace {

// More objects inside are told as a number.
constexpr std::size_t kMaxNamedInside = 10;

// Who stays: the live owner, the live ledger entries in order, live keys found only in the record.
Ledger members_without(const LiveObject& live, const SharerKey& me, const Facts& facts) {
  Ledger members;
  for (SharerKey& key : keys_to_check(live, me))  // in this order
    if (!facts.is_dead(key)) members.push_back(std::move(key));
  return members;
}

// The labels move only if the leaver was the owner or the owner is dead; and not to a leaving one while a
// live one exists.
SharerKey next_owner(const LiveObject& live, const Ledger& members, const Facts& facts) {
  if (live.owner && contains(members, *live.owner)) return *live.owner;
  const auto it =
      std::find_if(members.begin(), members.end(), [&](const SharerKey& key) { return facts.is_live(key); });
  return it == members.end() ? members.front() : *it;
}

Ownership hand_over(const LiveObject& live, const Ledger& members, const Facts& facts) {
  Ownership stays;
  stays.owner = next_owner(live, members, facts);
  const bool shared = !joined(live).empty() || members.size() > 1;
  if (shared) stays.ledger = with_owner_first(members, *stays.owner);
  if (live.record) {
    stays.adopted = live.record->adopted;
    for (const auto& [key, mark] : live.record->sharers)
      if (contains(members, key)) stays.sharers.emplace(key, mark);
    stays.sharers = stays.sharers.ordered_by(stays.ledger);
  }
  return stays;
}

// Namespaces and definitions take along what they hold.
void take_care(const ObjectKey& key, const LeavePolicy& policy, const Contents* contents, LeaveDecision& decision) {
  if (policy.is_protected && is_namespace(key)) {
    decision.action = LeaveAction::Release;
    decision.kept = Kept::ProtectedNamespace;
    return;
  }
  const bool definition = is_definition(key) && !policy.cascading;
  if (!definition && !(is_namespace(key) && policy.keep_non_empty_namespace)) return;
  if (contents == nullptr) {
    decision.action = LeaveAction::Look;
    return;
  }
  decision.inside = strangers(*contents);
  if (decision.inside.empty() && contents->complete) return;
  decision.action = LeaveAction::Release;
  decision.kept = definition ? Kept::Instances : Kept::NonEmptyNamespace;
}

}  // namespace

std::string_view to_string(LeaveAction action) {
  switch (action) {
    case LeaveAction::Nothing:
      return "Nothing";
    case LeaveAction::Handover:
      return "Handover";
    case LeaveAction::Release:
      return "Release";
    case LeaveAction::Delete:
      return "Delete";
    case LeaveAction::Wait:
      return "Wait";
    case LeaveAction::Look:
      return "Look";
  }
  return "Nothing";
}

std::string_view to_string(Kept kept) {
  switch (kept) {
    case Kept::No:
      return "No";
    case Kept::ProtectedNamespace:
      return "ProtectedNamespace";
    case Kept::NonEmptyNamespace:
      return "NamespaceNotEmpty";
    case Kept::Instances:
      return "DefinitionHasInstances";
  }
  return "No";
}

LeaveDecision leave(const std::optional<LiveObject>& live, const SharerKey& me, const LeavePolicy& policy,
                    const Facts& facts, const Contents* contents) {
  LeaveDecision decision;
  if (!live || !live->lists(me)) return decision;
  decision.was_owner = live->owner == me;

  const Ledger members = members_without(*live, me, facts);
  if (!members.empty()) {
    decision.action = LeaveAction::Handover;
    decision.ownership = hand_over(*live, members, facts);
    if (policy.heir && members == Ledger{policy.heir->key}) decision.ownership.retained_since = policy.heir->since;
    return decision;
  }
  // A mark of mine on what was another's alone, and that one is dead: not mine to delete.
  const bool others = live->owner && live->owner != me && !contains(live->ledger, me);
  if (others) return decision;
  if (live->terminating) {
    decision.action = LeaveAction::Wait;
    return decision;
  }
  if (policy.ownerless && live->ledger.empty()) {
    decision.stays_unshared = true;
    return decision;
  }
  const bool adopted = live->record && live->record->adopted;
  decision.action = policy.release || adopted ? LeaveAction::Release : LeaveAction::Delete;
  if (decision.action == LeaveAction::Delete && policy.heir) {
    decision.action = LeaveAction::Handover;
    decision.retained = true;
    decision.ownership.owner = policy.heir->key;
    decision.ownership.ledger = {policy.heir->key};
    decision.ownership.sharers = {{policy.heir->key, policy.heir->mark}};
    decision.ownership.retained_since = policy.heir->since;
  }
  if (decision.action == LeaveAction::Delete) take_care(live->key, policy, contents, decision);
  return decision;
}

std::string kept_sentence(const ObjectKey& key, const LeaveDecision& decision) {
  const std::string what = key.to_string();
  if (decision.kept == Kept::ProtectedNamespace)
    return fmt::format("{} is kept and let go of: it is protected from deletion", what);
  if (decision.inside.empty())
    return fmt::format("{} is kept and let go of: it holds too many objects to look at all of them", what);
  std::string names;
  for (std::size_t i = 0; i < decision.inside.size() && i < kMaxNamedInside; ++i)
    names += (i == 0 ? "" : ", ") + decision.inside[i].to_string();
  if (decision.inside.size() > kMaxNamedInside)
    names += fmt::format(" and {} more", decision.inside.size() - kMaxNamedInside);
  const std::string_view why = decision.kept == Kept::Instances
                                   ? "it has instances that its last sharer does not declare alone"
                                   : "it holds what its last sharer did not create";
  return fmt::format("{} is kept and let go of: {}: {}", what, why, names);
}

Status check_recreate(const LiveObject& live, const SharerKey& me, const Facts& facts) {
  const Ledger members = members_without(live, me, facts);
  if (members.empty()) return {};
  return invalid(
      fmt::format("{} cannot be deleted and created again while it is shared by {}: remove the field from "
                  "recreateFields, or stop sharing first",
                  live.key.to_string(), format_ledger(members)));
}

}  // namespace heirloom::policies
