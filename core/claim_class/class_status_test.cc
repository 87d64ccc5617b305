#include "core/claim_class/class_status.h"

#include <doctest/doctest.h>

#include "apis/claim.h"

namespace heirloom::core {
namespace {

constexpr std::string_view kNow = "2026-01-01T00:00:00Z";

ClaimClass topics() {
  ClaimClass topics;
  topics.metadata.name = "topics";
  topics.metadata.generation = 2;
  topics.spec.claim.group = "example.com";
  topics.spec.claim.plural = "topicclaims";
  return topics;
}

TEST_CASE("a class says whether it serves, and if not why") {
  struct Case {
    std::string_view name;
    bool deleting;
    ClaimClassFindings findings;
    std::string_view status;
    std::string_view reason;
    std::string_view message;
  };
  const Status fault(422, claim_reasons::kClassInvalid, "ClaimClass topics: spec.key: x");
  const Case kCases[] = {
      {"serving", false, {}, "True", "Serving", "serves topicclaims.example.com"},
      {"a foreign definition", false, {.made_definition = false}, "True", "Serving",
       "serves topicclaims.example.com, whose CustomResourceDefinition is not kept by this class"},
      {"retaining", false, {.targets = 2, .retained = 1}, "True", "Serving",
       "serves topicclaims.example.com; keeps 1 object without a claim"},
      {"faulty", false, {.fault = fault}, "False", "ClassInvalid", "ClaimClass topics: spec.key: x"},
      {"not defined yet", false, {.definition = "waits for a definition"}, "False", "Waiting",
       "waits for a definition"},
      {"deleted in use", true, {.claims = 2}, "False", "Deleting",
       "being deleted: new claims are refused; 2 claims (topicclaims.example.com) keep their objects until they are "
       "deleted, and this class until then"},
      {"deleted in use by one", true, {.claims = 1}, "False", "Deleting",
       "being deleted: new claims are refused; 1 claim (topicclaims.example.com) keeps its object until it is deleted, "
       "and this class until then"},
      {"deleted, faulty, unused", true, {.fault = fault}, "False", "Deleting", "being deleted"},
      {"deleted while it retains", true, {.targets = 3, .retained = 3}, "False", "Deleting",
       "being deleted: releasing 3 retained objects"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.name);
    ClaimClass a_class = topics();
    if (c.deleting) a_class.metadata.deletion_timestamp = kNow;
    const ClaimClassStatus status = summarize_claim_class(a_class, c.findings, kNow);
    CHECK(status.observed_generation == 2);
    CHECK(status.claims == c.findings.claims);
    CHECK(status.targets == c.findings.targets);
    const Condition* ready = find_condition(status.conditions, condition_types::kReady);
    REQUIRE(ready != nullptr);
    CHECK(ready->status == c.status);
    CHECK(ready->reason == c.reason);
    CHECK(ready->message == c.message);
  }
}

TEST_CASE("a class that did not change has the status it had") {
  ClaimClass a_class = topics();
  a_class.status = summarize_claim_class(a_class, {.claims = 1, .targets = 1}, kNow);
  CHECK(summarize_claim_class(a_class, {.claims = 1, .targets = 1}, "2026-01-02T00:00:00Z") == a_class.status);
}

}  // namespace
}  // namespace heirloom::core
