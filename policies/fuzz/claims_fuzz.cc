// Whatever people write into a class and into a claim, the target is an object that the class names or a refusal that
// has a reason. Input: {"class": ..., "claim": ...}.
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "policies/claim_admission.h"
#include "policies/claim_definition.h"
#include "policies/claim_target.h"

using namespace heirloom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<Json> json = Json::parse({reinterpret_cast<const char*>(data), size});
  if (!json.ok()) return 0;
  const Result<ClaimClass> a_class = decode_claim_class((*json)["class"]);
  if (!a_class.ok()) return 0;
  const std::vector<ClaimClass> all{*a_class};
  const Claim claim = decode_claim((*json)["claim"], a_class->spec.claim.plural);
  const bool valid = policies::validate_claim_class(*a_class, all).ok();
  if (valid) static_cast<void>(policies::definition_of(*a_class));
  const Result<policies::Target> target = policies::target_of(*a_class, claim);
  if (!target.ok()) {
    HEIRLOOM_ASSERT(!target.status().message().empty());
    HEIRLOOM_ASSERT(target.status().reason() == claim_reasons::kInvalidClaim ||
                    target.status().reason() == claim_reasons::kClassInvalid);
    HEIRLOOM_ASSERT(!valid || target.status().reason() == claim_reasons::kInvalidClaim);
    return 0;
  }
  HEIRLOOM_ASSERT(target->manifest["kind"].string() == a_class->spec.object["kind"].string());
  HEIRLOOM_ASSERT(target->manifest["metadata"]["name"].string() == target->key.name);
  const Result<policies::Target> again = policies::target_of(*a_class, claim, &target->parameters);
  HEIRLOOM_ASSERT(again.ok() && again->manifest == target->manifest);
  HEIRLOOM_ASSERT(policies::mismatch(target->parameters, again->parameters).empty());
  HEIRLOOM_ASSERT(parse_claim_parameters(format_claim_parameters(target->parameters)) == target->parameters);
  static_cast<void>(policies::admit_claim(*a_class, claim, *target, {1, 1}, "own", false));
  return 0;
}
