#include "core/promise/promise_status.h"

#include <doctest/doctest.h>

#include "apis/condition.h"
#include "apis/labels.h"

namespace heirloom::core {
namespace {

constexpr std::string_view kNow = "2026-01-01T00:00:00Z";
const GroupVersionKind kKind{"marketplace.kratix.io", "v1alpha1", "NamespaceClaim"};

Promise namespace_claim() {
  Promise promise;
  promise.metadata.name = "namespace-claim";
  promise.metadata.generation = 1;
  promise.metadata.labels.emplace(labels::kKratixPromiseVersion, "v1.0.0");
  promise.pipelines = {"resource.configure: claim-ensure", "resource.delete: claim-release"};
  return promise;
}

TEST_CASE("a Promise is available when a class serves its kind, and otherwise says why not") {
  struct Case {
    std::string_view name;
    PromiseFindings findings;
    std::string_view status;
    std::string_view reason;
    std::string_view says;
  };
  const Case kCases[] = {
      {"served", {.kind = kKind, .served_by = "namespaceclaims"}, "Available", "ServedByClaimClass",
       "ClaimClass namespaceclaims serves NamespaceClaim.marketplace.kratix.io"},
      {"nobody serves it", {.kind = kKind}, "Unavailable", "NoClaimClass",
       "pipelines are not run here (resource.configure: claim-ensure, resource.delete: claim-release)"},
      {"its class is faulty", {.kind = kKind, .served_by = "n", .class_fault = "spec.key: x"}, "Unavailable",
       "NoClaimClass", "ClaimClass n does not serve NamespaceClaim.marketplace.kratix.io: spec.key: x"},
      {"another is missing", {.kind = kKind, .served_by = "n", .required = {"namespace v1.0.0"}}, "Unavailable",
       "RequiredPromises", "namespace v1.0.0"},
      {"it embeds nothing", {.fault = invalid("Promise namespace-claim: spec.api: nothing", "spec.api")},
       "Unavailable", "InvalidDefinition", "spec.api"},
      {"not yet established", {.kind = kKind, .waiting = "waits for it", .served_by = "n"}, "Unavailable",
       "DefinitionNotInstalled", "waits for it"},
      {"another brings it", {.kind = kKind, .defined_by = "first", .served_by = "n"}, "Unavailable",
       "DefinedByOther", "brought by Promise first already"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.name);
    const PromiseStatus status = summarize_promise(namespace_claim(), c.findings, kNow);
    CHECK(status.status == c.status);
    CHECK(status.version == "v1.0.0");
    CHECK(status.observed_generation == 1);
    const Condition* available = find_condition(status.conditions, promise_conditions::kAvailable);
    REQUIRE(available != nullptr);
    CHECK(available->status == (c.status == "Available" ? "True" : "False"));
    CHECK(available->reason == c.reason);
    CAPTURE(available->message);
    CHECK(available->message.find(c.says) != std::string::npos);
    CHECK(find_condition(status.conditions, promise_conditions::kPipelines) != nullptr);
  }
}

TEST_CASE("what a Promise brings and nobody runs is named") {
  Promise promise = namespace_claim();
  promise.dependencies = 2;
  const PromiseFindings served{.kind = kKind, .served_by = "namespaceclaims"};
  promise.status = summarize_promise(promise, served, kNow);
  const Condition* pipelines = find_condition(promise.status.conditions, promise_conditions::kPipelines);
  REQUIRE(pipelines != nullptr);
  CHECK(pipelines->status == "False");
  CHECK(pipelines->message ==
        "pipelines are not run here: resource.configure: claim-ensure, resource.delete: claim-release; 2 dependencies "
        "are not applied here; ClaimClass namespaceclaims does what claims of this kind ask for");
  CHECK(summarize_promise(promise, served, "2026-01-02T00:00:00Z") == promise.status);

  promise.pipelines.clear();
  promise.dependencies = 0;
  const PromiseStatus bare = summarize_promise(promise, served, kNow);
  CHECK(find_condition(bare.conditions, promise_conditions::kPipelines) == nullptr);
}

}  // namespace
}  // namespace heirloom::core
