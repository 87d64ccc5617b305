#include <doctest/doctest.h>

#include "server/testing/test_server.h"

namespace heirloom::server {
namespace {

const auto kCollection = TestServer::ref("v1", "configmaps", "default", "").collection();

void create(TestServer& server, const std::string& name) {
  const auto body = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name +
                    R"(","labels":{"n":")" + name + R"("}}})";
  REQUIRE(server.create(body).ok());
}

std::string names(const kube::ListPage& page) {
  std::string out;
  for (const auto& item : page.items) out += std::string(item["metadata"]["name"].string()) + " ";
  return out;
}

TEST_CASE("pages fit together although objects come and go between them") {
  TestServer server;
  for (const auto* name : {"a", "b", "c", "d", "e"}) create(server, name);
  kube::ListOptions options;
  options.limit = 2;
  const auto first = server.await(server.api().list(kCollection, options));
  REQUIRE(first.ok());
  CHECK(names(*first) == "a b ");
  REQUIRE(server.remove(TestServer::ref("v1", "configmaps", "default", "c")).ok());
  create(server, "ab");
  options.continue_token = first->continue_token;
  const auto second = server.await(server.api().list(kCollection, options));
  REQUIRE(second.ok());
  CHECK(names(*second) == "c d ");
  CHECK(second->resource_version == first->resource_version);
  options.continue_token = second->continue_token;
  const auto third = server.await(server.api().list(kCollection, options));
  REQUIRE(third.ok());
  CHECK(names(*third) == "e ");
  CHECK(third->continue_token == "");
}

TEST_CASE("a page with a selector is full although the selector hides objects") {
  TestServer server;
  for (const auto* name : {"a", "b", "c", "d", "e"}) create(server, name);
  kube::ListOptions options;
  options.limit = 2;
  options.label_selector = "n notin (a,c)";
  const auto first = server.await(server.api().list(kCollection, options));
  REQUIRE(first.ok());
  CHECK(names(*first) == "b d ");
  options.continue_token = first->continue_token;
  const auto second = server.await(server.api().list(kCollection, options));
  REQUIRE(second.ok());
  CHECK(names(*second) == "e ");
}

TEST_CASE("a continue token whose state was compacted is 410, a broken one 400") {
  TestServer server;
  for (const auto* name : {"a", "b", "c"}) create(server, name);
  kube::ListOptions options;
  options.limit = 1;
  const auto first = server.await(server.api().list(kCollection, options));
  REQUIRE(first.ok());
  create(server, "d");
  server.store().compact(server.store().revision());
  options.continue_token = first->continue_token;
  CHECK(is_expired(server.await(server.api().list(kCollection, options)).status()));
  options.continue_token = "no token";
  CHECK(server.await(server.api().list(kCollection, options)).status().code() == 400);
}

TEST_CASE("selectors and revisions that make no sense are refused") {
  struct Row {
    const char* labels;
    const char* fields;
    const char* revision;
    int code;
    const char* because;
  };
  const Row rows[] = {
      {"a in (b", "", "", 400, "the label selector does not parse"},
      {"", "data.a=1", "", 400, "the field cannot be selected"},
      {"", "", "latest", 400, "the resourceVersion is no number"},
      {"", "", "999999", 504, "the resourceVersion lies in the future"},
  };
  TestServer server;
  for (const auto& row : rows) {
    CAPTURE(row.because);
    kube::ListOptions options;
    options.label_selector = row.labels;
    options.field_selector = row.fields;
    options.resource_version = row.revision;
    const auto list = server.await(server.api().list(kCollection, options));
    CHECK(list.status().code() == row.code);
  }
}

TEST_CASE("metadata alone has no data") {
  TestServer server;
  create(server, "a");
  kube::ListOptions options;
  options.metadata_only = true;
  const auto list = server.await(server.api().list(kCollection, options));
  REQUIRE(list.ok());
  REQUIRE(list->items.size() == 1);
  CHECK(list->items[0]["kind"].string() == "PartialObjectMetadata");
  CHECK(list->items[0]["metadata"]["name"].string() == "a");
}

}  // namespace
}  // namespace heirloom::server
