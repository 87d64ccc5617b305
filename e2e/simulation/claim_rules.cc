#include "e2e/simulation/claim_rules.h"

namespace heirloom::simulation {
namespace {

constexpr std::string_view kParameters = "heirloom.dev/claim-parameters";
constexpr std::string_view kDefaultSize = "small";  // as claim_workload.cc writes the template

}  // namespace

bool is_spoilt(const Json& boxes) { return !boxes["spec"]["object"]["data"]["size"].string().ends_with('}'); }

bool serves(const Json& boxes) {
  return boxes.is_object() && !boxes["metadata"].contains("deletionTimestamp") && !is_spoilt(boxes);
}

bool rejects_mismatches(const Json& boxes) { return boxes["spec"]["onMismatch"].string() == "Reject"; }

bool allows_namespace(const Json& boxes, std::string_view ns) {
  const JsonView allowed = boxes["spec"]["allowedNamespaces"];
  if (allowed.empty()) return true;
  for (const JsonView pattern : allowed.elements()) {
    const std::string_view text = pattern.string();
    if (text.ends_with('*') ? ns.starts_with(text.substr(0, text.size() - 1)) : ns == text) return true;
  }
  return false;
}

std::int64_t limit(const Json& boxes, std::string_view name) { return boxes["spec"]["limits"][name].int64(); }

bool differs(const Json& claim, const Json& object) {
  const Result<Json> made_of = Json::parse(object["metadata"]["annotations"][kParameters].string("null"));
  if (!made_of.ok() || !made_of->is_object()) return true;
  return claim["spec"]["size"].string(kDefaultSize) != (*made_of)["spec.size"].string(kDefaultSize);
}

Ready ready(const Json& object) {
  for (const JsonView condition : object["status"]["conditions"].elements())
    if (condition["type"].string() == "Ready")
      return {std::string(condition["status"].string()), std::string(condition["reason"].string())};
  return {};
}

}  // namespace heirloom::simulation
