#include <doctest/doctest.h>

#include "server/testing/test_server.h"

namespace heirloom::server {
namespace {

kube::ObjectRef config_map(std::string_view name, std::string_view ns = "default") {
  return TestServer::ref("v1", "configmaps", ns, name);
}
kube::ObjectRef name_space(std::string_view name) { return TestServer::ref("v1", "namespaces", "", name); }

// A ConfigMap with the given extra metadata (JSON members, after the name).
std::string make(TestServer& server, const std::string& name, const std::string& more = {},
                 const std::string& ns = "default") {
  const auto created =
      server.create(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name +
                    R"(","namespace":")" + ns + "\"" + (more.empty() ? "" : "," + more) + "}}");
  REQUIRE(created.ok());
  return std::string((*created)["metadata"]["uid"].string());
}

std::string owned_by(const std::string& name, const std::string& uid, const std::string& more = {}) {
  return R"({"apiVersion":"v1","kind":"ConfigMap","name":")" + name + R"(","uid":")" + uid + "\"" + more +
         "}";
}

TEST_CASE("dependents follow their owner in the background") {
  TestServer server;
  const auto uid = make(server, "owner");
  make(server, "child", R"("ownerReferences":[)" + owned_by("owner", uid) + "]");
  REQUIRE(server.remove(config_map("owner")).ok());
  server.settle();
  CHECK(is_not_found(server.get(config_map("child")).status()));
}

TEST_CASE("orphaned dependents stay without the reference") {
  TestServer server;
  const auto uid = make(server, "owner");
  make(server, "child", R"("ownerReferences":[)" + owned_by("owner", uid) + "]");
  REQUIRE(server.remove(config_map("owner"), kube::Propagation::Orphan).ok());
  server.settle();
  CHECK(is_not_found(server.get(config_map("owner")).status()));
  const auto child = server.get(config_map("child"));
  REQUIRE(child.ok());
  CHECK((*child)["metadata"]["ownerReferences"].empty());
}

TEST_CASE("in the foreground the owner waits for blocking dependents") {
  TestServer server;
  const auto uid = make(server, "owner");
  make(server, "child",
       R"("finalizers":["example.dev/hold"],"ownerReferences":[)" +
           owned_by("owner", uid, R"(,"blockOwnerDeletion":true)") + "]");
  REQUIRE(server.remove(config_map("owner"), kube::Propagation::Foreground).ok());
  server.settle();
  CHECK(server.get(config_map("owner")).ok());
  const auto child = server.get(config_map("child"));
  REQUIRE(child.ok());
  CHECK((*child)["metadata"]["deletionTimestamp"].is_string());
  REQUIRE(server.merge(config_map("child"), R"({"metadata":{"finalizers":null}})").ok());
  server.settle();
  CHECK(is_not_found(server.get(config_map("owner")).status()));
}

TEST_CASE("a dependent with two owners goes with the last of them") {
  TestServer server;
  const auto one = make(server, "one");
  const auto two = make(server, "two");
  make(server, "child", R"("ownerReferences":[)" + owned_by("one", one) + "," + owned_by("two", two) + "]");
  REQUIRE(server.remove(config_map("one")).ok());
  server.settle();
  const auto child = server.get(config_map("child"));
  REQUIRE(child.ok());
  CHECK((*child)["metadata"]["ownerReferences"].size() == 1);
  REQUIRE(server.remove(config_map("two")).ok());
  server.settle();
  CHECK(is_not_found(server.get(config_map("child")).status()));
}

TEST_CASE("a dependent of an owner that never was is collected, one of an unknown kind is not") {
  TestServer server;
  make(server, "stray",
       R"("ownerReferences":[)" + owned_by("never", "12345678-1234-1234-1234-123456789012") + "]");
  make(server, "kept",
       R"("ownerReferences":[{"apiVersion":"example.dev/v1","kind":"Nothing","name":"x","uid":"1"}])");
  server.settle();
  CHECK(is_not_found(server.get(config_map("stray")).status()));
  CHECK(server.get(config_map("kept")).ok());
}

TEST_CASE("a dependent of an owner of an unknown kind is looked at again once the kind is served") {
  TestServer server;
  make(server, "stray", R"("ownerReferences":[{"apiVersion":"example.dev/v1","kind":"Nothing","name":"x","uid":"1"}])");
  server.settle();
  REQUIRE(server.get(config_map("stray")).ok());
  const auto defined = server.create(
      R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",)"
      R"("metadata":{"name":"nothings.example.dev"},"spec":{"group":"example.dev","scope":"Namespaced",)"
      R"("names":{"kind":"Nothing","plural":"nothings"},"versions":[{"name":"v1","served":true,"storage":true,)"
      R"("schema":{"openAPIV3Schema":{"type":"object"}}}]}})");
  REQUIRE(defined.ok());
  server.settle();
  CHECK(is_not_found(server.get(config_map("stray")).status()));
}

TEST_CASE("a deleted namespace takes its content with it and frees the name") {
  TestServer server;
  REQUIRE(server.create(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"team"}})").ok());
  make(server, "a", "", "team");
  const auto deleted = server.remove(name_space("team"));
  REQUIRE(deleted.ok());
  CHECK((*deleted)["status"]["phase"].string() == "Terminating");
  server.settle();
  CHECK(is_not_found(server.get(name_space("team")).status()));
  CHECK(is_not_found(server.get(config_map("a", "team")).status()));
  CHECK(server.create(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"team"}})").ok());
}

