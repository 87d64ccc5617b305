#include "policies/claim_basis.h"

#include <doctest/doctest.h>

#include "apis/labels.h"

namespace heirloom::policies {
namespace {

const SharerKey kMe{"boxclaims.example.com", "default", "mine"};
const SharerKey kOther{"boxclaims.example.com", "default", "other"};

Json made_from(const std::string& parameters) {
  const Json notes = Json::object({{annotations::kClaimParameters, parameters}});
  const Json metadata = Json::object({{"annotations", notes}});
  return Json::object({{"metadata", metadata}});
}

LiveObject owned_by(const SharerKey& owner, Ledger ledger) {
  LiveObject live;
  live.owner = owner;
  live.ledger = std::move(ledger);
  return live;
}

struct Case {
  const char* what;
  bool rejects;
  Json before;
  std::optional<LiveObject> owned_before;
  Json now;
  std::optional<LiveObject> owned_now;
  bool holds;
};

}  // namespace

TEST_CASE("a claim's manifest is written only over the state of the object that it was made from") {
  const Json small = made_from(R"({"spec.size":"small"})");
  const Json large = made_from(R"({"spec.size":"large"})");
  const LiveObject alone = owned_by(kMe, {kMe});
  const LiveObject shared = owned_by(kMe, {kMe, kOther});
  const LiveObject others = owned_by(kOther, {kOther});
  const Case cases[] = {
      {"the same", false, small, alone, small, alone, true},
      {"made again from other parameters", false, small, alone, large, alone, false},
      {"gone", false, small, alone, Json(), std::nullopt, false},
      {"there, which it was not", false, Json(), std::nullopt, small, others, false},
      {"absent still", false, Json(), std::nullopt, Json(), std::nullopt, true},
      {"there, made by an application", false, Json(), std::nullopt, Json::object(), others, true},
      {"joined, which changes nothing where the first one wins", false, small, alone, small, shared, true},
      {"joined, so that I may not change it any more", true, small, alone, small, shared, false},
      {"left by others, so that I may", true, small, shared, small, alone, false},
      {"handed over to me", true, small, others, small, alone, false},
      {"the same, and differing claims are rejected", true, small, shared, small, shared, true},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    const auto* before = each.owned_before ? &*each.owned_before : nullptr;
    const auto* now = each.owned_now ? &*each.owned_now : nullptr;
    const ClaimBasis basis = claim_basis(each.before, before, kMe, each.rejects);
    CHECK(holds(basis, each.now, now, kMe) == each.holds);
  }
}

}  // namespace heirloom::policies
