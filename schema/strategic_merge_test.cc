#include "schema/strategic_merge.h"

#include <doctest/doctest.h>

#include "schema/testing/json.h"

namespace heirloom::schema {
namespace {

using testing::json;

const Schema& deployment() {
  static const Schema kSchema = [] {
    CompileOptions options;
    options.builtin = true;
    return testing::schema(R"({"type":"object","properties":{
      "spec":{"type":"object","properties":{
        "strategy":{"type":"object","x-kubernetes-patch-strategy":"retainKeys"},
        "containers":{"type":"array","x-kubernetes-patch-strategy":"merge","x-kubernetes-patch-merge-key":"name",
          "items":{"type":"object","properties":{
            "ports":{"type":"array","x-kubernetes-patch-strategy":"merge","x-kubernetes-patch-merge-key":"containerPort","items":{"type":"object"}},
            "env":{"type":"array","x-kubernetes-patch-strategy":"merge","x-kubernetes-patch-merge-key":"name","items":{"type":"object"}}}}},
        "volumes":{"type":"array","x-kubernetes-patch-strategy":"merge,retainKeys","x-kubernetes-patch-merge-key":"name","items":{"type":"object"}},
        "tolerations":{"type":"array","items":{"type":"object"}}}}}})",
                           options);
  }();
  return kSchema;
}

constexpr const char* kTarget = R"({
  "metadata":{"labels":{"l":"x"},"finalizers":["example.dev/one"]},
  "spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}},
    "containers":[{"name":"main","image":"nginx:1.19","ports":[{"containerPort":80,"name":"http"}],
                   "env":[{"name":"A","value":"1"},{"name":"B","value":"2"}],"args":["one","two"]}],
    "volumes":[{"name":"tmp","emptyDir":{}},{"name":"conf","configMap":{"name":"c"}}],
    "tolerations":[{"key":"k"}]}})";

