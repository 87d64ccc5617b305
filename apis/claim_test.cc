#include "apis/claim.h"

#include <doctest/doctest.h>

#include "base/yaml.h"

namespace heirloom {
namespace {

Json yaml(std::string_view text) {
  Result<Json> parsed = parse_yaml(text);
  REQUIRE(parsed.ok());
  return std::move(parsed).value();
}

TEST_CASE("a claim of any kind is read, whatever its spec") {
  const Claim claim = decode_claim(yaml(R"(
apiVersion: marketplace.kratix.io/v1alpha1
kind: NamespaceClaim
metadata: {name: team-a-claim, namespace: default, uid: u1, generation: 2, deletionTimestamp: "2026-01-01T00:00:00Z",
           finalizers: [heirloom.dev/claim]}
spec: {namespaceName: shared-team-namespace}
)"), "namespaceclaims");
  CHECK(to_string(claim.key()) == "namespaceclaims.marketplace.kratix.io:default/team-a-claim");
  CHECK(to_string(claim) == "NamespaceClaim default/team-a-claim");
  CHECK(claim.metadata.generation == 2);
  CHECK(claim.metadata.is_deleting());
  CHECK(claim.metadata.has_finalizer("heirloom.dev/claim"));
  CHECK(claim.spec["namespaceName"].string() == "shared-team-namespace");
  CHECK_FALSE(claim.managed_by_kratix());

  CHECK(decode_claim(yaml("{kind: A}"), "as").spec.is_null());
  CHECK(decode_claim(yaml("{kind: A, spec: 3}"), "as").spec == Json::int64(3));
}

TEST_CASE("a claim that Kratix reconciles shows it") {
  for (const std::string_view metadata :
       {"{labels: {kratix.io/promise-name: namespace-claim}}", "{finalizers: [kratix.io/work-cleanup]}"}) {
    CAPTURE(metadata);
    const Json object = Json::object({{"metadata", yaml(metadata)}});
    CHECK(decode_claim(object, "as").managed_by_kratix());
  }
  for (const std::string_view metadata :
       {"{labels: {kratix.io/paused: 'true'}}", "{finalizers: [heirloom.dev/claim]}", "{}"}) {
    CAPTURE(metadata);
    const Json object = Json::object({{"metadata", yaml(metadata)}});
    CHECK_FALSE(decode_claim(object, "as").managed_by_kratix());
  }
}

TEST_CASE("a claim's status comes back as it was written, other members included") {
  ClaimStatus status;
  status.phase = claim_phases::kBound;
  status.target = "Namespace/shared";
  status.message = "bound";
  status.bound_to = BoundObject{"example.com/v1", "Database", "default", "db1", "u1"};
  status.claim_count = 3;
  status.position = 2;
  status.observed_generation = 4;
  set_condition(status.conditions, {"Ready", "True", "Bound", "bound", ""}, "2026-01-01T00:00:00Z");
  status.other.emplace("workflows", Json::int64(1));
  CHECK(decode_claim_status(encode_claim_status(status)) == status);
  CHECK(status.bound_to->key() == ObjectKey{"local", "example.com", "Database", "default", "db1"});
  CHECK(encode_claim_status({}) == Json::object({{"claimCount", 0}}));
}

TEST_CASE("a status of the wrong shape is read as far as it goes") {
  const ClaimStatus status = decode_claim_status(yaml("{phase: 3, boundTo: x, claimCount: many, conditions: 1}"));
  CHECK(status == ClaimStatus());
}

TEST_CASE("targets are written as kubectl takes them") {
  CHECK(target_text({"local", "", "Namespace", "", "shared"}) == "Namespace/shared");
  CHECK(target_text({"local", "example.com", "Database", "default", "db1"}) == "Database.example.com/default/db1");
}

}  // namespace
}  // namespace heirloom
