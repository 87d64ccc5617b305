#include "schema/three_way.h"

#include <doctest/doctest.h>

#include "schema/merge_patch.h"
#include "schema/testing/json.h"

namespace heirloom::schema {
namespace {

using testing::json;

struct Row {
  const char* previous;
  const char* desired;
  const char* live;
  const char* merged;  // nullptr: live, no drift
  const char* because;
};

void check(const Row& row, std::string_view kind) {
  CAPTURE(row.because);
  const auto with_kind = [&](const char* text) {
    const Json head = json(kind), object = json(text);
    return merge_patch(head, object);
  };
  const Json previous = with_kind(row.previous), desired = with_kind(row.desired), live = with_kind(row.live);
  const Json expected = row.merged == nullptr ? live : with_kind(row.merged);
  const Json merged = merge(previous.view(), desired, live, nullptr);
  CHECK(write_json(merged) == write_json(expected));
  // Once written, nothing is left to do; and the record of what is declared now takes nothing away.
  CHECK(merge(desired.view(), desired, merged, nullptr) == merged);
  CHECK(differences(desired, merged, nullptr).empty());
  // The record says the same as the manifest it was made from.
  const Result<FieldSet> record = FieldSet::from_json(declared_fields(previous, nullptr).to_json());
  REQUIRE(record.ok());
  CHECK(merge(*record, desired, live, nullptr) == merged);
}

TEST_CASE("any kind: desired wins, what was declared goes, the rest stays") {
  const Row rows[] = {
      {R"({})", R"({"spec":{"a":1}})", R"({"spec":{"a":1,"b":2},"status":{"x":1}})", nullptr,
       "nothing to do"},
      {R"({})", R"({"spec":{"a":2}})", R"({"spec":{"a":1,"b":2}})", R"({"spec":{"a":2,"b":2}})",
       "a changed field"},
      {R"({"spec":{"a":1,"b":2}})", R"({"spec":{"a":1}})", R"({"spec":{"a":1,"b":2,"c":3}})",
       R"({"spec":{"a":1,"c":3}})", "a field given up"},
      {R"({"spec":{"o":{"x":1}}})", R"({"spec":{"a":1}})", R"({"spec":{"o":{"x":1,"defaulted":2},"a":1}})",
       R"({"spec":{"a":1}})", "a sub-object given up"},
      {R"({"spec":{"a":1}})", R"({})", R"({"spec":{"a":1,"b":2}})", R"({"spec":{"b":2}})",
       "the whole spec given up"},
      {R"({"spec":{"a":1}})", R"({})", R"({"spec":{"a":1}})", R"({})", "nothing is left of it"},
      {R"({})", R"({"spec":{"a":null,"b":{"c":null}}})", R"({"spec":{"a":1,"b":{}}})", nullptr,
       "null is not desired"},
      {R"({})", R"({"spec":{"l":[1,2]}})", R"({"spec":{"l":[2,1]}})", R"({"spec":{"l":[1,2]}})",
       "other lists are atomic"},
      {R"({})", R"({"spec":{"l":[{"name":"a"}]}})", R"({"spec":{"l":[{"name":"a","x":1}]}})",
       R"({"spec":{"l":[{"name":"a"}]}})", "also of objects"},
      {R"({})", R"({"spec":{"n":1}})", R"({"spec":{"n":1.0}})", nullptr, "one number"},
      {R"({})", R"({"status":{"x":1},"spec":{}})", R"({"spec":{},"status":{"x":2}})", nullptr,
       "status is not ours"},
      {R"({})",
       R"({"metadata":{"uid":"1","resourceVersion":"5","creationTimestamp":null,"generation":1,"labels":{}}})",
       R"({"metadata":{"name":"x","uid":"2"}})", nullptr,
       "server-set metadata is not ours, empty labels are none"},
      {R"({"metadata":{"labels":{"a":"1","b":"2"}}})", R"({"metadata":{"labels":{"a":"1"}}})",
       R"({"metadata":{"labels":{"a":"1","b":"2","other":"3"}}})",
       R"({"metadata":{"labels":{"a":"1","other":"3"}}})", "labels one by one"},
      {R"({"metadata":{"labels":{"a":"1"},"annotations":{"x":"1"}}})", R"({})",
       R"({"metadata":{"labels":{"a":"1","other":"3"},"annotations":{"x":"1"}}})",
       R"({"metadata":{"labels":{"other":"3"}}})", "maps given up"},
      {R"({"metadata":{"finalizers":["a/b"]}})", R"({"metadata":{"finalizers":["c/d"]}})",
       R"({"metadata":{"finalizers":["a/b","e/f"]}})", R"({"metadata":{"finalizers":["e/f","c/d"]}})",
       "finalizers are a set"},
      {R"({"metadata":{"finalizers":[]}})", R"({"metadata":{"finalizers":["c/d"]}})",
       R"({"metadata":{"finalizers":["e/f"]}})", R"({"metadata":{"finalizers":["e/f","c/d"]}})",
       "an empty set took nothing"},
      {R"({"metadata":{"name":"x","namespace":"n"}})", R"({"metadata":{"name":"x"}})",
       R"({"metadata":{"name":"x","namespace":"n"}})", nullptr, "identity stays"},
      {R"({"spec":{"o":{"x":1}}})", R"({"spec":{"o":5}})", R"({"spec":{"o":{"x":1}}})", R"({"spec":{"o":5}})",
       "another type"},
      {R"({"spec":{"gone":1}})", R"({"spec":{"a":1}})", R"({"spec":{"a":1}})", nullptr, "gone already"},
  };
  for (const Row& row : rows) check(row, R"({"apiVersion":"example.dev/v1","kind":"Thing"})");
}

TEST_CASE("Deployments: lists merge by key, quantities by value") {
  const auto pod = [](const std::string& spec) { return R"({"spec":{"template":{"spec":)" + spec + "}}}"; };
  struct PodRow {
    std::string previous, desired, live, merged;
    const char* because;
  };
  const PodRow rows[] = {
      {"{}",
       R"({"containers":[{"name":"web","image":"a","ports":[{"containerPort":80}],"resources":{"limits":{"cpu":"1000m","memory":"1Gi"}}}]})",
       R"({"containers":[{"name":"web","image":"a","ports":[{"containerPort":80,"protocol":"TCP"}],"resources":{"limits":{"cpu":"1","memory":"1Gi"}},"imagePullPolicy":"Always"}],"restartPolicy":"Always"})",
       "", "as the server writes it"},
      {"{}", R"({"containers":[{"name":"web","image":"b"}]})",
       R"({"containers":[{"name":"side","image":"s"},{"name":"web","image":"a","tty":true}]})",
       R"({"containers":[{"name":"side","image":"s"},{"name":"web","image":"b","tty":true}]})",
       "an injected container stays"},
      {R"({"containers":[{"name":"web"},{"name":"old","image":"o"}]})",
       R"({"containers":[{"name":"web"},{"name":"new"}]})",
       R"({"containers":[{"name":"web"},{"name":"old","image":"o","tty":false},{"name":"side"}]})",
       R"({"containers":[{"name":"web"},{"name":"side"},{"name":"new"}]})",
       "a container given up goes whole"},
      {"{}", R"({"initContainers":[{"name":"b"},{"name":"c"},{"name":"a"}]})",
       R"({"initContainers":[{"name":"a"},{"name":"x"},{"name":"b"}]})",
       R"({"initContainers":[{"name":"b"},{"name":"x"},{"name":"c"},{"name":"a"}]})", "order matters"},
      {R"({"containers":[{"name":"w","ports":[{"containerPort":53,"protocol":"UDP"},{"containerPort":53}]}]})",
       R"({"containers":[{"name":"w","ports":[{"containerPort":53,"protocol":"UDP","name":"dns"}]}]})",
       R"({"containers":[{"name":"w","ports":[{"containerPort":53,"protocol":"UDP"},{"containerPort":53,"protocol":"TCP"}]}]})",
       R"({"containers":[{"name":"w","ports":[{"containerPort":53,"protocol":"UDP","name":"dns"}]}]})",
       "two keys, one with a default"},
      {R"({"volumes":[{"name":"v","configMap":{"name":"c"}}]})",
       R"({"volumes":[{"name":"v","emptyDir":{}}]})",
       R"({"volumes":[{"name":"v","configMap":{"name":"c","defaultMode":420}}]})",
       R"({"volumes":[{"name":"v","emptyDir":{}}]})", "another volume source"},
      {"{}", R"({"volumes":[{"name":"v","emptyDir":{}}]})",
       R"({"volumes":[{"name":"v","hostPath":{"path":"/x"}}]})",
       R"({"volumes":[{"name":"v","emptyDir":{}}]})", "volume sources exclude each other"},
      {"{}",
       R"({"containers":[{"name":"w","env":[{"name":"A","value":"1"},{"name":"B","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]}]})",
       R"({"containers":[{"name":"w","env":[{"name":"A","value":"1"},{"name":"B","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.name"}}}]}]})",
       "", "defaults inside"},
      {"{}", R"({"containers":[{"name":"w","env":[{"name":"A"},{"name":"A","value":"2"}]}]})",
       R"({"containers":[{"name":"w","env":[{"name":"A"}]}]})",
       R"({"containers":[{"name":"w","env":[{"name":"A"},{"name":"A","value":"2"}]}]})",
       "a key twice: the list is atomic"},
      {R"({"containers":[{"name":"w","resources":{"limits":{"cpu":"1"}}}]})",
       R"({"containers":[{"name":"w"}]})",
       R"({"containers":[{"name":"w","resources":{"limits":{"cpu":"1"},"requests":{"cpu":"1"}}}]})",
       R"({"containers":[{"name":"w"}]})", "what depends on it goes too"},
      {R"({"serviceAccountName":"a"})", "{}",
       R"({"serviceAccountName":"a","serviceAccount":"a","dnsPolicy":"Default"})",
       R"({"dnsPolicy":"Default"})", "a second name"},
      {R"({"nodeSelector":{"a":"1"}})", "{}", R"({"nodeSelector":{"a":"1","b":"2"}})",
       R"({"nodeSelector":{"b":"2"}})", "a free map"},
      {"{}", R"({"containers":[{"name":"w","env":[],"command":[]}],"tolerations":[]})",
       R"({"containers":[{"name":"w"}]})", "", "empty lists are none"},
      {"{}", R"({"volumes":[{"name":"v","emptyDir":{"sizeLimit":"1024Mi"}}]})",
       R"({"volumes":[{"name":"v","emptyDir":{"sizeLimit":"1Gi"}}]})", "", "a size"},
  };
  for (const PodRow& row : rows) {
    const std::string previous = pod(row.previous), desired = pod(row.desired), live = pod(row.live),
                      merged = pod(row.merged);
    check({previous.c_str(), desired.c_str(), live.c_str(), row.merged.empty() ? nullptr : merged.c_str(),
           row.because},
          R"({"apiVersion":"apps/v1","kind":"Deployment"})");
  }
}

