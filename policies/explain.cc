#include <fmt/format.h>

#include "apis/conflict.h"
#include "base/assert.h"
#include "policies/decide.h"

namespace heirloom::policies {

namespace {

// "application default/app1", "namespaceclaims.marketplace.kratix.io team-a/c1"
std::string name_sharer(const SharerKey& key) {
  if (key.is_application()) return "application " + to_string(key);
  return fmt::format("{} {}/{}", key.kind, key.ns, key.name);
}

// Claims have no policies: their class says what they may have, and their key which object they mean. (A class only leaves.)
bool is_claim(const SharerKey& me) { return !me.is_application(); }

Explanation not_managed(const Decision& d, const ObjectKey& object, const SharerKey& me) {
  std::string message = fmt::format("{} exists but is not managed by any application", object.to_string());
  if (d.copy)
    message += "; it is a copy of another object";
  else if (d.owner)
    message += "; its labels name " + name_sharer(*d.owner) + ", which is gone";
  if (is_claim(me))
    return {std::move(message), fmt::format("delete the {}, let the ClaimClass of {} say adoption: IfUnowned, or claim another one",
                                            object.kind, me.kind)};
  return {std::move(message), fmt::format("delete the {}, or add a take-over policy that selects it to {}",
                                          object.kind, to_string(me))};
}

Explanation not_shareable(const Decision& d, const ObjectKey& object, const SharerKey& me) {
  const std::string owner = d.owner ? to_string(*d.owner) : "its owner";
  if (d.full)
    return {fmt::format(
                "{} of {} has {} sharers: there is no room for another one (at most {}, and {} KiB of names)",
                object.to_string(), owner, d.sharers.size(), kMaxSharers, kMaxLedgerBytes / 1024),
            "let one of them stop using it, or use an object of your own"};
  std::string fix = fmt::format("add a shared-resource policy that selects this {} to {}", object.kind, owner);
  if (is_claim(me)) fix += ", or claim another one";
  return {fmt::format("{} is controlled by {} but is not sharable", object.to_string(),
                      d.owner ? name_sharer(*d.owner) : owner),
          std::move(fix)};
}

Explanation managed_by_other(const Decision& d, const ObjectKey& object, const SharerKey& me) {
  HEIRLOOM_ASSERT(d.owner.has_value());
  std::string fix = fmt::format("add a shared-resource policy that selects this {} to ", object.kind);
  const bool owner_shares = !d.sharers.empty();
  if (!owner_shares) fix += to_string(*d.owner) + " and to ";
  fix += to_string(me);
  return {fmt::format("{} is managed by other {}", object.to_string(), name_sharer(*d.owner)),
          std::move(fix)};
}

}  // namespace

Explanation explain(const Decision& decision, const ObjectKey& object, const SharerKey& me) {
  HEIRLOOM_ASSERT(!decision.conflict.empty());
  if (decision.conflict == conflict_reasons::kNotManaged) return not_managed(decision, object, me);
  if (decision.conflict == conflict_reasons::kNotShareable) return not_shareable(decision, object, me);
  if (decision.conflict == conflict_reasons::kManagedByOther) return managed_by_other(decision, object, me);
  HEIRLOOM_ASSERT(decision.conflict == conflict_reasons::kReadOnlyMissing);
  return {fmt::format("{} is marked as read-only but does not exist", object.to_string()),
          fmt::format("create the {}, or remove the read-only policy that selects it from {}", object.kind,
                      to_string(me))};
}

}  // namespace heirloom::policies
