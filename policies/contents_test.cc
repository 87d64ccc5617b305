#include "policies/contents.h"

#include <doctest/doctest.h>

#include "base/yaml.h"

namespace heirloom::policies {
namespace {

const SharerKey kMe = *parse_sharer_key("team/me");

// Objects as YAML documents, all in Namespace example; uid = kind/name unless they say otherwise.
Contents contents(std::string_view text) {
  Contents contents;
  const Result<std::vector<Json>> documents = parse_yaml_documents(text);
  REQUIRE(documents.ok());
  for (const Json& document : *documents) {
    const ObjectKey key = key_of(document);
    Inside inside = read_inside(document, key, kMe);
    if (inside.uid.empty()) inside.uid = key.kind + "/" + key.name;
    contents.kinds.insert(key.group_kind());
    contents.objects.push_back(std::move(inside));
  }
  return contents;
}

std::vector<std::string> left(const Contents& contents) {
  std::vector<std::string> names;
  for (const ObjectKey& key : strangers(contents)) names.push_back(key.kind + "/" + key.name);
  return names;
}
using Names = std::vector<std::string>;

TEST_CASE("namespaces that nobody may delete") {
  for (const char* name : {"default", "kube-system", "kube-anything", "mine", "openshift-x", "openshift-"})
    CHECK_MESSAGE(is_protected_namespace(name, {"mine", "openshift-*"}), name);
  for (const char* name : {"defaults", "kube", "kuber-x", "mine-too", "openshift", "", "xkube-x"})
    CHECK_MESSAGE(!is_protected_namespace(name, {"mine", "openshift-*"}), name);
  CHECK(is_protected_namespace("anything", {"*"}));
}

TEST_CASE("what Kubernetes puts into a Namespace by itself does not count") {
  CHECK(left(contents(R"(
{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: example}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt, namespace: example}}
---
apiVersion: v1
kind: Secret
metadata:
  name: default-token-x
  namespace: example
  annotations: {kubernetes.io/service-account.name: default, kubernetes.io/service-account.uid: ServiceAccount/default}
---
{apiVersion: v1, kind: Event, metadata: {name: e, namespace: example}}
---
{apiVersion: events.k8s.io/v1, kind: Event, metadata: {name: f, namespace: example}}
)")).empty());
  CHECK(left(contents(R"(
{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot, namespace: example}}
---
apiVersion: v1
kind: Secret
metadata:
  name: robot-token-x
  namespace: example
  annotations: {kubernetes.io/service-account.uid: ServiceAccount/robot}
---
{apiVersion: ex.dev/v1, kind: Event, metadata: {name: party, namespace: example}}
)")) == Names{"ServiceAccount/robot", "Secret/robot-token-x", "Event/party"});
}

TEST_CASE("what the leaver alone has joined goes with it; what others declare, or nobody, does not") {
  CHECK(left(contents(R"(
{apiVersion: v1, kind: ConfigMap, metadata: {name: mine, namespace: example, labels: {app.oam.dev/name: me, app.oam.dev/namespace: team}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: other, namespace: example, labels: {app.oam.dev/name: a, app.oam.dev/namespace: team}}}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: shared
  namespace: example
  labels: {app.oam.dev/name: me, app.oam.dev/namespace: team}
  annotations: {app.oam.dev/shared-by: "team/me,team/a"}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: notes, namespace: example}}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: copy
  namespace: example
  labels: {app.oam.dev/name: me, app.oam.dev/namespace: team}
  annotations: {heirloom.dev/record: '{"object":["","ConfigMap","example","mine"],"sharers":{"team/me":"u.1"}}'}
---
{apiVersion: v1, kind: Pod, metadata: {name: dying, namespace: example, deletionTimestamp: "2024-01-01T00:00:00Z"}}
)")) == Names{"ConfigMap/other", "ConfigMap/shared", "ConfigMap/notes", "ConfigMap/copy"});
}

TEST_CASE("owner references lead to whoever goes, or has gone") {
  const std::string chain = R"(
{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: example, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: r, uid: ReplicaSet/r}]}}
---
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: r, namespace: example, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: d, uid: Deployment/d}]}}
---
)";
  CHECK(left(contents(chain + R"(
{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: example, labels: {app.oam.dev/name: me, app.oam.dev/namespace: team}}}
)")).empty());
  CHECK(left(contents(chain + R"(
{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: example}}
)")) == Names{"Pod/p", "ReplicaSet/r", "Deployment/d"});

  Contents orphaned = contents(chain);
  CHECK(left(orphaned) == Names{"Pod/p", "ReplicaSet/r"});  // Deployments were not looked at
  orphaned.kinds.insert({"apps", "Deployment"});
  CHECK(left(orphaned).empty());  // theirs is gone, and the garbage collector follows

  // One owner that stays is enough to stay; a circle is nobody's.
  CHECK(left(contents(R"(
apiVersion: v1
kind: ConfigMap
metadata:
  name: two
  namespace: example
  ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: notes, uid: ConfigMap/notes}, {apiVersion: v1, kind: ConfigMap, name: gone, uid: z}]
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: notes, namespace: example, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: notes, uid: ConfigMap/notes}]}}
)")) == Names{"ConfigMap/two", "ConfigMap/notes"});
}

TEST_CASE("Endpoints go with their Service") {
  CHECK(left(contents(R"(
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: example, labels: {app.oam.dev/name: me, app.oam.dev/namespace: team}}}
---
{apiVersion: v1, kind: Endpoints, metadata: {name: web, namespace: example}}
---
{apiVersion: v1, kind: Endpoints, metadata: {name: gone, namespace: example, managedFields: [{manager: kube-controller-manager}]}}
---
{apiVersion: v1, kind: Endpoints, metadata: {name: lock, namespace: example, managedFields: [{manager: kube-controller-manager}, {manager: kubectl}]}}
---
{apiVersion: v1, kind: Endpoints, metadata: {name: by-hand, namespace: example}}
)")) == Names{"Endpoints/lock", "Endpoints/by-hand"});
}

}  // namespace
}  // namespace heirloom::policies
