#include <doctest/doctest.h>

#include "server/testing/test_server.h"

namespace heirloom::server {
namespace {

const auto kSettings = TestServer::ref("v1", "configmaps", "default", "settings");

std::string text(const Result<Json>& result, std::initializer_list<std::string_view> path) {
  if (!result.ok()) return "error: " + result.status().message();
  JsonView at = result->view();
  for (const auto step : path) at = at[step];
  return std::string(at.string());
}

constexpr std::string_view kCreateSettings =
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","labels":{"app":"web"}},"data":{"a":"1"}})";

TEST_CASE("a created object gets its identity and can be read back") {
  TestServer server;
  const auto created = server.create(kCreateSettings);
  REQUIRE(created.ok());
  CHECK(text(created, {"metadata", "namespace"}) == "default");
  CHECK(text(created, {"metadata", "uid"}).size() == 36);
  CHECK(text(created, {"metadata", "resourceVersion"}) != "");
  CHECK(text(created, {"metadata", "creationTimestamp"}) == "2026-01-01T00:00:00Z");
  const auto read = server.get(kSettings);
  REQUIRE(read.ok());
  CHECK(*read == *created);
}

TEST_CASE("bodies that are no such object are refused before anything is stored") {
  struct Row {
    const char* body;
    int code;
    const char* because;
  };
  const Row rows[] = {
      {R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{}})", 422,
       "it has neither name nor generateName"},
      {R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"UP"}})", 422, "names are DNS subdomains"},
      {R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","namespace":"nope"}})", 404,
       "the namespace does not exist"},
      {R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"k":5}})", 400,
       "a value has the wrong type"},
      {R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","labels":{"a":"b c"}}})", 422,
       "a label value is malformed"},
      {R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","finalizers":["bare"]}})", 422,
       "finalizers are qualified names"},
      {R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","resourceVersion":"5"}})", 500,
       "a new object has no resourceVersion"},
      {R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"binaryData":{"k":"!"}})", 400,
       "binaryData is base64"},
      {R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"x"},"spec":{}})", 422,
       "a Job runs something"},
  };
  TestServer server;
  for (const auto& row : rows) {
    CAPTURE(row.because);
    const auto created = server.create(row.body);
    CHECK(!created.ok());
    CHECK(created.status().code() == row.code);
  }
}

TEST_CASE("a name that is taken is AlreadyExists and changes nothing") {
  TestServer server;
  REQUIRE(server.create(kCreateSettings).ok());
  const auto again = server.create(kCreateSettings);
  CHECK(is_already_exists(again.status()));
  CHECK(again.status().message() == "configmaps \"settings\" already exists");
}

TEST_CASE("a generated name is its prefix and five characters") {
  TestServer server;
  const auto created =
      server.create(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"job-"}})");
  REQUIRE(created.ok());
  CHECK(text(created, {"metadata", "name"}).size() == 9);
  CHECK(text(created, {"metadata", "name"}).starts_with("job-"));
}

TEST_CASE("a merge patch with the stored resourceVersion applies, with another conflicts") {
  TestServer server;
  const auto created = server.create(kCreateSettings);
  const auto revision = text(created, {"metadata", "resourceVersion"});
  const auto guarded = R"({"metadata":{"resourceVersion":")" + revision + R"("},"data":{"b":"2"}})";
  const auto patched = server.merge(kSettings, guarded);
  REQUIRE(patched.ok());
  CHECK(text(patched, {"data", "b"}) == "2");
  const auto stale = server.merge(kSettings, guarded);
  CHECK(is_conflict(stale.status()));
}

TEST_CASE("a patch that changes nothing keeps the resourceVersion") {
  TestServer server;
  const auto created = server.create(kCreateSettings);
  const auto patched = server.merge(kSettings, R"({"data":{"a":"1"}})");
  CHECK(text(patched, {"metadata", "resourceVersion"}) == text(created, {"metadata", "resourceVersion"}));
}

TEST_CASE("two unconditional patches at once both take effect") {
  TestServer server;
  REQUIRE(server.create(kCreateSettings).ok());
  const auto one = Json::parse(R"({"data":{"one":"1"}})");
  const auto two = Json::parse(R"({"data":{"two":"2"}})");
  const auto patch = [&](const Json& body) {
    return server.api().patch(kSettings, kube::PatchType::Merge, body, kube::WriteOptions());
  };
  auto place = std::make_shared<std::optional<Result<Json>>>();
  server.loop().start(store_result(patch(*one), place), [](std::exception_ptr) {});
  const auto second = server.await(patch(*two));
  server.settle();
  REQUIRE(place->has_value());
  CHECK((*place)->ok());
  CHECK(second.ok());
  const auto read = server.get(kSettings);
  CHECK(text(read, {"data", "one"}) == "1");
  CHECK(text(read, {"data", "two"}) == "2");
}

TEST_CASE("a dry run answers as if and stores nothing") {
  TestServer server;
  kube::WriteOptions options;
  options.dry_run = true;
  const auto body = Json::parse(kCreateSettings);
  const auto created = server.await(server.api().create(kSettings.collection(), *body, options));
  REQUIRE(created.ok());
  CHECK(text(created, {"metadata", "resourceVersion"}) == "");
  CHECK(is_not_found(server.get(kSettings).status()));
}

TEST_CASE("a delete with a precondition that does not hold deletes nothing") {
  TestServer server;
  REQUIRE(server.create(kCreateSettings).ok());
  kube::RemoveOptions options;
  options.uid = "99999999-9999-9999-9999-999999999999";
  CHECK(is_conflict(server.await(server.api().remove(kSettings, options)).status()));
  options.uid.clear();
  options.resource_version = "1";
  CHECK(is_conflict(server.await(server.api().remove(kSettings, options)).status()));
  CHECK(server.get(kSettings).ok());
}