TEST_CASE("while content is held the namespace stays Terminating and refuses new content") {
  TestServer server;
  REQUIRE(server.create(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"team"}})").ok());
  make(server, "held", R"("finalizers":["example.dev/hold"])", "team");
  REQUIRE(server.remove(name_space("team")).ok());
  server.settle();
  const auto refused = server.create(
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"late","namespace":"team"}})");
  CHECK(is_namespace_terminating(refused.status()));
  const auto waiting = server.get(name_space("team"));
  REQUIRE(waiting.ok());
  CHECK((*waiting)["status"]["conditions"].size() == 5);
  REQUIRE(server.merge(config_map("held", "team"), R"({"metadata":{"finalizers":null}})").ok());
  server.settle();
  CHECK(is_not_found(server.get(name_space("team")).status()));
}

TEST_CASE("events go an hour after they last happened") {
  TestServer server;
  const auto event = TestServer::ref("v1", "events", "default", "e");
  REQUIRE(server
              .create(R"({"apiVersion":"v1","kind":"Event","metadata":{"name":"e"},
                         "involvedObject":{"kind":"ConfigMap","name":"x","namespace":"default"},"reason":"Seen"})")
              .ok());
  server.advance(std::chrono::minutes(50));
  CHECK(server.get(event).ok());
  server.advance(std::chrono::minutes(20));
  CHECK(is_not_found(server.get(event).status()));
}

TEST_CASE("system namespaces exist and cannot be deleted") {
  TestServer server;
  for (const auto* name : {"default", "kube-system", "kube-public"}) {
    CAPTURE(name);
    CHECK(is_forbidden(server.remove(name_space(name)).status()));
  }
}

// Creates race with the namespace's end under many orders of events: none may be left behind.
TEST_CASE("nothing survives in a namespace that is gone, whatever the order of events") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    TestServer server(seed);
    REQUIRE(server.create(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"team"}})").ok());
    for (int i = 0; i < 5; ++i) {
      const auto body =
          Json::parse(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"x-"}})");
      auto place = std::make_shared<std::optional<Result<Json>>>();
      auto task = server.api().create(config_map("", "team").collection(), *body, kube::WriteOptions());
      server.loop().start(store_result(std::move(task), place), [](std::exception_ptr) {});
      if (i == 2) {
        auto removal = std::make_shared<std::optional<Result<Json>>>();
        auto remove = server.api().remove(name_space("team"), kube::RemoveOptions());
        server.loop().start(store_result(std::move(remove), removal), [](std::exception_ptr) {});
      }
    }
    server.settle();
    CHECK(is_not_found(server.get(name_space("team")).status()));
    const auto left = server.store().list("/core/configmaps/team/", StoreListOptions());
    REQUIRE(left.ok());
    CHECK(left->items.empty());
  }
}

}  // namespace
}  // namespace heirloom::server