TEST_CASE("Deployments: strategy, int-or-string") {
  const Row rows[] = {
      {"{}", R"({"spec":{"strategy":{"type":"Recreate"}}})",
       R"({"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%"}}}})",
       R"({"spec":{"strategy":{"type":"Recreate"}}})", "what the type excludes goes"},
      {"{}", R"({"spec":{"strategy":{"type":"RollingUpdate"}}})",
       R"({"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%"}}}})", nullptr,
       "defaults of the same type stay"},
      {"{}", R"({"spec":{"strategy":{"rollingUpdate":{"maxSurge":"1"}}}})",
       R"({"spec":{"strategy":{"rollingUpdate":{"maxSurge":1}}}})", nullptr, "1 and \"1\""},
      {R"({"spec":{"template":{"metadata":{"annotations":{"a":"1"},"labels":{"x":"y"}}}}})",
       R"({"spec":{"template":{"metadata":{"labels":{"x":"y"}}}}})",
       R"({"spec":{"template":{"metadata":{"annotations":{"a":"1","kubectl.kubernetes.io/restartedAt":"now"},"labels":{"x":"y"}}}}})",
       R"({"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"now"},"labels":{"x":"y"}}}}})",
       "a restart survives"},
  };
  for (const Row& row : rows) check(row, R"({"apiVersion":"apps/v1","kind":"Deployment"})");
}

