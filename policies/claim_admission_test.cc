#include "policies/claim_admission.h"

#include <doctest/doctest.h>

#include "policies/testing/claims.h"

namespace heirloom::policies {
namespace {

using heirloom::testing::claim;
using heirloom::testing::claim_class;
using heirloom::testing::namespace_class;
using heirloom::testing::yaml;

constexpr std::string_view kOwn = "heirloom-system";

constexpr std::string_view kTopics = R"(
claim: {group: example.com, version: v1, kind: TopicClaim}
key: [spec.topic, spec.team]
object: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${spec.topic}', namespace: '${spec.team}'}}
protectedNames: [prod-*]
)";

bool mentions(const Status& status, std::string_view text) {
  return status.message().find(text) != std::string::npos;
}

Status admit(const ClaimClass& a_class, const Claim& a_claim, ClaimUsage usage = {}, bool joined = false) {
  const Result<Target> target = target_of(a_class, a_claim);
  REQUIRE(target.ok());
  return admit_claim(a_class, a_claim, *target, usage, kOwn, joined);
}

TEST_CASE("the cluster's own namespaces are nobody's to claim") {
  struct Case {
    std::string_view name;
    bool refused;
  };
  const Case kCases[] = {{"kube-system", true}, {"kube-anything", true}, {"default", true}, {"heirloom-system", true},
                         {"kube", false},       {"defaults", false},     {"team-a", false}, {"heirloom-systems", false}};
  for (const Case& c : kCases) {
    CAPTURE(c.name);
    const Status status = admit(namespace_class(), claim("a", "{namespaceName: " + std::string(c.name) + "}"));
    CHECK(status.ok() != c.refused);
    if (c.refused) CHECK(status.reason() == claim_reasons::kProtectedName);
  }
}

TEST_CASE("a class protects names of its own, of every kind") {
  ClaimClass own = namespace_class();
  own.spec.protected_names = {"prod-*", "vault"};
  CHECK_FALSE(admit(own, claim("a", "{namespaceName: prod-1}")).ok());
  CHECK_FALSE(admit(own, claim("a", "{namespaceName: vault}")).ok());
  CHECK(admit(own, claim("a", "{namespaceName: vault-2}")).ok());
  const ClaimClass topics = claim_class("topics", kTopics);
  CHECK(admit(topics, claim("a", "{topic: prod-orders, team: team-a}")).reason() == claim_reasons::kProtectedName);
  CHECK(admit(topics, claim("a", "{topic: default, team: team-a}")).ok());
}

TEST_CASE("a claim does not reach into a protected namespace, its class may") {
  const ClaimClass topics = claim_class("topics", kTopics);
  CHECK(admit(topics, claim("a", "{topic: orders, team: team-a}")).ok());
  for (const std::string_view team : {"kube-system", "heirloom-system", "prod-1", "default"}) {
    CAPTURE(team);
    const Status status = admit(topics, claim("a", "{topic: orders, team: " + std::string(team) + "}", "team-a"));
    CHECK(status.reason() == claim_reasons::kProtectedName);
    CHECK(mentions(status, "protected namespace " + std::string(team)));
  }
  CHECK(admit(topics, claim("a", "{topic: orders, team: default}", "default")).ok());  // where the claim lives itself
  ClaimClass fixed = topics;
  fixed.spec.object = yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: '${spec.topic}-${spec.team}', namespace: kube-system}}");
  CHECK(admit(fixed, claim("a", "{topic: orders, team: a}")).ok());
}

TEST_CASE("claims live where their class allows it") {
  ClaimClass limited = namespace_class();
  limited.spec.allowed_namespaces = {"team-*", "platform"};
  CHECK(admit(limited, claim("a", "{namespaceName: one}", "team-a")).ok());
  CHECK(admit(limited, claim("a", "{namespaceName: one}", "platform")).ok());
  const Status status = admit(limited, claim("a", "{namespaceName: one}", "default"));
  CHECK(status.reason() == claim_reasons::kNamespaceNotAllowed);
  CHECK(mentions(status, "team-*, platform"));
}

TEST_CASE("limits stop who comes, not who is there") {
  ClaimClass limited = namespace_class();
  limited.spec.claims_per_target = 3;
  limited.spec.claims_per_namespace = 2;
  const Claim a = claim("a", "{namespaceName: one}");
  CHECK(admit(limited, a, {2, 1}).ok());
  CHECK(admit(limited, a, {3, 0}).reason() == claim_reasons::kTargetFull);
  CHECK(admit(limited, a, {0, 2}).reason() == claim_reasons::kQuotaExceeded);
  CHECK(mentions(admit(limited, a, {0, 2}), "the limit is 2"));
  CHECK(admit(limited, a, {9, 9}, true).ok());
  CHECK(admit(namespace_class(), a, {1'000'000, 1'000'000}).ok());
}

TEST_CASE("the built-in classes can serve, together") {
  std::vector<ClaimClass> classes;
  for (const EmbeddedFile& file : claim_class_files()) classes.push_back(*decode_claim_class(yaml(file.content)));
  for (const ClaimClass& one : classes) {
    CAPTURE(one.metadata.name);
    CHECK(validate_claim_class(one, classes).ok());
  }
}

