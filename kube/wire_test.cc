#include "kube/wire.h"

#include <doctest/doctest.h>

namespace heirloom::kube::wire {
namespace {

Collection configmaps(std::string ns) { return {{"", "v1", "configmaps"}, std::move(ns)}; }
const ObjectRef kWeb{{"apps", "v1", "deployments"}, "team a", "web"};

TEST_CASE("targets") {
  CHECK(collection_path(configmaps("")) == "/api/v1/configmaps");
  CHECK(collection_path(configmaps("default")) == "/api/v1/namespaces/default/configmaps");
  CHECK(object_path({{"", "v1", "namespaces"}, "", "example"}, "") == "/api/v1/namespaces/example");
  CHECK(object_path(kWeb, "status") == "/apis/apps/v1/namespaces/team%20a/deployments/web/status");

  ListOptions list;
  list.label_selector = "a in (b,c)";
  list.resource_version = "0";
  CHECK(list_target(configmaps(""), list) ==
        "/api/v1/configmaps?labelSelector=a%20in%20%28b%2Cc%29&resourceVersion=0");
  list.limit = 500;
  list.label_selector.clear();
  CHECK(list_target(configmaps(""), list) ==
        "/api/v1/configmaps?resourceVersion=0&resourceVersionMatch=NotOlderThan&limit=500");

  WatchOptions watch;
  watch.resource_version = "5";
  watch.timeout = std::chrono::seconds(90);
  CHECK(watch_target(configmaps(""), watch) ==
        "/api/v1/configmaps?watch=true&resourceVersion=5&allowWatchBookmarks=true&timeoutSeconds=90");

  WriteOptions write;
  write.dry_run = true;
  CHECK(create_target(configmaps("x"), write, std::chrono::seconds(13)) ==
        "/api/v1/namespaces/x/configmaps?dryRun=All&fieldManager=heirloom&timeout=13000ms");
  write.dry_run = false;
  write.force = true;
  CHECK(write_target(kWeb, write, true, std::nullopt) ==
        "/apis/apps/v1/namespaces/team%20a/deployments/web?force=true&fieldManager=heirloom");
}

TEST_CASE("a delete always says how to propagate, and carries its preconditions") {
  RemoveOptions options;
  CHECK(remove_body(options) ==
        R"({"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background"})");
  options.propagation = Propagation::Orphan;
  options.uid = "u";
  options.resource_version = "7";
  options.dry_run = true;
  CHECK(remove_body(options) == R"({"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Orphan",)"
                                R"("preconditions":{"uid":"u","resourceVersion":"7"},"dryRun":["All"]})");
}

TEST_CASE("the server's time lies below ours") {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  CHECK(server_timeout(seconds(15)) == seconds(13));
  CHECK(server_timeout(seconds(3)) == milliseconds(1500));
  CHECK(server_timeout(seconds(-1)) == milliseconds(1));
}

TEST_CASE("errors are the server's Status, or what can be made of them") {
  struct Row {
    const char* because;
    int code;
    const char* body;
    const char* retry_after;
    bool creating;
    int want_code;
    const char* want_reason;
    const char* want_message;
    int want_retry;
  };
  const Row rows[] = {
      {"a Status", 404,
       R"({"kind":"Status","status":"Failure","code":404,"reason":"NotFound","message":"gone"})", "", false,
       404, "NotFound", "gone", 0},
      {"a Status with its own pause", 429,
       R"({"kind":"Status","code":429,"reason":"TooManyRequests","message":"m","details":{"retryAfterSeconds":3}})",
       "", false, 429, "TooManyRequests", "m", 3},
      {"the header's pause", 429, "slow down\n", "7", false, 429, "TooManyRequests",
       "the server answered HTTP 429: slow down", 7},
      {"a pause that is a date is ignored", 503, "x", "Wed, 21 Oct 2026 07:28:00 GMT", false, 503,
       "ServiceUnavailable", "the server answered HTTP 503: x", 0},
      {"a proxy's page", 502, "<html>bad gateway</html>", "", false, 502, "InternalError",
       "the server answered HTTP 502: <html>bad gateway</html>", 0},
      {"nothing at all", 403, "", "", false, 403, "Forbidden", "the server answered HTTP 403 without a body",
       0},
      {"a bare 409 to a POST", 409, "x", "", true, 409, "AlreadyExists", "the server answered HTTP 409: x",
       0},
      {"a bare 409 to a PUT", 409, "x", "", false, 409, "Conflict", "the server answered HTTP 409: x", 0},
      {"a redirect is no answer", 302, "", "", false, 500, "InternalError",
       "the server answered HTTP 302 without a body", 0},
      {"JSON that is no Status", 404, R"({"kind":"Pod"})", "", false, 404, "NotFound",
       R"(the server answered HTTP 404: {"kind":"Pod"})", 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    const Status status = decode_error(row.code, row.body, row.retry_after, row.creating);
    CHECK(status.code() == row.want_code);
    CHECK(status.reason() == row.want_reason);
    CHECK(status.message() == row.want_message);
    CHECK(status.details().retry_after_seconds == row.want_retry);
  }
}

TEST_CASE("a Status keeps its causes") {
  const Status status = decode_error(
      422,
      R"({"kind":"Status","code":422,"reason":"Invalid","message":"m","details":{"name":"n","group":"apps","kind":"Deployment",
          "uid":"u","causes":[{"reason":"FieldValueRequired","message":"Required value","field":"spec.selector"}]}})",
      "", false);
  CHECK(status.details().kind == "Deployment");
  CHECK(status.details().name == "n");
  REQUIRE(status.details().causes.size() == 1);
  CHECK(status.details().causes[0].field == "spec.selector");
  CHECK(status.has_cause(reasons::kFieldValueRequired));
}

