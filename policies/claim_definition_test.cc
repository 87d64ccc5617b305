#include "policies/claim_definition.h"

#include <doctest/doctest.h>

#include "apis/crds.h"
#include "apis/labels.h"
#include "policies/testing/claims.h"
#include "schema/structural.h"

namespace heirloom::policies {
namespace {

using heirloom::testing::claim_class;
using heirloom::testing::namespace_class;
using heirloom::testing::yaml;

TEST_CASE("a class' kind is defined with status, columns and the class' mark") {
  const Json crd = definition_of(claim_class("databases", R"(
claim: {group: example.com, version: v1, kind: DatabaseClaim, shortNames: [dbc],
        schema: {type: object, properties: {server: {type: string}}}}
)"));
  CHECK(crd["metadata"]["name"].string() == "databaseclaims.example.com");
  CHECK(crd["metadata"]["labels"][labels::kClaimClass].string() == "databases");
  const JsonView spec = crd["spec"];
  CHECK(spec["scope"].string() == "Namespaced");
  CHECK(spec["names"].to_json() == yaml("{kind: DatabaseClaim, listKind: DatabaseClaimList, plural: databaseclaims, "
                                        "singular: databaseclaim, shortNames: [dbc], categories: [claims]}"));
  const JsonView version = spec["versions"].element(0);
  CHECK(version["served"].boolean());
  CHECK(version["storage"].boolean());
  CHECK(version["subresources"]["status"].is_object());
  std::vector<std::string> names;
  for (const JsonView column : version["additionalPrinterColumns"].elements()) names.emplace_back(column["name"].string());
  CHECK(names == std::vector<std::string>{"TARGET", "PHASE", "CLAIMS", "AGE", "MESSAGE"});
  const JsonView schema = version["schema"]["openAPIV3Schema"];
  CHECK(schema["properties"]["spec"]["properties"]["server"]["type"].string() == "string");
  CHECK(schema::check_structural(schema, {}).empty());
}

TEST_CASE("a class without a schema takes any spec") {
  const Json crd = definition_of(claim_class("a", "{claim: {group: example.com, version: v1, kind: AClaim}}"));
  const JsonView schema = crd["spec"]["versions"].element(0)["schema"]["openAPIV3Schema"];
  CHECK(schema["properties"]["spec"]["x-kubernetes-preserve-unknown-fields"].boolean());
}

TEST_CASE("the definition compiled in for NamespaceClaim is what its class would make") {
  for (const EmbeddedFile& file : crd_files()) {
    if (!file.name.starts_with("marketplace.kratix.io_")) continue;
    const Json compiled_in = yaml(file.content);
    const Json made = definition_of(namespace_class());
    CHECK(compiled_in["metadata"].to_json() == made["metadata"].to_json());
    CHECK(compiled_in["spec"]["names"].to_json() == made["spec"]["names"].to_json());
    const JsonView version = compiled_in["spec"]["versions"].element(0);
    CHECK(version["additionalPrinterColumns"] == made["spec"]["versions"].element(0)["additionalPrinterColumns"]);
    CHECK(version["subresources"] == made["spec"]["versions"].element(0)["subresources"]);
    CHECK(version["schema"]["openAPIV3Schema"]["properties"]["spec"]["required"].element(0).string() == "namespaceName");
    CHECK_FALSE(version["schema"]["openAPIV3Schema"].contains("required"));  // a claim without spec is told, not refused
    return;
  }
  FAIL("not compiled in");
}

Promise promise(std::string_view api) {
  Promise p;
  p.metadata.name = "p";
  if (!api.empty()) p.definition = yaml(api);
  return p;
}

TEST_CASE("a Promise's definition is completed as Kratix does, and otherwise left alone") {
  const Result<Json> crd = definition_of(promise(R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: namespaces.marketplace.kratix.io}
spec:
  group: marketplace.kratix.io
  names: {kind: namespace, plural: namespaces, singular: namespace}
  scope: Namespaced
  versions:
  - {name: v1alpha1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object}}}}}
)"));
  REQUIRE(crd.ok());
  CHECK((*crd)["spec"]["names"]["kind"].string() == "namespace");
  const JsonView version = (*crd)["spec"]["versions"].element(0);
  CHECK(version["subresources"]["status"].is_object());
  CHECK(version["additionalPrinterColumns"].size() == 5);
  CHECK(version["schema"]["openAPIV3Schema"]["properties"]["status"]["x-kubernetes-preserve-unknown-fields"].boolean());

  const Json complete = yaml(R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: as.example.com}
spec:
  versions:
  - name: v1
    subresources: {status: {}, scale: {}}
    additionalPrinterColumns: [{name: A, type: string, jsonPath: .spec.a}]
    schema: {openAPIV3Schema: {type: object, properties: {status: {type: object}}}}
)");
  Promise unchanged = promise("");
  unchanged.definition = complete;
  CHECK(*definition_of(unchanged) == complete);
}

TEST_CASE("a Promise without a definition that can be installed is told where") {
  struct Case {
    std::string_view api;
    std::string_view path;
  };
  const Case kCases[] = {
      {"", "spec.api"},
      {"{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1beta1}", "spec.api"},
      {"{kind: ConfigMap, apiVersion: v1}", "spec.api"},
      {"{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1}", "spec.api.metadata.name"},
      {"{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1, metadata: {name: a}}",
       "spec.api.spec.versions"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.api);
    const Result<Json> crd = definition_of(promise(c.api));
    REQUIRE_FALSE(crd.ok());
    CHECK(is_invalid(crd.status()));
    CHECK(crd.status().message().find("Promise p: " + std::string(c.path) + ":") == 0);
  }
}

}  // namespace
}  // namespace heirloom::policies