TEST_CASE("Secrets, Services and others") {
  const Row secret[] = {
      {"{}", R"({"stringData":{"a":"1"},"data":{"b":"Mg=="}})",
       R"({"data":{"a":"MQ==","b":"Mg=="},"type":"Opaque"})", nullptr, "stringData is data"},
      {"{}", R"({"stringData":{"a":"1"},"data":{"a":"eA=="}})", R"({"data":{"a":"MA=="}})",
       R"({"data":{"a":"MQ=="}})", "and wins"},
      {R"({"stringData":{"a":"1","b":"2"}})", R"({"stringData":{"a":"1"}})",
       R"({"data":{"a":"MQ==","b":"Mg==","c":"Mw=="}})", R"({"data":{"a":"MQ==","c":"Mw=="}})", "given up"},
      {"{}", R"({"data":{"a":"MQ\n=="}})", R"({"data":{"a":"MQ=="}})", nullptr, "line breaks in base64"},
  };
  for (const Row& row : secret) check(row, R"({"apiVersion":"v1","kind":"Secret"})");
  const Row service[] = {
      {"{}", R"({"spec":{"selector":{"app":"w"},"ports":[{"port":80,"targetPort":"8080"}]}})",
       R"({"spec":{"selector":{"app":"w"},"clusterIP":"10.0.0.1","ports":[{"port":80,"protocol":"TCP","targetPort":8080,"nodePort":30000}]}})",
       nullptr, "allocated fields stay"},
      {R"({"spec":{"ports":[{"port":80},{"port":443}]}})", R"({"spec":{"ports":[{"port":443},{"port":81}]}})",
       R"({"spec":{"ports":[{"port":80,"protocol":"TCP"},{"port":443,"protocol":"TCP"}]}})",
       R"({"spec":{"ports":[{"port":443,"protocol":"TCP"},{"port":81}]}})", "ports by number"},
  };
  for (const Row& row : service) check(row, R"({"apiVersion":"v1","kind":"Service"})");
  const Row config[] = {
      {R"({"data":{"a":"1","b":"2"}})", R"({"data":{"a":"1"}})", R"({"data":{"a":"1","b":"2","c":"3"}})",
       R"({"data":{"a":"1","c":"3"}})", "keys one by one"},
      {R"({"data":{"a":"1"}})", R"({"data":{}})", R"({"data":{"a":"1"}})", R"({"data":{}})", "the last key"},
      {"{}", R"({"data":{}})", "{}", nullptr, "empty is none"},
  };
  for (const Row& row : config) check(row, R"({"apiVersion":"v1","kind":"ConfigMap"})");
  const Row quota[] = {
      {"{}", R"({"spec":{"hard":{"cpu":"2000m","pods":10}}})", R"({"spec":{"hard":{"cpu":"2","pods":"10"}}})",
       nullptr, "quantities as numbers"},
  };
  for (const Row& row : quota) check(row, R"({"apiVersion":"v1","kind":"ResourceQuota"})");
}

