#include "apis/claim_class.h"

#include <doctest/doctest.h>

#include "base/yaml.h"

namespace heirloom {
namespace {

Json yaml(std::string_view text) {
  Result<Json> parsed = parse_yaml(text);
  REQUIRE(parsed.ok());
  return std::move(parsed).value();
}

TEST_CASE("a class says everything in its own words") {
  const Result<ClaimClass> decoded = decode_claim_class(yaml(R"(
apiVersion: heirloom.dev/v1alpha1
kind: ClaimClass
metadata: {name: databases, generation: 3}
spec:
  claim:
    group: example.com
    version: v1
    kind: DatabaseClaim
    plural: dbclaims
    singular: dbclaim
    shortNames: [dbc]
    schema: {type: object}
  key: [spec.server]
  object: {apiVersion: example.com/v1, kind: Database, metadata: {name: '${spec.server}'}}
  whenEmpty: Retain
  retainSeconds: 60
  adoption: IfUnowned
  onMismatch: Reject
  allowedNamespaces: [team-*]
  protectedNames: [prod-*]
  limits: {claimsPerTarget: 3, claimsPerNamespace: 2}
)"));
  REQUIRE(decoded.ok());
  const ClaimClassSpec& spec = decoded->spec;
  CHECK(spec.claim.gvk() == GroupVersionKind{"example.com", "v1", "DatabaseClaim"});
  CHECK(spec.claim.resource() == GroupVersionResource{"example.com", "v1", "dbclaims"});
  CHECK(spec.claim.sharer_kind() == "dbclaims.example.com");
  CHECK(spec.claim.singular == "dbclaim");
  CHECK(spec.claim.short_names == std::vector<std::string>{"dbc"});
  CHECK(spec.claim.schema["type"].string() == "object");
  CHECK(spec.key == std::vector<std::string>{"spec.server"});
  CHECK(spec.object["metadata"]["name"].string() == "${spec.server}");
  CHECK(spec.when_empty == WhenEmpty::Retain);
  CHECK(spec.retain_seconds == 60);
  CHECK(spec.adoption == Adoption::IfUnowned);
  CHECK(spec.on_mismatch == OnMismatch::Reject);
  CHECK(spec.allowed_namespaces == std::vector<std::string>{"team-*"});
  CHECK(spec.protected_names == std::vector<std::string>{"prod-*"});
  CHECK(spec.claims_per_target == 3);
  CHECK(spec.claims_per_namespace == 2);
  CHECK(to_string(decoded->key()) == "claimclasses.heirloom.dev:/databases");
  CHECK(parse_sharer_key(to_string(decoded->key())) == decoded->key());
}

TEST_CASE("what a class does not say has the usual meaning") {
  const Result<ClaimClass> decoded = decode_claim_class(
      yaml("{metadata: {name: a}, spec: {claim: {group: example.com, version: v1, kind: TopicClaim}}}"));
  REQUIRE(decoded.ok());
  CHECK(decoded->spec.claim.plural == "topicclaims");
  CHECK(decoded->spec.claim.singular == "topicclaim");
  CHECK(decoded->spec.when_empty == WhenEmpty::Delete);
  CHECK(decoded->spec.adoption == Adoption::Never);
  CHECK(decoded->spec.on_mismatch == OnMismatch::FirstWins);
  CHECK(decoded->spec.object.is_null());
}

TEST_CASE("a word that a class cannot say is named with its field") {
  struct Case {
    std::string text;
    std::string field;
  };
  const Case kCases[] = {
      {"{whenEmpty: Keep}", "spec.whenEmpty"},
      {"{adoption: Always}", "spec.adoption"},
      {"{onMismatch: LastWins}", "spec.onMismatch"},
      {"{retainSeconds: -1}", "spec.retainSeconds"},
      {"{limits: {claimsPerTarget: many}}", "spec.limits.claimsPerTarget"},
      {"{key: spec.name}", "spec.key"},
      {"{object: text}", "spec.object"},
      {"{claim: []}", "spec.claim"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.text);
    const Json object = Json::object({{"spec", yaml(c.text)}});
    const Result<ClaimClass> decoded = decode_claim_class(object);
    REQUIRE_FALSE(decoded.ok());
    CHECK(is_invalid(decoded.status()));
    REQUIRE(decoded.status().details().causes.size() == 1);
    CHECK(decoded.status().details().causes.front().field == c.field);
  }
}

TEST_CASE("a class' status comes back as it was written, other members included") {
  ClaimClassStatus status;
  status.observed_generation = 2;
  status.claims = 5;
  status.targets = 1;
  set_condition(status.conditions, {"Ready", "True", "Serving", "", ""}, "2026-01-01T00:00:00Z");
  status.other.emplace("note", Json::string("kept"));
  CHECK(decode_claim_class_status(encode_claim_class_status(status)) == status);
  CHECK(encode_claim_class_status({}) == Json::object({{"claims", 0}, {"targets", 0}}));
}

TEST_CASE("parameters are an annotation that people may spoil") {
  const ClaimParameters parameters{{"spec.size", Json::int64(3)}, {"spec.labels", Json::object({{"a", "b"}})}};
  CHECK(format_claim_parameters(parameters) == R"({"spec.labels":{"a":"b"},"spec.size":3})");
  CHECK(parse_claim_parameters(format_claim_parameters(parameters)) == parameters);
  CHECK(format_claim_parameters({}) == "{}");
  CHECK(parse_claim_parameters("{}") == ClaimParameters());
  for (const std::string_view text : {"", "[]", "{", "3"}) CHECK(parse_claim_parameters(text) == std::nullopt);
}

TEST_CASE("the classes compiled in are read like any other") {
  std::vector<std::string> names;
  for (const EmbeddedFile& file : claim_class_files()) {
    CAPTURE(file.name);
    const Result<ClaimClass> decoded = decode_claim_class(yaml(file.content));
    REQUIRE(decoded.ok());
    CHECK(decoded->spec.when_empty == WhenEmpty::Delete);
    names.push_back(decoded->spec.claim.sharer_kind());
  }
  CHECK(names == std::vector<std::string>{"namespaceclaims.marketplace.kratix.io", "namespaces.marketplace.kratix.io"});
}

}  // namespace
}  // namespace heirloom
