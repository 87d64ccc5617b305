// The server over a store that outlives it: what a restart finds.
#include <doctest/doctest.h>

#include "server/testing/test_server.h"

namespace heirloom::server {
namespace {

constexpr std::string_view kDefinition = R"({
  "apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.example.dev"},
  "spec":{"group":"example.dev","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},
    "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object",
      "x-kubernetes-preserve-unknown-fields":true}}}]}})";

TEST_CASE("a restarted server serves its definitions, keeps its namespaces and finishes what was begun") {
  TestServer server(1, TestServer::Storage::Disk);
  REQUIRE(server.create(kDefinition).ok());
  server.settle();
  REQUIRE(server.create(R"({"apiVersion":"example.dev/v1","kind":"Widget","metadata":{"name":"w"}})").ok());
  REQUIRE(server.create(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"team"}})").ok());
  const auto uid = std::string(
      (*server.get(TestServer::ref("v1", "namespaces", "", "default")))["metadata"]["uid"].string());
  // The namespace is marked, and the server dies before its controllers hear of it.
  const auto marked = server.remove(TestServer::ref("v1", "namespaces", "", "team"));
  REQUIRE(marked.ok());
  server.crash();

  server.restart();
  CHECK(server.get(TestServer::ref("example.dev/v1", "widgets", "default", "w")).ok());
  const auto kept = server.get(TestServer::ref("v1", "namespaces", "", "default"));
  REQUIRE(kept.ok());
  CHECK((*kept)["metadata"]["uid"].string() == uid);
  server.settle();
  CHECK(is_not_found(server.get(TestServer::ref("v1", "namespaces", "", "team")).status()));
}

}  // namespace
}  // namespace heirloom::server