TEST_CASE("what kube-apiserver makes of a manifest is no drift") {
  struct ServerRow {
    const char* kind;
    const char* desired;
    const char* live;
  };
  const ServerRow rows[] = {
      {R"({"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy"})",
       R"({"spec":{"podSelector":{},"ingress":[{"ports":[{"port":80}]}],"egress":[]}})",
       R"({"spec":{"podSelector":{},"ingress":[{"ports":[{"protocol":"TCP","port":80}]}],"policyTypes":["Ingress"]}})"},
      {R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding"})",
       R"({"subjects":[{"kind":"User","name":"u"},{"kind":"ServiceAccount","name":"s","namespace":"n"}]})",
       R"({"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"u"},{"kind":"ServiceAccount","name":"s","namespace":"n"}]})"},
      {R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole"})", R"({"rules":[]})",
       R"({"rules":null})"},
      {R"({"apiVersion":"apps/v1","kind":"StatefulSet"})",
       R"({"spec":{"volumeClaimTemplates":[{"metadata":{"name":"d"},"spec":{"resources":{"requests":{"storage":"1024Mi"}}}}]}})",
       R"({"spec":{"volumeClaimTemplates":[{"kind":"PersistentVolumeClaim","apiVersion":"v1","metadata":{"name":"d","creationTimestamp":null},"spec":{"resources":{"requests":{"storage":"1Gi"}},"volumeMode":"Filesystem"},"status":{"phase":"Pending"}}]}})"},
      {R"({"apiVersion":"apps/v1","kind":"Deployment"})",
       R"({"spec":{"paused":false,"template":{"spec":{"hostNetwork":false,"containers":[{"name":"w","tty":false,"env":[{"name":"E","value":""}],"volumeMounts":[{"name":"v","mountPath":"/v","readOnly":false}]}]}}}})",
       R"({"spec":{"template":{"spec":{"containers":[{"name":"w","env":[{"name":"E"}],"volumeMounts":[{"name":"v","mountPath":"/v"}]}]}}}})"},
      {R"({"apiVersion":"v1","kind":"Pod"})", R"({"spec":{"tolerations":[{"key":"k","operator":"Exists"}]}})",
       R"({"spec":{"tolerations":[{"key":"k","operator":"Exists"},{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}]}})"},
      {R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease"})",
       R"({"spec":{"renewTime":"2021-03-01T11:00:00.000000+01:00"}})",
       R"({"spec":{"renewTime":"2021-03-01T10:00:00.000000Z"}})"},
  };
  for (const ServerRow& row : rows) check({"{}", row.desired, row.live, nullptr, row.desired}, row.kind);
}

