#include <doctest/doctest.h>

#include "server/testing/test_server.h"

namespace heirloom::server {
namespace {

constexpr std::string_view kRole = R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role",
  "metadata":{"name":"editor"},"rules":[
    {"apiGroups":[""],"resources":["configmaps"],"verbs":["get","create"]},
    {"apiGroups":[""],"resources":["secrets"],"resourceNames":["hers"],"verbs":["get"]}]})";
constexpr std::string_view kBinding = R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding",
  "metadata":{"name":"deployer"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"editor"},
  "subjects":[{"kind":"ServiceAccount","name":"deployer","namespace":"default"}]})";

kube::Impersonation deployer() {
  kube::Impersonation who;
  who.user = "system:serviceaccount:default:deployer";
  return who;
}

int get_code(TestServer& server, std::string_view resource, std::string_view ns, std::string_view name) {
  kube::GetOptions options;
  options.impersonate = deployer();
  const auto got = server.await(server.api().get(TestServer::ref("v1", resource, ns, name), options));
  return got.ok() ? 200 : got.status().code();
}

TEST_CASE("an impersonated service account may do what roles bound to it allow, and nothing else") {
  TestServer server;
  CHECK(get_code(server, "configmaps", "default", "x") == 403);
  REQUIRE(server.create(kRole).ok());
  REQUIRE(server.create(kBinding).ok());
  struct Row {
    const char* resource;
    const char* ns;
    const char* name;
    int code;
    const char* because;
  };
  const Row rows[] = {
      {"configmaps", "default", "x", 404, "allowed, so it is looked for"},
      {"configmaps", "kube-system", "x", 403, "the binding holds in its namespace"},
      {"services", "default", "x", 403, "the role does not name services"},
      {"secrets", "default", "hers", 404, "the one secret it names"},
      {"secrets", "default", "other", 403, "no other secret"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.because);
    CHECK(get_code(server, row.resource, row.ns, row.name) == row.code);
  }
  kube::WriteOptions write;
  write.impersonate = deployer();
  const auto body = Json::parse(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"made"}})");
  const auto collection = TestServer::ref("v1", "configmaps", "default", "").collection();
  CHECK(server.await(server.api().create(collection, *body, write)).ok());
  const auto refused = server.await(server.api().patch(TestServer::ref("v1", "configmaps", "default", "made"),
                                                       kube::PatchType::Merge, *body, write));
  CHECK(is_forbidden(refused.status()));
}

TEST_CASE("what a field selector limits to one name is asked for by that name") {
  TestServer server;
  REQUIRE(server.create(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"editor"},
    "rules":[{"apiGroups":[""],"resources":["secrets"],"resourceNames":["hers"],"verbs":["list"]}]})").ok());
  REQUIRE(server.create(kBinding).ok());
  struct Row {
    const char* selector;
    bool allowed;
  };
  const Row rows[] = {
      {"metadata.name=hers", true},         {"metadata.name==hers", true}, {"metadata.name=other", false},
      {"metadata.name!=hers", false},       {"", false},                   {"metadata.namespace=hers", false},
      {"type=Opaque,metadata.name=hers", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.selector);
    kube::ListOptions options;
    options.impersonate = deployer();
    options.field_selector = row.selector;
    const auto listed = server.await(
        server.api().list(TestServer::ref("v1", "secrets", "default", "").collection(), options));
    CHECK(is_forbidden(listed.ok() ? Status() : listed.status()) == !row.allowed);
  }
}

}  // namespace
}  // namespace heirloom::server
