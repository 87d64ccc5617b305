#include "apis/resource_names.h"

#include <doctest/doctest.h>

namespace heirloom {
namespace {

TEST_CASE("apiVersion is version, or group and version") {
  CHECK(*parse_api_version("v1", "Namespace") == GroupVersionKind{"", "v1", "Namespace"});
  CHECK(*parse_api_version("apps/v1", "Deployment") == GroupVersionKind{"apps", "v1", "Deployment"});
  for (const std::string text : {"", "/", "/v1", "apps/", "a/b/c"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_api_version(text, "X").ok());
  }
}

TEST_CASE("an object's key leaves its version out") {
  const Json object = *Json::parse(
      R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"default"}})");
  CHECK(key_of(object) == ObjectKey{"local", "apps", "Deployment", "default", "web"});
  CHECK(key_of(object).to_string() == "Deployment.apps default/web");
  CHECK(gvk_of(object).api_version() == "apps/v1");
  CHECK(ObjectKey{"local", "", "Namespace", "", "example"}.to_string() == "Namespace example");
  CHECK(key_of(JsonView()) == ObjectKey());
}

}  // namespace
}  // namespace heirloom