TEST_CASE("a false that is kept is not taken for absent") {
  // A pointer in the API: the server stores false, so its absence is somebody's doing.
  check({"{}", R"({"automountServiceAccountToken":false})", "{}", R"({"automountServiceAccountToken":false})",
         "a pointer"},
        R"({"apiVersion":"v1","kind":"ServiceAccount"})");
}

TEST_CASE("a CRD's schema says how its lists merge and what its values mean") {
  const Schema schema =
      testing::schema(R"({"type":"object","properties":{"spec":{"type":"object","properties":{
    "parts":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["id"],
      "items":{"type":"object","required":["id"],"properties":{"id":{"type":"integer"},"size":{"type":"integer","default":1}}}},
    "tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
    "when":{"type":"string","format":"date-time"},
    "sel":{"type":"object","x-kubernetes-map-type":"atomic","properties":{"a":{"type":"string"},"b":{"type":"string"}}},
    "list":{"type":"array","items":{"type":"object","properties":{"p":{"type":"string","default":"TCP"}}}},
    "opts":{"type":"object","additionalProperties":{"type":"string"}}}}}})");
  struct CustomRow {
    const char* previous;
    const char* desired;
    const char* live;
    const char* merged;
    const char* because;
  };
  const CustomRow rows[] = {
      {"{}", R"({"parts":[{"id":2}]})", R"({"parts":[{"id":1},{"id":2,"size":1}]})", nullptr, "by key"},
      {R"({"parts":[{"id":1},{"id":2}]})", R"({"parts":[{"id":2}]})",
       R"({"parts":[{"id":1,"size":1},{"id":2,"size":1}]})", R"({"parts":[{"id":2,"size":1}]})", "given up"},
      {"{}", R"({"tags":["b","a"]})", R"({"tags":["a","c","b"]})", nullptr, "a set has no order"},
      {"{}", R"({"when":"2021-03-01T11:00:00+01:00"})", R"({"when":"2021-03-01T10:00:00Z"})", nullptr,
       "one instant"},
      {"{}", R"({"sel":{"a":"1"}})", R"({"sel":{"a":"2","b":"3"}})", R"({"sel":{"a":"1"}})",
       "an atomic map changes as a whole"},
      {"{}", R"({"list":[{}]})", R"({"list":[{"p":"TCP"}]})", nullptr, "defaults inside an atomic list"},
      {R"({"opts":{"a":"1"}})", R"({})", R"({"opts":{"a":"1","b":"2"}})", R"({"opts":{"b":"2"}})",
       "a free map"},
      {"{}", R"({"opts":{}})", R"({})", R"({"opts":{}})", "custom resources store empty maps"},
  };
  for (const CustomRow& row : rows) {
    CAPTURE(row.because);
    const auto object = [](const char* spec) {
      return Json::object({{"kind", "Thing"}, {"spec", json(spec)}});
    };
    const Json previous = object(row.previous), desired = object(row.desired), live = object(row.live);
    const Json merged = merge(previous.view(), desired, live, &schema);
    CHECK(write_json(merged) == write_json(row.merged == nullptr ? live : object(row.merged)));
    CHECK(merge(desired.view(), desired, merged, &schema) == merged);
  }
}

