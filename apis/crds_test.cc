#include "apis/crds.h"

#include <set>

#include <doctest/doctest.h>

#include "base/yaml.h"

namespace heirloom {
namespace {

// Kubernetes' rule for structural schemas: every node has a type, and what a node lists is specified.
void check_structural(JsonView schema, const std::string& path) {
  CAPTURE(path);
  CHECK(schema["type"].is_string());
  for (const JsonMember member : schema["properties"].members())
    check_structural(member.value, path + "." + std::string(member.key));
  for (const JsonView required : schema["required"].elements())
    CHECK(schema["properties"].contains(required.string()));
  if (schema["type"].string() == "array") {
    REQUIRE(schema["items"].is_object());
    check_structural(schema["items"], path + "[]");
  }
}

TEST_CASE("the embedded definitions are what kubectl apply takes") {
  std::set<std::string> names;
  for (const EmbeddedFile& file : crd_files()) {
    CAPTURE(file.name);
    const Result<Json> parsed = parse_yaml(file.content);
    REQUIRE(parsed.ok());
    const Json crd = *parsed;
    CHECK(crd["apiVersion"].string() == "apiextensions.k8s.io/v1");
    CHECK(crd["kind"].string() == "CustomResourceDefinition");
    const JsonView spec = crd["spec"];
    const std::string plural(spec["names"]["plural"].string());
    names.insert(plural);
    CHECK(crd["metadata"]["name"].string() == plural + "." + std::string(spec["group"].string()));
    CHECK(spec["names"]["categories"].element(0).is_string());
    REQUIRE(spec["versions"].size() == 1);
    const JsonView version = spec["versions"].element(0);
    CHECK(version["served"].boolean());
    CHECK(version["storage"].boolean());
    CHECK(version["subresources"]["status"].is_object());
    check_structural(version["schema"]["openAPIV3Schema"], plural);
  }
  CHECK(names == std::set<std::string>{"applications", "applicationrevisions", "claimclasses", "namespaceclaims", "promises",
                                       "resourcetrackers"});
}

}  // namespace
}  // namespace heirloom
