#include "policies/claim_target.h"

#include <doctest/doctest.h>

#include "policies/testing/claims.h"

namespace heirloom::policies {
namespace {

using heirloom::testing::claim;
using heirloom::testing::claim_class;
using heirloom::testing::namespace_class;
using heirloom::testing::yaml;

constexpr std::string_view kDatabases = R"(
claim: {group: example.com, version: v1, kind: DatabaseClaim}
key: [spec.server]
object:
  apiVersion: example.com/v1
  kind: Database
  metadata: {name: 'db-${spec.server}', namespace: databases, labels: {tier: '${spec.tier:-standard}'}}
  spec:
    size: ${spec.size}
    note: '${spec.size} of ${spec.tier:-standard} for $${USER}'
    options: ${spec.options:-none}
    list: [fixed, '${spec.size}', 3]
)";

bool mentions(const Status& status, std::string_view text) {
  return status.message().find(text) != std::string::npos;
}

TEST_CASE("a namespace claim stands for its namespace") {
  const Result<Target> target =
      target_of(namespace_class(), claim("a", "{namespaceName: shared, clusterName: west}", "team-a"));
  REQUIRE(target.ok());
  CHECK(target->key == ObjectKey{"local", "", "Namespace", "", "shared"});
  CHECK(target->api_version == "v1");
  CHECK(target->manifest == yaml("{apiVersion: v1, kind: Namespace, metadata: {name: shared}}"));
  CHECK(target->parameters.empty());
}

TEST_CASE("a template takes values as they are, and as text within text") {
  const Result<Target> target =
      target_of(claim_class("databases", kDatabases), claim("a", "{server: one, size: 3, options: {fast: true}}"));
  REQUIRE(target.ok());
  CHECK(target->key == ObjectKey{"local", "example.com", "Database", "databases", "db-one"});
  CHECK(target->manifest == yaml(R"(
apiVersion: example.com/v1
kind: Database
metadata: {name: db-one, namespace: databases, labels: {tier: standard}}
spec: {size: 3, note: '3 of standard for ${USER}', options: {fast: true}, list: [fixed, 3, 3]}
)"));
  CHECK(target->parameters == ClaimParameters{{"spec.options", yaml("{fast: true}")},
                                              {"spec.size", Json::int64(3)},
                                              {"spec.tier", Json::string("standard")}});
}

TEST_CASE("a claim whose key was edited can be read as it was") {
  const ClaimClass databases = claim_class("databases", kDatabases);
  const Claim before = claim("a", "{server: one, size: 3}");
  const Result<Target> was = target_of(databases, before);
  REQUIRE(was.ok());
  CHECK(was->key_fields == yaml("{spec.server: one}"));
  for (const char* spec : {"{server: two, size: 3}", "{server: 5, size: 3}", "{size: 3}"}) {
    const Result<Target> kept = target_of(databases, with_key_fields(claim("a", spec), was->key_fields));
    REQUIRE_MESSAGE(kept.ok(), spec);
    CHECK_MESSAGE(*kept == *was, spec);
  }
  Claim without_spec = claim("a", "{}");
  without_spec.spec = Json();
  const Result<Target> kept = target_of(databases, with_key_fields(without_spec, was->key_fields), &was->parameters);
  REQUIRE(kept.ok());
  CHECK(kept->key == was->key);
}

TEST_CASE("the parameters in force win over a claim's own, its key never does") {
  const ClaimParameters in_force{{"spec.size", Json::int64(5)}, {"spec.server", Json::string("other")}};
  const Result<Target> target = target_of(claim_class("databases", kDatabases),
                                          claim("a", "{server: one, size: 3, tier: gold}"), &in_force);
  REQUIRE(target.ok());
  CHECK(target->key.name == "db-one");
  CHECK(target->manifest["spec"]["size"].int64() == 5);
  CHECK(target->manifest["metadata"]["labels"]["tier"].string() == "gold");  // the class is newer than the object
  CHECK(target->parameters.at("spec.size") == Json::int64(5));
}

TEST_CASE("an object without a namespace of its own is in the claim's") {
  const ClaimClass topics = claim_class("topics", R"(
claim: {group: example.com, version: v1, kind: TopicClaim}
key: [spec.topic]
object: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${spec.topic}'}, data: {by: '${metadata.name}'}}
)");
  const Result<Target> target = target_of(topics, claim("a", "{topic: orders}", "team-a"));
  REQUIRE(target.ok());
  CHECK(target->key.ns == "team-a");
  CHECK(target->manifest["metadata"]["namespace"].string() == "team-a");
  CHECK(target->parameters == ClaimParameters{{"metadata.name", Json::string("a")}});
}

TEST_CASE("a claim that does not say what it must is told which field, and by which class") {
  struct Case {
    std::string_view spec;
    std::string_view says;
  };
  const Case kCases[] = {
      {"", "spec is missing; it must say spec.namespaceName"},
      {"3", "spec is missing"},
      {"{}", "spec.namespaceName is missing"},
      {"{namespaceName: null}", "spec.namespaceName is missing"},
      {"{namespaceName: ''}", "spec.namespaceName is empty"},
      {"{namespaceName: Team A}", "\"Team A\", which cannot be: a lowercase RFC 1123 label"},
      {"{namespaceName: 7}", "as integer, which cannot be"},
      {"{namespaceName: {a: b}}", "as object, which cannot be"},
      {"{namespaceName: a.b}", "which cannot be"},
      {"{namespaceName: ../kube-system}", "which cannot be"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.spec);
    const Result<Target> target = target_of(namespace_class(), claim("a", c.spec));
    REQUIRE_FALSE(target.ok());
    CAPTURE(target.status().message());
    CHECK(target.status().reason() == claim_reasons::kInvalidClaim);
    CHECK(mentions(target.status(), "NamespaceClaim default/a"));
    CHECK(mentions(target.status(), c.says));
  }
}

TEST_CASE("a name of any length is told of in a bounded message") {
  const std::string name(100'000, 'a');
  const Result<Target> target = target_of(namespace_class(), claim("a", "{namespaceName: " + name + "}"));
  REQUIRE_FALSE(target.ok());
  CHECK(target.status().message().size() < 500);
}

TEST_CASE("a large value that a template uses often is refused before it fills the memory") {
  std::string list;
  for (int i = 0; i < 2000; ++i) list += "${spec.value}, ";
  const ClaimClass often = claim_class("often", "{claim: {group: example.com, version: v1, kind: AClaim}, key: [spec.name], "
                                                "object: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${spec.name}'}, "
                                                "data: {a: '" + list + "'}}}");
  CHECK(target_of(often, claim("a", "{name: a, value: b}")).ok());
  const Result<Target> target = target_of(often, claim("a", "{name: a, value: " + std::string(1000, 'b') + "}"));
  REQUIRE_FALSE(target.ok());
  CHECK(target.status().reason() == claim_reasons::kInvalidClaim);
  CHECK(mentions(target.status(), "larger than"));
}

TEST_CASE("text made of something that is none is refused") {
  const Result<Target> target =
      target_of(claim_class("databases", kDatabases), claim("a", "{server: one, size: {max: 3}}"));
  REQUIRE_FALSE(target.ok());
  CHECK(target.status().reason() == claim_reasons::kInvalidClaim);
  CHECK(mentions(target.status(), "spec.size is object"));
  CHECK(mentions(target.status(), "spec.object.spec.note"));
}

TEST_CASE("a namespace that cannot be is refused like a name") {
  const ClaimClass topics = claim_class("topics", R"(
claim: {group: example.com, version: v1, kind: TopicClaim}
key: [spec.topic, spec.team]
object: {apiVersion: v1, kind: ConfigMap, metadata: {name: '${spec.topic}', namespace: '${spec.team}'}}
)");
  const Result<Target> target = target_of(topics, claim("a", "{topic: orders, team: A/B}"));
  REQUIRE_FALSE(target.ok());
  CHECK(mentions(target.status(), "the ConfigMap namespace \"A/B\""));
}

TEST_CASE("a template that cannot work is refused with its path") {
  struct Case {
    std::string_view object;
    std::string_view path;
    std::string_view says;
  };
  const Case kCases[] = {
      {"{}", "spec.object.apiVersion", "add it"},
      {"{apiVersion: v1}", "spec.object.kind", "add it"},
      {"{apiVersion: a/b/c, kind: A}", "spec.object.apiVersion", "want"},
      {"{apiVersion: v1, kind: '${spec.kind}', metadata: {name: '${spec.name}'}}", "spec.object.kind", "plain text"},
      {"{apiVersion: example.com/v2, kind: AClaim, metadata: {name: '${spec.name}'}}", "spec.object.kind",
       "the claims' own kind"},
      {"{apiVersion: v1, kind: ConfigMap}", "spec.object.metadata", "name"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: '${spec.name}'}", "spec.object.metadata", "name"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {}}", "spec.object.metadata.name", "must be text"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: 3}}", "spec.object.metadata.name", "must be text"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {generateName: '${spec.name}'}}",
       "spec.object.metadata.generateName", "metadata.name"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: fixed}}", "spec.key", "spec.name is neither"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: '${spec.name}-${spec.size}'}}",
       "spec.object.metadata.name", "${spec.size} is not in spec.key"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: '${spec.name}', namespace: '${metadata.name}'}}",
       "spec.object.metadata.namespace", "${metadata.name} is not in spec.key"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: '${spec.name}'}, data: {a: '${x}'}}",
       "spec.object.data.a", "names no field of a claim"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: '${spec.name}'}, data: {a: ['${spec.a']}}",
       "spec.object.data.a[0]", "without its }"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: '${spec.name}'}, data: {a: '${spec.a:-b}', c: '${spec.a:-c}'}}",
       "spec.object.data.c", "another default"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: '${spec.name}'}, data: {a: '${spec.a:-b}', c: '${spec.a}'}}",
       "spec.object.data.c", "another default"},
      {"{apiVersion: v1, kind: ConfigMap, metadata: {name: '${spec.name}'}, data: {'${spec.a}': b}}",
       "spec.object.data", "in values only"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.object);
    ClaimClass broken = claim_class("broken", "{claim: {group: example.com, version: v1, kind: AClaim}, key: [spec.name]}");
    broken.spec.object = yaml(c.object);
    const Status status = check_template(broken);
    REQUIRE_FALSE(status.ok());
    CAPTURE(status.message());
    CHECK(status.reason() == claim_reasons::kClassInvalid);
    CHECK(mentions(status, "ClaimClass broken: " + std::string(c.path) + ":"));
    CHECK(mentions(status, c.says));
    CHECK(target_of(broken, claim("a", "{name: a}")).status() == status);
  }
}

TEST_CASE("a class without a template is refused") {
  const ClaimClass empty = claim_class("empty", "{claim: {group: example.com, version: v1, kind: AClaim}, key: [spec.name]}");
  CHECK(mentions(check_template(empty), "spec.object: the template of the object is missing"));
}

TEST_CASE("two claims differ in the fields whose values differ, whichever has them") {
  const ClaimParameters one{{"spec.size", Json::int64(1)}, {"spec.tier", Json::string("gold")}};
  ClaimParameters other = one;
  CHECK(mismatch(one, other).empty());
  other["spec.size"] = Json::int64(2);
  CHECK(mismatch(one, other) == std::vector<std::string>{"spec.size"});
  other.erase("spec.tier");
  other["spec.zone"] = Json::string("a");
  CHECK(mismatch(one, other) == std::vector<std::string>{"spec.size", "spec.tier", "spec.zone"});
}

}  // namespace
}  // namespace heirloom::policies
