#include "apis/promise.h"

#include <doctest/doctest.h>

#include "base/yaml.h"

namespace heirloom {
namespace {

Json yaml(std::string_view text) {
  Result<Json> parsed = parse_yaml(text);
  REQUIRE(parsed.ok());
  return std::move(parsed).value();
}

TEST_CASE("of a Promise we read its kind, its pipelines and what it requires") {
  const Result<Promise> promise = decode_promise(yaml(R"(
apiVersion: platform.kratix.io/v1alpha1
kind: Promise
metadata: {name: namespace-claim, labels: {kratix.io/promise-version: v1.0.0}}
spec:
  api: {kind: CustomResourceDefinition}
  requiredPromises: [{name: namespace, version: v1.0.0}]
  dependencies: [{kind: Namespace}, {kind: ConfigMap}]
  workflows:
    promise:
      configure: [{kind: Pipeline, metadata: {name: install}}]
    resource:
      configure: [{kind: Pipeline, metadata: {name: claim-ensure}}, {kind: Pipeline}]
      delete: [{kind: Pipeline, metadata: {name: claim-release}}]
)"));
  REQUIRE(promise.ok());
  CHECK(promise->version() == "v1.0.0");
  CHECK(promise->definition["kind"].string() == "CustomResourceDefinition");
  CHECK(promise->pipelines == std::vector<std::string>{"promise.configure: install", "resource.configure: claim-ensure",
                                                       "resource.configure: pipeline 1",
                                                       "resource.delete: claim-release"});
  CHECK(promise->dependencies == 2);
  CHECK(promise->required == std::vector<RequiredPromise>{{"namespace", "v1.0.0"}});
}

TEST_CASE("a Promise may embed nothing, but not nonsense") {
  const Result<Promise> empty = decode_promise(yaml("{metadata: {name: a}, spec: {workflows: none}}"));
  REQUIRE(empty.ok());
  CHECK(empty->definition.is_null());
  CHECK(empty->pipelines.empty());
  const Result<Promise> wrong = decode_promise(yaml("{metadata: {name: a}, spec: {api: text}}"));
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.status().message().find("spec.api") != std::string::npos);
}

TEST_CASE("a Promise's status comes back as it was written, other members included") {
  PromiseStatus status;
  status.status = "Available";
  status.kind = "NamespaceClaim";
  status.api_version = "marketplace.kratix.io/v1alpha1";
  status.version = "v1.0.0";
  status.observed_generation = 1;
  set_condition(status.conditions, {"Available", "True", "Served", "", ""}, "2026-01-01T00:00:00Z");
  status.other.emplace("requiredBy", Json::array({"a"}));
  CHECK(decode_promise_status(encode_promise_status(status)) == status);
}

}  // namespace
}  // namespace heirloom
