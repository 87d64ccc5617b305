// Whatever a person writes into spec.policies and metadata is understood, warned of or refused, and asked
// about safely.
#include <cstdint>

#include "base/assert.h"
#include "policies/admission.h"
#include "policies/policy_set.h"
#include "policies/unsupported.h"

using namespace heirloom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<Json> json = Json::parse({reinterpret_cast<const char*>(data), size});
  if (!json.ok()) return 0;
  const Result<Application> application = decode_application(*json);
  if (!application.ok()) return 0;
  const auto unsupported = policies::find_unsupported(*application);
  HEIRLOOM_ASSERT(policies::unsupported_status(unsupported).ok() == unsupported.empty());
  static_cast<void>(policies::admit(*application, "v1"));
  HEIRLOOM_ASSERT(policies::reconcile_interval_seconds(*application) >= 0);
  const Result<policies::PolicySet> set = policies::parse_policies(*application);
  if (!set.ok()) return 0;
  static_cast<void>(set->of(*json));
  static_cast<void>(set->collect_strategy(*json));
  static_cast<void>(set->releases(*json, false));
  return 0;
}
