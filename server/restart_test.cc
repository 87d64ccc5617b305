// The server over a store that outlives it: what a restart finds.
#include <doctest/doctest.h>

#include "base/store_result.h"
#include "base/testing/simulated_loop.h"
#include "server/local_api.h"
#include "server/resource_version.h"
#include "server/testing/test_server.h"

namespace heirloom::server {
namespace {

constexpr std::string_view kDefinition = R"({
  "apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.example.dev"},
  "spec":{"group":"example.dev","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},
    "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object",
      "x-kubernetes-preserve-unknown-fields":true}}}]}})";

TEST_CASE("a restarted server serves its definitions, keeps its namespaces and finishes what was begun") {
  TestServer first;
  REQUIRE(first.create(kDefinition).ok());
  first.settle();
  REQUIRE(first.create(R"({"apiVersion":"example.dev/v1","kind":"Widget","metadata":{"name":"w"}})").ok());
  REQUIRE(first.create(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"team"}})").ok());
  const auto uid = std::string(
      (*first.get(TestServer::ref("v1", "namespaces", "", "default")))["metadata"]["uid"].string());
  // The namespace is marked, and the server dies before its controllers hear of it.
  const auto marked = first.remove(TestServer::ref("v1", "namespaces", "", "team"));
  REQUIRE(marked.ok());
  first.crash();

  first.restart();
  CHECK(first.get(TestServer::ref("example.dev/v1", "widgets", "default", "w")).ok());
  const auto kept = first.get(TestServer::ref("v1", "namespaces", "", "default"));
  REQUIRE(kept.ok());
  CHECK((*kept)["metadata"]["uid"].string() == uid);
  first.settle();
  CHECK(is_not_found(first.get(TestServer::ref("v1", "namespaces", "", "team")).status()));
}

}  // namespace
}  // namespace heirloom::server