TEST_CASE("lists give whole objects") {
  const Result<ListPage> page = decode_list(
      R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"9","continue":"c"},
          "items":[{"metadata":{"name":"a"}},{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"b"}}]})");
  REQUIRE(page.ok());
  CHECK(page->resource_version == "9");
  CHECK(page->continue_token == "c");
  REQUIRE(page->items.size() == 2);
  CHECK(write_json(page->items[0]) == R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}})");
  CHECK(write_json(page->items[1]) == R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"b"}})");
  const Result<ListPage> empty =
      decode_list(R"({"kind":"PodList","apiVersion":"v1","metadata":{},"items":null})");
  REQUIRE(empty.ok());
  CHECK(empty->items.empty());
  CHECK(!decode_list(R"({"kind":"Pod"})").ok());
  CHECK(!decode_list("<html>").ok());
}

TEST_CASE("watch events") {
  const Result<WatchEvent> added =
      decode_event(R"({"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a"}}})");
  REQUIRE(added.ok());
  CHECK(added->type == WatchEvent::Type::Added);
  CHECK(added->object["kind"].string() == "Pod");
  const Result<WatchEvent> gone = decode_event(
      R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}})");
  REQUIRE(!gone.ok());
  CHECK(is_expired(gone.status()));
  CHECK(!decode_event(R"({"type":"SOMETHING","object":{}})").ok());
  CHECK(!decode_event(R"({"type":"ADDED"})").ok());
  CHECK(!decode_event("{").ok());
}

TEST_CASE("lines are put together from any pieces, and bounded") {
  const std::string text = "one\n\ntwo\r\nthree\nrest";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    LineSplitter lines(100);
    std::vector<std::string> got;
    for (std::size_t at = 0; at < text.size(); at += size) {
      REQUIRE(lines.push(std::string_view(text).substr(at, size)).ok());
      while (std::optional<std::string> line = lines.next()) got.push_back(*line);
    }
    CHECK(got == std::vector<std::string>{"one", "two", "three"});
    CHECK(lines.has_partial());
  }
  LineSplitter small(5);
  CHECK(small.push("12345").ok());
  CHECK(!small.push("6").ok());
}

}  // namespace
}  // namespace heirloom::kube::wire