TEST_CASE("patches change what a real API server changes") {
  struct Row {
    const char* patch;
    const char* path;    // top-level member
    const char* member;  // of it
    const char* result;
    const char* because;
  };
  const Row rows[] = {
      {R"({"spec":{"containers":[{"name":"main","image":"nginx:1.20"}]}})", "spec", "containers",
       R"([{"name":"main","image":"nginx:1.20","ports":[{"containerPort":80,"name":"http"}],"env":[{"name":"A","value":"1"},{"name":"B","value":"2"}],"args":["one","two"]}])",
       "containers merge by name"},
      {R"({"spec":{"containers":[{"name":"side","image":"busybox"},{"name":"main","$patch":"delete"}]}})",
       "spec", "containers", R"([{"name":"side","image":"busybox"}])", "added and deleted"},
      {R"({"spec":{"containers":[{"name":"side"},{"name":"main","args":["three"],"env":[{"name":"B","value":"two"},{"name":"C","value":"3"},{"name":"A","$patch":"delete"}],"ports":[{"containerPort":443}]}]}})",
       "spec", "containers",
       R"([{"name":"side"},{"name":"main","image":"nginx:1.19","ports":[{"containerPort":443},{"containerPort":80,"name":"http"}],"env":[{"name":"B","value":"two"},{"name":"C","value":"3"}],"args":["three"]}])",
       "what the patch names comes first"},
      {R"({"spec":{"$setElementOrder/containers":[{"name":"main"},{"name":"last"}],"containers":[{"name":"last","image":"b"}]}})",
       "spec", "containers",
       R"([{"name":"main","image":"nginx:1.19","ports":[{"containerPort":80,"name":"http"}],"env":[{"name":"A","value":"1"},{"name":"B","value":"2"}],"args":["one","two"]},{"name":"last","image":"b"}])",
       "$setElementOrder"},
      {R"({"spec":{"$setElementOrder/volumes":[{"name":"conf"},{"name":"tmp"}]}})", "spec", "volumes",
       R"([{"name":"conf","configMap":{"name":"c"}},{"name":"tmp","emptyDir":{}}])", "order alone"},
      {R"({"spec":{"containers":[{"$patch":"replace"},{"name":"only","image":"redis"}]}})", "spec",
       "containers", R"([{"name":"only","image":"redis"}])", "a list replaced"},
      {R"({"spec":{"tolerations":[{"key":"other"}]}})", "spec", "tolerations", R"([{"key":"other"}])",
       "no merge key"},
      {R"({"spec":{"volumes":[{"name":"tmp","$retainKeys":["name","hostPath"],"hostPath":{"path":"/tmp"}}]}})",
       "spec", "volumes",
       R"([{"name":"tmp","hostPath":{"path":"/tmp"}},{"name":"conf","configMap":{"name":"c"}}])",
       "$retainKeys in a list"},
      {R"({"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}})", "spec", "strategy",
       R"({"type":"Recreate"})", "$retainKeys"},
      {R"({"metadata":{"labels":{"$patch":"replace","only":"this"}}})", "metadata", "labels",
       R"({"only":"this"})", "a map replaced"},
      {R"({"metadata":{"labels":{"$patch":"delete"}}})", "metadata", "labels", "{}", "a map deleted"},
      {R"({"metadata":{"labels":{"l":null,"next":"1"}}})", "metadata", "labels", R"({"next":"1"})",
       "null deletes"},
      {R"({"metadata":{"annotations":{"n":"1","o":null}}})", "metadata", "annotations", R"({"n":"1"})",
       "a new map"},
      {R"({"metadata":{"finalizers":["example.dev/two"]}})", "metadata", "finalizers",
       R"(["example.dev/two","example.dev/one"])", "a set"},
      {R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["example.dev/one","x"]}})", "metadata",
       "finalizers", "[]", "from a set"},
      {R"({"spec":{"initContainers":[{"name":"i","$patch":"delete"},{"name":"j","image":"x"}]}})", "spec",
       "initContainers", R"([{"name":"j","image":"x"}])", "a new list without its directives"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    const Json target = json(kTarget), patch = json(row.patch);
    const Result<Json> result = strategic_merge(target, patch, deployment());
    REQUIRE(result.ok());
    CHECK(write_json(result->view()[row.path][row.member]) == row.result);
  }
}

TEST_CASE("malformed patches are refused") {
  struct Row {
    const char* patch;
    int code;
    const char* message;
  };
  const Row rows[] = {
      {R"({"spec":{"containers":[{"image":"x"}]}})", 500,
       "map: map[image:x] does not contain declared merge key: name"},
      {R"({"spec":{"containers":[{"name":"only","$patch":"sideways"}]}})", 500,
       "unknown patch type: sideways in map: map[$patch:sideways name:only]"},
      {R"({"metadata":{"labels":{"$patch":"sideways"}}})", 500,
       "unknown patch type: sideways in map: map[$patch:sideways]"},
      {R"({"spec":{"strategy":{"$retainKeys":["type"],"other":1}}})", 400,
       "invalid patch format of retainKeys"},
      {R"({"spec":{"strategy":{"$retainKeys":5}}})", 400, "invalid patch format of retainKeys"},
      {R"({"spec":{"$setElementOrder/containers":5,"containers":[{"name":"a"}]}})", 400,
       "invalid patch format of $setElementOrder list"},
      {R"({"metadata":{"$deleteFromPrimitiveList":["a"]}})", 400, "invalid patch format of primitive list"},
      {R"([])", 400, "invalid JSON document"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.patch);
    const Json target = json(kTarget), patch = json(row.patch);
    const Result<Json> result = strategic_merge(target, patch, deployment());
    REQUIRE_FALSE(result.ok());
    CHECK(result.status().code() == row.code);
    CHECK(result.status().message() == row.message);
  }
  const Json disorder =
      json(R"({"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"name":"b"}]}})");
  CHECK(strategic_merge(json(kTarget), disorder, deployment()).status().code() == 500);
}

}  // namespace
}  // namespace heirloom::schema
