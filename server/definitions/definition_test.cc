#include <doctest/doctest.h>

#include "server/testing/test_server.h"

namespace heirloom::server {
namespace {

constexpr std::string_view kDefinition = R"({
  "apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.example.dev"},
  "spec":{"group":"example.dev","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget","shortNames":["wd"]},
    "versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{}},
      "schema":{"openAPIV3Schema":{"type":"object","properties":{
        "spec":{"type":"object","required":["size"],"properties":{
          "size":{"type":"integer","minimum":1},"colour":{"type":"string","default":"red"}}},
        "status":{"type":"object","properties":{"phase":{"type":"string"}}}}}}}]}})";

const auto kWidget = TestServer::ref("example.dev/v1", "widgets", "default", "w");
const auto kDefinitionRef =
    TestServer::ref("apiextensions.k8s.io/v1", "customresourcedefinitions", "", "widgets.example.dev");

void establish(TestServer& server) {
  REQUIRE(server.create(kDefinition).ok());
  server.settle();
}

Result<Json> make_widget(TestServer& server, const std::string& spec, const std::string& more = {}) {
  return server.create(R"({"apiVersion":"example.dev/v1","kind":"Widget","metadata":{"name":"w"},"spec":)" +
                       spec + more + "}");
}

TEST_CASE("a definition is accepted, established and served") {
  TestServer server;
  establish(server);
  const auto definition = server.get(kDefinitionRef);
  REQUIRE(definition.ok());
  const auto conditions = (*definition)["status"]["conditions"];
  REQUIRE(conditions.size() == 2);
  CHECK(conditions.element(0)["type"].string() == "NamesAccepted");
  CHECK(conditions.element(1)["type"].string() == "Established");
  CHECK(conditions.element(1)["status"].string() == "True");
  CHECK((*definition)["spec"]["names"]["listKind"].string() == "WidgetList");
  CHECK((*definition)["status"]["storedVersions"].element(0).string() == "v1");
  CHECK(make_widget(server, R"({"size":1})").ok());
}

TEST_CASE("custom objects are defaulted, pruned and validated") {
  TestServer server;
  establish(server);
  const auto refused = make_widget(server, R"({"size":0})");
  CHECK(is_invalid(refused.status()));
  REQUIRE(refused.status().details().causes.size() == 1);
  CHECK(refused.status().details().causes[0].field == "spec.size");
  CHECK(is_invalid(make_widget(server, "{}").status()));
  const auto created = make_widget(server, R"({"size":2,"unknown":true})", R"(,"status":{"phase":"sent"})");
  REQUIRE(created.ok());
  CHECK((*created)["spec"]["colour"].string() == "red");
  CHECK(!(*created)["spec"].contains("unknown"));
  CHECK(!created->view().contains("status"));
  CHECK((*created)["metadata"]["generation"].int64() == 1);
}

TEST_CASE("status and spec are written apart, and only spec counts generations") {
  TestServer server;
  establish(server);
  REQUIRE(make_widget(server, R"({"size":1})").ok());
  kube::WriteOptions status;
  status.subresource = "status";
  const auto patch = Json::parse(R"({"spec":{"size":9},"status":{"phase":"Ready"}})");
  const auto told = server.await(server.api().patch(kWidget, kube::PatchType::Merge, *patch, status));
  REQUIRE(told.ok());
  CHECK((*told)["status"]["phase"].string() == "Ready");
  CHECK((*told)["spec"]["size"].int64() == 1);
  CHECK((*told)["metadata"]["generation"].int64() == 1);
  const auto changed = server.merge(kWidget, R"({"spec":{"size":2},"status":{"phase":"Lost"}})");
  REQUIRE(changed.ok());
  CHECK((*changed)["status"]["phase"].string() == "Ready");
  CHECK((*changed)["metadata"]["generation"].int64() == 2);
}

TEST_CASE("a deleted definition takes its objects with it and is served no more") {
  TestServer server;
  establish(server);
  REQUIRE(make_widget(server, R"({"size":1})").ok());
  REQUIRE(server.remove(kDefinitionRef).ok());
  server.settle();
  CHECK(is_not_found(server.get(kDefinitionRef).status()));
  CHECK(is_not_found(server.get(kWidget).status()));
  CHECK(server.server().registry().find("example.dev", "widgets") == nullptr);
  establish(server);
  CHECK(is_not_found(server.get(kWidget).status()));
}

TEST_CASE("names that are in use are not accepted until they are free") {
  TestServer server;
  establish(server);
  std::string other(kDefinition);
  const auto replace = [&](const std::string& from, const std::string& to) {
    for (auto at = other.find(from); at != std::string::npos; at = other.find(from, at + to.size())) {
      other.replace(at, from.size(), to);
    }
  };
  replace("\"widgets\"", "\"gadgets\"");
  replace("widgets.example.dev", "gadgets.example.dev");
  REQUIRE(server.create(other).ok());
  server.settle();
  const auto ref =
      TestServer::ref("apiextensions.k8s.io/v1", "customresourcedefinitions", "", "gadgets.example.dev");
  const auto refused = server.get(ref);
  REQUIRE(refused.ok());
  CHECK((*refused)["status"]["conditions"].element(0)["status"].string() == "False");
  REQUIRE(server.remove(kDefinitionRef).ok());
  server.settle();
  const auto accepted = server.get(ref);
  REQUIRE(accepted.ok());
  CHECK((*accepted)["status"]["conditions"].element(0)["status"].string() == "True");
}

TEST_CASE("definitions that cannot be served are refused") {
  struct Row {
    const char* from;
    const char* to;
    const char* field;
    const char* because;
  };
  const Row rows[] = {
      {R"("name":"widgets.example.dev")", R"("name":"other.example.dev")", "metadata.name",
       "the name is derived"},
      {R"("scope":"Namespaced")", R"("scope":"Sideways")", "spec.scope", "there are two scopes"},
      {R"("storage":true)", R"("storage":false)", "spec.versions", "one version is stored"},
      {R"("scope":"Namespaced")", R"("scope":"Namespaced","conversion":{"strategy":"Webhook"})",
       "spec.conversion.strategy", "webhooks are not called"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.because);
    TestServer server;
    std::string body(kDefinition);
    body.replace(body.find(row.from), std::string_view(row.from).size(), row.to);
    const auto refused = server.create(body);
    REQUIRE(is_invalid(refused.status()));
    bool named = false;
    for (const auto& cause : refused.status().details().causes) named = named || cause.field == row.field;
    CHECK(named);
  }
}

}  // namespace
}  // namespace heirloom::server