TEST_CASE("a finalizer holds a deleted object until it is removed") {
  TestServer server;
  REQUIRE(server
              .create(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings",
                         "finalizers":["example.dev/hold"]}})")
              .ok());
  const auto marked = server.remove(kSettings);
  REQUIRE(marked.ok());
  CHECK(text(marked, {"metadata", "deletionTimestamp"}) == "2026-01-01T00:00:00Z");
  CHECK(is_invalid(
      server.merge(kSettings, R"({"metadata":{"finalizers":["example.dev/hold","example.dev/more"]}})")
          .status()));
  REQUIRE(server.merge(kSettings, R"({"metadata":{"finalizers":null}})").ok());
  CHECK(is_not_found(server.get(kSettings).status()));
}

TEST_CASE("a JSON patch applies, a strategic one only to kinds we know") {
  TestServer server;
  REQUIRE(server.create(kCreateSettings).ok());
  const auto patch = Json::parse(R"([{"op":"replace","path":"/data/a","value":"9"}])");
  const auto patched =
      server.await(server.api().patch(kSettings, kube::PatchType::Json, *patch, kube::WriteOptions()));
  CHECK(text(patched, {"data", "a"}) == "9");
  const auto strategic = Json::parse(R"({"data":{"b":"1"}})");
  const auto merged = server.await(
      server.api().patch(kSettings, kube::PatchType::Strategic, *strategic, kube::WriteOptions()));
  CHECK(text(merged, {"data", "b"}) == "1");
}

// What StateKeep relies on: sending back what was answered is no change, and neither is the manifest itself.
TEST_CASE("what was stored is stored again unchanged") {
  struct Row {
    const char* manifest;
    const char* because;
  };
  const Row rows[] = {
      {R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{
         "selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[
         {"name":"c","image":"i","ports":[{"containerPort":80}],"resources":{"limits":{"cpu":"1000m"}}}]}}}})",
       "defaults and quantities"},
      {R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"ports":[{"port":80}]}})",
       "an address and target ports"},
      {R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"a":"b"}})", "stringData"},
      {R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{"template":{"spec":{
         "restartPolicy":"Never","containers":[{"name":"c","image":"i:1"}]}}}})",
       "a generated selector"},
      {R"({"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"i"},"spec":{"rules":[
         {"host":"a.b","http":{"paths":[{"path":"/","pathType":"Prefix",
         "backend":{"service":{"name":"web","port":{"number":80}}}}]}}]}})",
       "nested lists"},
      {R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"p"},"spec":{
         "accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}})",
       "a record with status"},
      {R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}})",
       "a pod's many defaults"},
      {R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"r"},
         "roleRef":{"kind":"Role","name":"x"},"subjects":[{"kind":"User","name":"u"}]})",
       "subjects with defaults"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.because);
    TestServer server;
    const auto created = server.create(row.manifest);
    CAPTURE(created.status().message());
    REQUIRE(created.ok());
    const auto gvk = gvk_of(*created);
    const auto resource = server.server().registry().find_kind(gvk.group, gvk.kind);
    const auto ref = TestServer::ref(gvk.api_version(), resource->plural, "default",
                                     (*created)["metadata"]["name"].string());
    const auto again = server.await(server.api().update(ref, *created, kube::WriteOptions()));
    REQUIRE(again.ok());
    CHECK(*again == *created);
    const auto manifest = Json::parse(row.manifest);
    const auto merged =
        server.await(server.api().patch(ref, kube::PatchType::Merge, *manifest, kube::WriteOptions()));
    REQUIRE(merged.ok());
    CHECK(text(merged, {"metadata", "resourceVersion"}) == text(created, {"metadata", "resourceVersion"}));
  }
}

TEST_CASE("a lease keeps its microseconds, answers in UTC, and other times have whole seconds") {
  TestServer server;
  const auto lease =
      server.create(R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l"},
    "spec":{"renewTime":"2021-03-01T12:00:00.500001+02:00"}})");
  CHECK(text(lease, {"spec", "renewTime"}) == "2021-03-01T10:00:00.500001Z");
  const auto coarse =
      server.create(R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"m"},
    "spec":{"renewTime":"2021-03-01T12:00:00Z"}})");
  CHECK(coarse.status().code() == 400);
  const auto event = server.create(R"({"apiVersion":"v1","kind":"Event","metadata":{"name":"e"},
    "involvedObject":{"namespace":"default"},"lastTimestamp":"2021-03-01T12:00:00+02:00"})");
  CHECK(text(event, {"lastTimestamp"}) == "2021-03-01T10:00:00Z");
}

TEST_CASE("an object above the limit is refused with one clear Status") {
  TestServer server;
  const Json metadata =
      Json::object({{"name", "big"}, {"annotations", Json::object({{"a", std::string(200'000, 'x')}})}});
  const Json data = Json::object({{"blob", std::string(1'000'000, 'x')}});
  const Json body =
      Json::object({{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", metadata}, {"data", data}});
  CHECK(server.await(server.api().create(kSettings.collection(), body, kube::WriteOptions())).ok());
  const Json huge = Json::object({{"apiVersion", "v1"},
                                  {"kind", "Event"},
                                  {"metadata", Json::object({{"name", "big"}})},
                                  {"message", std::string(2'000'000, 'x')}});
  const auto events = TestServer::ref("v1", "events", "default", "").collection();
  const auto refused = server.await(server.api().create(events, huge, kube::WriteOptions()));
  CHECK(refused.status().code() == 413);
}

}  // namespace
}  // namespace heirloom::server
