// Discovery and OpenAPI documents.
#include <doctest/doctest.h>

#include "schema/schema.h"
#include "server/builtin_resources.h"
#include "server/discovery.h"
#include "server/openapi.h"

namespace heirloom::server {
namespace {

ResourcePtr custom_resource(std::string_view openapi) {
  auto resource = std::make_shared<Resource>();
  resource->group = "example.heirloom.dev";
  resource->kind = "Chart";
  resource->list_kind = "ChartList";
  resource->plural = "charts";
  resource->singular = "chart";
  resource->short_names = {"ch"};
  resource->custom = true;
  ResourceVersionInfo version;
  version.name = "v1";
  version.storage = true;
  version.schema = std::make_shared<const schema::Schema>();
  version.openapi = Json::parse(openapi).value();
  version.status_subresource = true;
  version.scale.emplace();
  resource->versions.push_back(version);
  return resource;
}

Registry full_registry(std::string_view custom_openapi = R"({"type":"object"})") {
  Registry registry;
  for (Resource& each : builtin_resources()) registry.add(std::make_shared<const Resource>(std::move(each)));
  registry.add(custom_resource(custom_openapi));
  return registry;
}

JsonView named(JsonView list, std::string_view name) {
  for (const JsonView each : list.elements())
    if (each["name"].string() == name) return each;
  return {};
}

// Just enough of protobuf to walk a message: the contents of every length-delimited field with this number.
std::vector<std::string_view> fields(std::string_view message, std::uint64_t number) {
  std::vector<std::string_view> found;
  std::size_t at = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0; at < message.size(); shift += 7) {
      const auto byte = static_cast<unsigned char>(message[at++]);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < message.size()) {
    const std::uint64_t tag = varint();
    if ((tag & 7) == 0) {
      varint();
      continue;
    }
    if ((tag & 7) == 1) {
      at += 8;
      continue;
    }
    REQUIRE((tag & 7) == 2);
    const std::uint64_t size = varint();
    REQUIRE(at + size <= message.size());
    if (tag >> 3 == number) found.push_back(message.substr(at, size));
    at += size;
  }
  return found;
}

}  // namespace

TEST_CASE("the group list has every group but the core one, each with its preferred version") {
  const Json groups = api_group_list_document(full_registry());
  CHECK(groups["kind"].string() == "APIGroupList");
  CHECK(named(groups["groups"], "apps")["preferredVersion"]["groupVersion"].string() == "apps/v1");
  CHECK(named(groups["groups"], "example.heirloom.dev")["versions"].size() == 1);
  CHECK_FALSE(named(groups["groups"], "").exists());
}

TEST_CASE("a resource list names verbs, short names and subresources") {
  const Registry registry = full_registry();
  const auto core = api_resource_list_document(registry, "", "v1");
  REQUIRE(core.has_value());
  CHECK((*core)["groupVersion"].string() == "v1");
  const JsonView namespaces = named((*core)["resources"], "namespaces");
  CHECK_FALSE(namespaces["namespaced"].boolean(true));
  CHECK(write_json(namespaces["verbs"]) == R"(["create","delete","get","list","patch","update","watch"])");
  CHECK(named((*core)["resources"], "namespaces/finalize").exists());
  CHECK(named((*core)["resources"], "configmaps")["verbs"].size() == 8);
  const auto custom = api_resource_list_document(registry, "example.heirloom.dev", "v1");
  REQUIRE(custom.has_value());
  CHECK(named((*custom)["resources"], "charts")["shortNames"].element(0).string() == "ch");
  CHECK(named((*custom)["resources"], "charts/scale")["group"].string() == "autoscaling");
  CHECK(named((*custom)["resources"], "charts/status")["kind"].string() == "Chart");
  CHECK_FALSE(api_resource_list_document(registry, "apps", "v9").has_value());
  CHECK_FALSE(api_group_document(registry, "nosuch").has_value());
}

TEST_CASE("the OpenAPI document describes every kind under the name clients know") {
  const Json document = openapi_v2_document(full_registry());
  const JsonView definitions = document["definitions"];
  for (const char* name :
       {"io.k8s.api.core.v1.Pod", "io.k8s.api.core.v1.PodList", "io.k8s.api.apps.v1.Deployment",
        "io.k8s.api.rbac.v1.ClusterRole", "io.k8s.api.networking.v1.Ingress", "dev.heirloom.example.v1.Chart",
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
        "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}) {
    CAPTURE(name);
    CHECK(definitions.contains(name));
  }
  const JsonView deployment = definitions["io.k8s.api.apps.v1.Deployment"];
  CHECK(deployment["x-kubernetes-group-version-kind"].element(0)["kind"].string() == "Deployment");
  CHECK(deployment["properties"]["metadata"]["$ref"].string() ==
        "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  const JsonView containers = deployment["properties"]["spec"]["properties"]["template"]["properties"]["spec"]
                                        ["properties"]["containers"];
  CHECK(containers["x-kubernetes-patch-merge-key"].string() == "name");
  CHECK(containers["items"]["required"].element(0).string() == "name");
}

TEST_CASE("what OpenAPI v2 cannot say of a custom resource becomes anything") {
  const Json document =
      openapi_v2_document(full_registry(R"({"type":"object","properties":{"spec":{"type":"object",
    "properties":{"a":{"type":"string","nullable":true},"b":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"}]},
    "c":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"x":{"type":"string"}}},
    "d":{"type":"array"},"e":{"type":"integer","minimum":1}}}}})"));
  const JsonView spec =
      document["definitions"]["dev.heirloom.example.v1.Chart"]["properties"]["spec"]["properties"];
  CHECK(write_json(spec["a"]) == "{}");
  CHECK(write_json(spec["b"]) == R"({"x-kubernetes-int-or-string":true})");
  CHECK(write_json(spec["c"]) == R"({"x-kubernetes-preserve-unknown-fields":true})");
  CHECK(write_json(spec["d"]) == "{}");
  CHECK(write_json(spec["e"]) == R"({"type":"integer","minimum":1})");
}

TEST_CASE("the protobuf form has the same paths and definitions") {
  const Json document = openapi_v2_document(full_registry());
  const std::string bytes = openapi_v2_protobuf(document);
  CHECK(fields(bytes, 1).at(0) == "2.0");
  const auto definitions = fields(fields(bytes, 9).at(0), 1);
  CHECK(definitions.size() == document["definitions"].size());
  CHECK(fields(fields(bytes, 8).at(0), 2).size() == document["paths"].size());
  for (const std::string_view definition : definitions) {
    const std::string_view name = fields(definition, 1).at(0);
    CAPTURE(name);
    const JsonView expected = document["definitions"][name];
    REQUIRE(expected.exists());
    const auto properties = fields(fields(definition, 2).at(0), 25);
    const std::size_t count = properties.empty() ? 0 : fields(properties[0], 1).size();
    CHECK(count == expected["properties"].size());
  }
}

}  // namespace heirloom::server