TEST_CASE("differences name paths, never values") {
  const Json desired = json(R"({"apiVersion":"apps/v1","kind":"Deployment",
    "metadata":{"name":"x","labels":{"tier":"a","a.b/c":"d"}},
    "spec":{"replicas":2,"template":{"spec":{"containers":[{"name":"web","image":"secret"},{"name":"new"}],
            "tolerations":[{"key":"k"}]}}},"status":{"z":1}})");
  const Json live = json(R"({"apiVersion":"apps/v1","kind":"Deployment",
    "metadata":{"name":"x","labels":{"tier":"b"}},
    "spec":{"replicas":2,"template":{"spec":{"containers":[{"name":"web","image":"other"}]}}}})");
  CHECK(differences(desired, live, nullptr) ==
        std::vector<std::string>{"metadata.labels.tier", "metadata.labels[\"a.b/c\"]",
                                 "spec.template.spec.containers[name=web].image",
                                 "spec.template.spec.containers[name=new]",
                                 "spec.template.spec.tolerations"});
  CHECK(differences(desired, live, nullptr, 2).size() == 2);
  CHECK(differences(desired, desired, nullptr).empty());
}

TEST_CASE("manifests are normalised") {
  const Json manifest = json(
      R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","uid":"u","managedFields":[],"labels":{"a":null,"b":"c"}},
    "stringData":{"k":"v"},"status":{},"x":{"n":null,"l":[null,{"m":null}]}})");
  CHECK(
      write_json(normalized_manifest(manifest)) ==
      R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","labels":{"b":"c"}},"x":{"l":[null,{}]},"data":{"k":"dg=="}})");
}

TEST_CASE("the merge is its own patch") {
  const Json live = json(R"({"spec":{"a":1,"b":[1],"c":{"d":1}},"status":{"s":1}})");
  const Json desired = json(R"({"spec":{"a":2,"b":[2]}})");
  const Json merged = merge(json(R"({"spec":{"c":{"d":1}}})").view(), desired, live, nullptr);
  const Json patch = merge_diff(live, merged);
  CHECK(write_json(patch) == R"({"spec":{"c":null,"a":2,"b":[2]}})");
}

}  // namespace
}  // namespace heirloom::schema
