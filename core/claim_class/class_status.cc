#include "core/claim_class/class_status.h"

#include <utility>

#include <fmt/format.h>

#include "apis/claim.h"
#include "apis/condition.h"

namespace heirloom::core {
namespace {

std::string counted(std::int64_t number, std::string_view one) {
  return fmt::format("{} {}{}", number, one, number == 1 ? "" : "s");
}

Condition ready(const ClaimClass& claim_class, const ClaimClassFindings& findings) {
  const auto with = [](std::string_view status, std::string_view reason, std::string message) {
    return Condition{std::string(condition_types::kReady), std::string(status), std::string(reason),
                     std::move(message), ""};
  };
  const std::string kind = claim_class.spec.claim.sharer_kind();
  if (claim_class.metadata.is_deleting()) {
    if (findings.claims == 0)
      return with("False", claim_class_reasons::kDeleting,
                  findings.retained == 0 ? "being deleted"
                                         : fmt::format("being deleted: releasing {}",
                                                       counted(findings.retained, "retained object")));
    return with("False", claim_class_reasons::kDeleting,
                fmt::format("being deleted: new claims are refused; {} ({}) {} deleted, and this class until then",
                            counted(findings.claims, "claim"), kind,
                            findings.claims == 1 ? "keeps its object until it is" : "keep their objects until they are"));
  }
  if (!findings.fault.ok()) return with("False", claim_reasons::kClassInvalid, findings.fault.message());
  if (!findings.definition.empty()) return with("False", claim_class_reasons::kWaiting, findings.definition);
  std::string message = fmt::format("serves {}", kind);
  if (!findings.made_definition) message += ", whose CustomResourceDefinition is not kept by this class";
  if (findings.retained != 0) message += fmt::format("; keeps {}", counted(findings.retained, "object without a claim"));
  return with("True", claim_class_reasons::kServing, std::move(message));
}

}  // namespace

ClaimClassStatus summarize_claim_class(const ClaimClass& claim_class, const ClaimClassFindings& findings,
                                       std::string_view now) {
  ClaimClassStatus status = claim_class.status;
  status.observed_generation = claim_class.metadata.generation;
  status.claims = findings.claims;
  status.targets = findings.targets;
  set_condition(status.conditions, ready(claim_class, findings), now);
  return status;
}

}  // namespace heirloom::core
