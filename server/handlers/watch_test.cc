#include <doctest/doctest.h>

#include <vector>

#include "server/testing/test_server.h"

namespace heirloom::server {
namespace {

const auto kCollection = TestServer::ref("v1", "configmaps", "default", "").collection();

// A watch read to the end of what is there: "ADDED a", "MODIFIED a", ...
class Reader {
 public:
  Reader(TestServer& server, kube::WatchOptions options) : server_(server) {
    auto opened = server.await(server.api().watch(kCollection, std::move(options)));
    REQUIRE(opened.ok());
    watch_ = std::move(opened).value();
  }

  std::string next() {
    const auto event = server_.await(watch_->next());
    if (!event.ok()) return "error " + std::to_string(event.status().code());
    if (!event->has_value()) return "end";
    const auto& [type, object] = **event;
    const char* names[] = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK"};
    std::string out = names[static_cast<int>(type)];
    if (type != kube::WatchEvent::Type::Bookmark)
      out += " " + std::string(object["metadata"]["name"].string());
    last = object;
    return out;
  }

  Json last;

 private:
  TestServer& server_;
  std::unique_ptr<kube::Watch> watch_;
};

void create(TestServer& server, const std::string& name, const std::string& colour) {
  const auto body = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name +
                    R"(","labels":{"colour":")" + colour + R"("}}})";
  REQUIRE(server.create(body).ok());
}

void repaint(TestServer& server, const std::string& name, const std::string& colour) {
  const auto patch = R"({"metadata":{"labels":{"colour":")" + colour + R"("}}})";
  REQUIRE(server.merge(TestServer::ref("v1", "configmaps", "default", name), patch).ok());
}

std::string now(TestServer& server) { return std::to_string(server.store().revision()); }

TEST_CASE("without a resourceVersion the present objects come first") {
  TestServer server;
  create(server, "a", "red");
  Reader reader(server, kube::WatchOptions());
  CHECK(reader.next() == "ADDED a");
  create(server, "b", "red");
  CHECK(reader.next() == "ADDED b");
}

TEST_CASE("from a resourceVersion only what came after arrives, in order") {
  TestServer server;
  create(server, "a", "red");
  kube::WatchOptions options;
  options.resource_version = now(server);
  repaint(server, "a", "blue");
  create(server, "b", "red");
  REQUIRE(server.remove(TestServer::ref("v1", "configmaps", "default", "a")).ok());
  Reader reader(server, options);
  CHECK(reader.next() == "MODIFIED a");
  CHECK(reader.next() == "ADDED b");
  CHECK(reader.next() == "DELETED a");
}

TEST_CASE("an object that leaves the selection arrives as DELETED with its last selected state") {
  TestServer server;
  kube::WatchOptions options;
  options.resource_version = now(server);
  options.label_selector = "colour=red";
  create(server, "a", "red");
  repaint(server, "a", "blue");
  const auto left_at = now(server);
  repaint(server, "a", "red");
  Reader reader(server, options);
  CHECK(reader.next() == "ADDED a");
  CHECK(reader.next() == "DELETED a");
  CHECK(reader.last["metadata"]["labels"]["colour"].string() == "red");
  CHECK(reader.last["metadata"]["resourceVersion"].string() == left_at);
  CHECK(reader.next() == "ADDED a");
}

TEST_CASE("a compacted resourceVersion is 410") {
  TestServer server;
  const auto old = now(server);
  create(server, "a", "red");
  create(server, "b", "red");
  server.store().compact(server.store().revision());
  kube::WatchOptions options;
  options.resource_version = old;
  const auto opened = server.await(server.api().watch(kCollection, options));
  CHECK(is_expired(opened.status()));
}

TEST_CASE("a watch ends in good order at its timeout, after a bookmark when something had happened") {
  TestServer server;
  kube::WatchOptions options;
  options.resource_version = now(server);
  options.label_selector = "colour=none";
  options.timeout = std::chrono::seconds(6);
  Reader reader(server, options);
  create(server, "a", "red");
  CHECK(reader.next() == "BOOKMARK");
  CHECK(reader.last["metadata"]["resourceVersion"].string() == now(server));
  CHECK(reader.next() == "end");
}

TEST_CASE("a bookmark that would say nothing new is not sent") {
  TestServer server;
  kube::WatchOptions options;
  options.resource_version = now(server);
  options.timeout = std::chrono::seconds(6);
  Reader reader(server, options);
  CHECK(reader.next() == "end");
}

TEST_CASE("a name selects one object") {
  TestServer server;
  kube::WatchOptions options;
  options.resource_version = now(server);
  options.field_selector = "metadata.name=b";
  create(server, "a", "red");
  create(server, "b", "red");
  Reader reader(server, options);
  CHECK(reader.next() == "ADDED b");
}

}  // namespace
}  // namespace heirloom::server
