#include "core/render.h"

#include <doctest/doctest.h>

#include "apis/labels.h"
#include "base/yaml.h"

namespace heirloom::core {
namespace {

Application application(const char* yaml) {
  const Json object = parse_yaml(yaml).value();
  return decode_application(object).value();
}

const char* const kShop = R"(
apiVersion: core.oam.dev/v1beta1
kind: Application
metadata:
  name: shop
  namespace: team
  labels: {tier: gold}
  annotations: {note: hello, kubectl.kubernetes.io/last-applied-configuration: "{}", app.oam.dev/shared-by: x/y}
spec:
  components:
  - name: web
    type: k8s-objects
    properties:
      objects:
      - apiVersion: apps/v1
        kind: Deployment
        metadata: {labels: {app.oam.dev/name: thief, mine: "yes"}, uid: abc}
        spec: {replicas: 2}
        status: {readyReplicas: 2}
      - apiVersion: v1
        kind: Namespace
        metadata: {name: home}
      - apiVersion: v1
        kind: ConfigMap
        metadata: {name: cm, namespace: home, annotations: {heirloom.dev/record: forged}}
        data: null
)";

std::string_view label(const dispatcher::Manifest& manifest, std::string_view key) {
  return manifest.desired["metadata"]["labels"][key].string();
}

}  // namespace

TEST_CASE("objects get names and namespaces where they have none, except Namespaces") {
  const Application shop = application(kShop);
  const Rendering rendering = render(shop, "shop-v1", "hash").value();
  REQUIRE(rendering.manifests.size() == 3);
  CHECK(rendering.manifests[0].key.to_string() == "Deployment.apps team/web");
  CHECK(rendering.manifests[1].key.to_string() == "Namespace home");
  CHECK(rendering.manifests[2].key.to_string() == "ConfigMap home/cm");
}

TEST_CASE("the labels of KubeVela are on every object, the revision's apart") {
  const Application shop = application(kShop);
  const Rendering rendering = render(shop, "shop-v1", "hash").value();
  const dispatcher::Manifest& web = rendering.manifests[0];
  CHECK(label(web, labels::kWorkloadType) == "k8s-objects");
  CHECK(label(web, labels::kResourceType) == "WORKLOAD");
  CHECK(label(web, labels::kComponent) == "web");
  CHECK(label(web, "tier") == "gold");
  CHECK(label(web, "mine") == "yes");
  CHECK(label(web, labels::kAppRevision).empty());
  CHECK(web.revision_labels.at(std::string(labels::kAppRevision)) == "shop-v1");
  CHECK(label(rendering.manifests[2], labels::kTraitType) == "AuxiliaryWorkload");
  CHECK(label(rendering.manifests[2], labels::kResourceType) == "TRAIT");
  CHECK(web.desired["metadata"]["annotations"]["note"].string() == "hello");
  CHECK_FALSE(web.desired["metadata"]["annotations"].contains(annotations::kKubectlLastApplied));
  CHECK_FALSE(web.desired["metadata"]["annotations"].contains(annotations::kSharedBy));
}

TEST_CASE("what says who owns an object is dropped and told, what the server sets is dropped") {
  const Application shop = application(kShop);
  const Rendering rendering = render(shop, "shop-v1", "hash").value();
  CHECK(rendering.dropped.size() == 2);
  const JsonView declared = rendering.manifests[0].declared;
  CHECK(declared["metadata"]["labels"].size() == 1);
  CHECK_FALSE(declared.contains("status"));
  CHECK_FALSE(declared["metadata"].contains("uid"));
  CHECK_FALSE(rendering.manifests[2].declared["metadata"].contains("annotations"));
  CHECK_FALSE(rendering.manifests[2].declared.view().contains("data"));
}

TEST_CASE("a component that cannot be rendered names the field") {
  struct Case { const char* because; const char* components; const char* says; };
  const Case cases[] = {
      {"an unknown type", "[{name: a, type: webservice}]", "unknown type \"webservice\""},
      {"no objects", "[{name: a, type: k8s-objects, properties: {}}]", "spec.components[0].properties.objects"},
      {"no properties", "[{name: a, type: k8s-objects}]", "needs a list of Kubernetes objects"},
      {"an object without kind", "[{name: a, type: k8s-objects, properties: {objects: [{apiVersion: v1}]}}]",
       "objects[0].kind"},
      {"an object without apiVersion", "[{name: a, type: k8s-objects, properties: {objects: [{kind: ConfigMap}]}}]",
       "objects[0].apiVersion"},
      {"no object at all", "[{name: a, type: k8s-objects, properties: {objects: [3]}}]", "objects[0]: expected"},
      {"a label that is no string",
       "[{name: a, type: k8s-objects, properties: {objects: [{apiVersion: v1, kind: ConfigMap, metadata: {labels: {x: 1}}}]}}]",
       "metadata.labels.x"},
      {"an apiVersion with two slashes",
       "[{name: a, type: k8s-objects, properties: {objects: [{apiVersion: a/b/c, kind: X}]}}]", "a/b/c"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.because);
    const std::string text = std::string("{metadata: {name: x, namespace: n}, spec: {components: ") + c.components + "}}";
    const Application app = application(text.c_str());
    const Result<Rendering> rendering = render(app, "x-v1", "h");
    REQUIRE_FALSE(rendering.ok());
    CAPTURE(rendering.status().message());
    CHECK(rendering.status().message().find(c.says) != std::string::npos);
  }
}

}  // namespace heirloom::core