TEST_CASE("a class that cannot serve is told why") {
  struct Case {
    std::string_view edit;  // over a good class' spec
    std::string_view path;
  };
  const Case kCases[] = {
      {"{claim: {version: v1, kind: AClaim}}", "spec.claim.group"},
      {"{claim: {group: example.com, kind: AClaim}}", "spec.claim.version"},
      {"{claim: {group: example.com, version: v1}}", "spec.claim.kind"},
      {"{claim: {group: example, version: v1, kind: AClaim}}", "spec.claim.group"},
      {"{claim: {group: Example.com, version: v1, kind: AClaim}}", "spec.claim.group"},
      {"{claim: {group: core.oam.dev, version: v1, kind: Application}}", "spec.claim.group"},
      {"{claim: {group: heirloom.dev, version: v1, kind: AClaim}}", "spec.claim.group"},
      {"{claim: {group: example.com, version: '1', kind: AClaim}}", "spec.claim.version"},
      {"{claim: {group: example.com, version: v1, kind: A.Claim}}", "spec.claim.kind"},
      {"{claim: {group: example.com, version: v1, kind: AClaim, plural: A_s}}", "spec.claim.plural"},
      {"{claim: {group: example.com, version: v1, kind: AClaim, singular: 'a b'}}", "spec.claim.singular"},
      {"{key: []}", "spec.key"},
      {"{key: [spec.name, spec.name]}", "spec.key"},
      {"{key: [name]}", "spec.key"},
      {"{key: [metadata.name]}", "spec.key"},
      {"{key: [spec.a, spec.b, spec.c, spec.d, spec.e, spec.f, spec.g, spec.h, spec.i]}", "spec.key"},
      {"{object: {apiVersion: v1, kind: ConfigMap, metadata: {name: fixed}}}", "spec.key"},
      {"{retainSeconds: 10}", "spec.retainSeconds"},
      {"{retainSeconds: 10, whenEmpty: Orphan}", "spec.retainSeconds"},
  };
  const Json good = yaml(
      "{claim: {group: example.com, version: v1, kind: AClaim}, key: [spec.name],"
      " object: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${spec.name}'}}}");
  CHECK(validate_claim_class(claim_class("a", write_yaml(good)), {}).ok());
  for (const Case& c : kCases) {
    CAPTURE(c.edit);
    std::vector<JsonEdit> edits;
    const Json edit = yaml(c.edit);
    for (const JsonMember member : edit.view().members())
      edits.push_back(set_at({std::string(member.key)}, member.value.to_json()));
    const Status status = validate_claim_class(claim_class("a", write_yaml(rewrite(good, edits))), {});
    REQUIRE_FALSE(status.ok());
    CAPTURE(status.message());
    CHECK(status.reason() == claim_reasons::kClassInvalid);
    CHECK(mentions(status, "ClaimClass a: " + std::string(c.path) + ":"));
  }
}

ClaimClass standing_for(std::string_view name, std::string_view kind, std::string_view api_version,
                        std::string_view object_kind) {
  return claim_class(name, fmt::format("{{claim: {{group: example.com, version: v1, kind: {}}}, key: [spec.name], object: "
                                       "{{apiVersion: {}, kind: {}, metadata: {{name: '${{spec.name}}'}}}}}}",
                                       kind, api_version, object_kind));
}

TEST_CASE("one class serves a kind, the one that was first") {
  ClaimClass first = standing_for("z-first", "AClaim", "v1", "ConfigMap");
  ClaimClass second = standing_for("a-second", "AClaim", "v1", "Secret");
  second.metadata.creation_timestamp = "2026-01-02T00:00:00Z";
  const std::vector<ClaimClass> both{first, second};
  CHECK(validate_claim_class(first, both).ok());
  const Status status = validate_claim_class(second, both);
  CHECK(status.reason() == claim_reasons::kClassInvalid);
  CHECK(mentions(status, "already served by ClaimClass z-first"));
  second.metadata.creation_timestamp = first.metadata.creation_timestamp;
  CHECK(validate_claim_class(second, both).ok());  // of the same second the name decides
  CHECK_FALSE(validate_claim_class(first, std::vector<ClaimClass>{first, second}).ok());

  ClaimClass same_plural = standing_for("other", "BClaim", "v1", "ConfigMap");
  same_plural.spec.claim.plural = "aclaims";
  same_plural.metadata.creation_timestamp = "2026-01-03T00:00:00Z";
  CHECK_FALSE(validate_claim_class(same_plural, both).ok());
}

TEST_CASE("claims of claims must end somewhere") {
  const ClaimClass a = standing_for("a", "AClaim", "example.com/v1", "BClaim");
  const ClaimClass b = standing_for("b", "BClaim", "example.com/v1", "CClaim");
  const ClaimClass c = standing_for("c", "CClaim", "example.com/v1", "AClaim");
  const ClaimClass end = standing_for("c", "CClaim", "v1", "ConfigMap");
  const std::vector<ClaimClass> circle{a, b, c};
  for (const ClaimClass& one : circle) {
    const Status status = validate_claim_class(one, circle);
    CHECK(mentions(status, "leads back"));
  }
  const std::vector<ClaimClass> chain{a, b, end};
  for (const ClaimClass& one : chain) CHECK(validate_claim_class(one, chain).ok());
  const ClaimClass into = standing_for("d", "DClaim", "example.com/v1", "AClaim");
  CHECK(validate_claim_class(into, circle).ok());  // the circle's members are told
}

}  // namespace
}  // namespace heirloom::policies
