#include "kube/http_api.h"

#include <deque>

#include <doctest/doctest.h>

#include "base/task_scope.h"
#include "base/testing/simulated_loop.h"
#include "net/http_server.h"
#include "net/memory_stream.h"

namespace heirloom::kube {
namespace {

using std::chrono::seconds;

// Answers what the test put in line and keeps the requests. A body that begins with "stream:" is sent in
// chunks, cut at each '|', and the response stays open until the client goes when it ends with "wait".
class Replies final : public net::HttpHandler {
 public:
  explicit Replies(Clock* clock) : clock_(clock) {}
  std::deque<net::HttpResponse> answers;
  std::vector<net::HttpRequest> requests;

  Task<void> handle(net::HttpRequest request, net::ResponseWriter* response) override {
    requests.push_back(std::move(request));
    if (answers.empty()) {
      co_await clock_->sleep_for(std::chrono::hours(24));
      co_return;
    }
    net::HttpResponse answer = std::move(answers.front());
    answers.pop_front();
    if (!answer.body.starts_with("stream:")) {
      const Status ignored = co_await response->send(std::move(answer));
      static_cast<void>(ignored);
      co_return;
    }
    net::Headers headers = std::move(answer.headers);
    std::string rest = answer.body.substr(7);
    Status sent = co_await response->begin(200, std::move(headers));
    while (sent.ok() && !rest.empty() && rest != "wait") {
      const std::size_t bar = rest.find('|');
      std::string piece = rest.substr(0, bar);
      rest = bar == std::string::npos ? std::string() : rest.substr(bar + 1);
      if (!piece.empty()) sent = co_await response->write(std::move(piece));
    }
    if (rest == "wait") co_await clock_->sleep_for(std::chrono::hours(24));
    sent = co_await response->finish();
  }

 private:
  Clock* clock_;
};

net::HttpResponse reply(int code, std::string body) {
  net::HttpResponse r;
  r.code = code;
  r.headers.set("Content-Type", "application/json");
  r.body = std::move(body);
  return r;
}

struct Fixture {
  explicit Fixture(ClientConfig config = ClientConfig(), net::MemoryStreamOptions streams = {})
      : network([streams] { return streams; }) {
    if (config.server.empty()) config.server = "http://test/prefix";
    HttpApiOptions options;
    options.read_file = [this](const std::string&) -> Result<std::string> { return token_file; };
    server.serve(network.listen(server_loop.executor()));
    Result<std::unique_ptr<HttpApi>> made =
        make_http_api(client_loop.executor(), &world.clock(), &metrics, std::move(config), std::move(options),
                      network.connector(client_loop.executor()));
    REQUIRE(made.ok());
    api = std::move(made).value();
  }
  ~Fixture() {
    client_loop.abandon();
    server_loop.abandon();
  }
  const net::HttpRequest& last() const { return replies.requests.back(); }
  double counted(const char* verb, const char* resource, const char* code) const {
    return metrics.counter_value("rest_client_requests_total",
                                 {{"verb", verb}, {"resource", resource}, {"code", code}});
  }

  SimulatedWorld world;
  SimulatedLoop server_loop{world, "server"};
  SimulatedLoop client_loop{world, "client"};
  Metrics metrics;
  std::string token_file = "first\n";
  net::MemoryNetwork network;
  Replies replies{&world.clock()};
  net::HttpServer server{server_loop.executor(), &world.clock(), &replies, net::HttpServerOptions()};
  std::unique_ptr<HttpApi> api;
};

Collection configmaps() { return {{"", "v1", "configmaps"}, "default"}; }
ObjectRef config_map(std::string name) { return {{"", "v1", "configmaps"}, "default", std::move(name)}; }

TEST_CASE("get: target, headers, answer, count") {
  ClientConfig config;
  config.token = "secret";
  config.server = "http://test/prefix";
  Fixture f(config);
  f.replies.answers = {reply(200, R"({"kind":"ConfigMap","metadata":{"name":"a"}})")};
  GetOptions options;
  options.impersonate.user = "jane";
  options.impersonate.groups = {"dev", "ops"};
  const Result<Json> got = await(f.client_loop, f.api->get(config_map("a"), options));
  REQUIRE(got.ok());
  CHECK((*got)["metadata"]["name"].string() == "a");
  CHECK(f.last().method == "GET");
  CHECK(f.last().target == "/prefix/api/v1/namespaces/default/configmaps/a");
  CHECK(f.last().headers.get("Authorization") == "Bearer secret");
  CHECK(f.last().headers.get("Accept") == "application/json");
  CHECK(f.last().headers.get("User-Agent").starts_with("heirloom/"));
  CHECK(f.last().headers.get("Impersonate-User") == "jane");
  CHECK(f.last().headers.all("Impersonate-Group") == std::vector<std::string>{"dev", "ops"});
  CHECK(f.counted("GET", "configmaps", "200") == 1);
}

TEST_CASE("writes: methods, content types, bodies, and a timeout below our own") {
  Fixture f;
  for (int i = 0; i < 4; ++i) f.replies.answers.push_back(reply(i == 0 ? 201 : 200, "{}"));
  const Json body = Json::object({{"kind", "ConfigMap"}});
  CHECK(await(f.client_loop, f.api->create(configmaps(), body, WriteOptions())).ok());
  CHECK(f.last().method == "POST");
  CHECK(f.last().target ==
        "/prefix/api/v1/namespaces/default/configmaps?fieldManager=heirloom&timeout=13000ms");
  CHECK(f.last().body == R"({"kind":"ConfigMap"})");
  CHECK(f.last().headers.get("Content-Type") == "application/json");

  WriteOptions short_time;
  short_time.deadline = f.world.clock().monotonic() + seconds(6);
  short_time.subresource = "status";
  CHECK(await(f.client_loop, f.api->patch(config_map("a"), PatchType::Merge, body, short_time)).ok());
  CHECK(f.last().method == "PATCH");
  CHECK(f.last().target ==
        "/prefix/api/v1/namespaces/default/configmaps/a/status?fieldManager=heirloom&timeout=4000ms");
  CHECK(f.last().headers.get("Content-Type") == "application/merge-patch+json");

  CHECK(await(f.client_loop, f.api->update(config_map("a"), body, WriteOptions())).ok());
  CHECK(f.last().method == "PUT");

  RemoveOptions remove;
  remove.uid = "u";
  remove.resource_version = "7";
  CHECK(await(f.client_loop, f.api->remove(config_map("a"), remove)).ok());
  CHECK(f.last().method == "DELETE");
  CHECK(f.last().body.find(R"("preconditions":{"uid":"u","resourceVersion":"7"})") != std::string::npos);
}

TEST_CASE("errors are the server's, with Retry-After") {
  Fixture f;
  f.replies.answers = {
      reply(404, R"({"kind":"Status","status":"Failure","reason":"NotFound","code":404,"message":"no a"})"),
      reply(429, "busy"), reply(200, "<html>")};
  f.replies.answers[1].headers.set("Retry-After", "7");
  const Result<Json> missing = await(f.client_loop, f.api->get(config_map("a"), GetOptions()));
  CHECK(is_not_found(missing.status()));
  CHECK(missing.status().message() == "no a");
  const Result<Json> busy = await(f.client_loop, f.api->get(config_map("a"), GetOptions()));
  CHECK(busy.status().code() == 429);
  CHECK(busy.status().details().retry_after_seconds == 7);
  const Result<Json> page = await(f.client_loop, f.api->get(config_map("a"), GetOptions()));
  CHECK(page.status().has_reason(reasons::kInternalError));
  CHECK(f.counted("GET", "configmaps", "404") == 1);
  CHECK(f.counted("GET", "configmaps", "429") == 1);
}

TEST_CASE("a server that does not answer is a Timeout at the deadline") {
  Fixture f;
  const MonotonicTime began = f.world.clock().monotonic();
  const Result<Json> got = await(f.client_loop, f.api->create(configmaps(), Json::object(), WriteOptions()));
  CHECK(got.status().has_reason(reasons::kTimeout));
  CHECK(is_outcome_unknown(got.status()));
  CHECK(f.world.clock().monotonic() - began == seconds(15));
  CHECK(f.counted("POST", "configmaps", "<error>") == 1);
}

TEST_CASE("no server is Unreachable") {
  SimulatedLoop loop;
  net::MemoryNetwork nobody_listens;
  ClientConfig config;
  config.server = "http://test";
  const Result<std::unique_ptr<HttpApi>> api =
      make_http_api(loop.executor(), &loop.clock(), nullptr, config, HttpApiOptions(),
                    nobody_listens.connector(loop.executor()));
  REQUIRE(api.ok());
  const Result<Json> got = await(loop, (*api)->get(config_map("a"), GetOptions()));
  CHECK(got.status().has_reason(reasons::kUnreachable));
  loop.abandon();
}

TEST_CASE("a list, and metadata only") {
  Fixture f;
  f.replies.answers = {reply(
      200,
      R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[{"metadata":{}}]})")};
  ListOptions options;
  options.metadata_only = true;
  options.limit = 10;
  options.resource_version = "0";
  const Result<ListPage> page = await(f.client_loop, f.api->list(configmaps(), options));
  REQUIRE(page.ok());
  CHECK(page->items.size() == 1);
  CHECK(page->resource_version == "9");
  CHECK(f.last().headers.get("Accept") == "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
  CHECK(f.counted("LIST", "configmaps", "200") == 1);
}

TEST_CASE("a watch: events from any pieces, a bookmark, the orderly end") {
  net::MemoryStreamOptions bytewise;
  bytewise.max_read = 1;
  Fixture f(ClientConfig(), bytewise);
  f.replies.answers = {
      reply(200,
            "stream:{\"type\":\"ADDED\",\"object\":{\"meta|data\":{\"name\":\"a\"}}}\n{\"type\":\"BOOK"
            "MARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"9\"}}}\n")};
  Result<std::unique_ptr<Watch>> opened = await(f.client_loop, f.api->watch(configmaps(), WatchOptions()));
  REQUIRE(opened.ok());
  Watch& watch = **opened;
  const auto first = await(f.client_loop, watch.next());
  REQUIRE(first.ok());
  REQUIRE(first->has_value());
  CHECK((**first).object["metadata"]["name"].string() == "a");
  const auto second = await(f.client_loop, watch.next());
  REQUIRE(second.ok());
  REQUIRE(second->has_value());
  CHECK((**second).type == WatchEvent::Type::Bookmark);
  const auto end = await(f.client_loop, watch.next());
  REQUIRE(end.ok());
  CHECK(!end->has_value());
  CHECK(f.last().target.find("allowWatchBookmarks=true") != std::string::npos);
}

TEST_CASE("a watch that is refused, one that expires, one that is cut inside an event") {
  Fixture f;
  f.replies.answers = {reply(403, R"({"kind":"Status","code":403,"reason":"Forbidden","message":"no"})"),
                       reply(200,
                             "stream:{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,"
                             "\"reason\":\"Expired\"}}\n|wait"),
                       reply(200, "stream:{\"type\":\"ADDED\"")};
  CHECK(is_forbidden(await(f.client_loop, f.api->watch(configmaps(), WatchOptions())).status()));
  Result<std::unique_ptr<Watch>> expires = await(f.client_loop, f.api->watch(configmaps(), WatchOptions()));
  REQUIRE(expires.ok());
  CHECK(is_expired(await(f.client_loop, (*expires)->next()).status()));
  Result<std::unique_ptr<Watch>> cut = await(f.client_loop, f.api->watch(configmaps(), WatchOptions()));
  REQUIRE(cut.ok());
  CHECK(await(f.client_loop, (*cut)->next()).status().has_reason(reasons::kUnreachable));
}

TEST_CASE("a connection that died silently under a watch is given up after the time the server promised") {
  Fixture f;
  f.replies.answers = {reply(200, "stream:|wait")};
  WatchOptions options;
  options.timeout = seconds(60);
  Result<std::unique_ptr<Watch>> opened = await(f.client_loop, f.api->watch(configmaps(), options));
  REQUIRE(opened.ok());
  const MonotonicTime began = f.world.clock().monotonic();
  CHECK(!await(f.client_loop, (*opened)->next()).ok());
  CHECK(f.world.clock().monotonic() - began <= seconds(80));
}

TEST_CASE("a connection cut at any byte is Unreachable or the whole answer, never half of one") {
  int whole = 0;
  for (std::size_t cut = 0; cut <= 400; cut += 3) {
    CAPTURE(cut);
    net::MemoryStreamOptions streams;
    streams.cut_server_to_client = cut;
    Fixture f(ClientConfig(), streams);
    f.replies.answers = {reply(201, R"({"kind":"ConfigMap","metadata":{"name":"a","resourceVersion":"7"}})")};
    const Result<Json> created =
        await(f.client_loop, f.api->create(configmaps(), Json::object(), WriteOptions()));
    if (created.ok()) {
      ++whole;
      CHECK((*created)["metadata"]["resourceVersion"].string() == "7");
    } else {
      CHECK(created.status().has_reason(reasons::kUnreachable));
    }
    CHECK(f.replies.requests.size() == 1);  // a write is never sent twice
  }
  CHECK(whole > 10);
  CHECK(whole < 130);
}

TEST_CASE("a watch cut at any byte gives whole events, then an error") {
  const std::string line = R"({"type":"ADDED","object":{"kind":"ConfigMap","metadata":{"name":"a"}}})";
  int events = 0;
  for (std::size_t cut = 100; cut <= 500; cut += 3) {
    CAPTURE(cut);
    net::MemoryStreamOptions streams;
    streams.cut_server_to_client = cut;
    Fixture f(ClientConfig(), streams);
    f.replies.answers = {reply(200, "stream:" + line + "\n|" + line + "\n|wait")};
    Result<std::unique_ptr<Watch>> watch = await(f.client_loop, f.api->watch(configmaps(), WatchOptions()));
    if (!watch.ok()) {
      CHECK(watch.status().has_reason(reasons::kUnreachable));
      continue;
    }
    while (true) {
      const Result<std::optional<WatchEvent>> event = await(f.client_loop, (*watch)->next());
      if (!event.ok()) break;
      REQUIRE(event->has_value());  // an orderly end would be a lie
      CHECK((**event).object["metadata"]["name"].string() == "a");
      ++events;
    }
  }
  CHECK(events > 20);
}

TEST_CASE(
    "a token file is read again every minute and after a 401, and a vanished one leaves the last token") {
  ClientConfig config;
  config.server = "http://test";
  config.token_file = "/token";
  Fixture f(config);
  for (const int code : {200, 200, 200, 401, 200}) f.replies.answers.push_back(reply(code, "{}"));
  auto authorization = [&f] {
    static_cast<void>(await(f.client_loop, f.api->get(config_map("a"), GetOptions())));
    return std::string(f.last().headers.get("Authorization"));
  };
  CHECK(authorization() == "Bearer first");
  f.token_file = "second";
  CHECK(authorization() == "Bearer first");
  f.world.run_for(seconds(61));
  CHECK(authorization() == "Bearer second");
  f.token_file = "third";
  CHECK(authorization() == "Bearer second");  // answered 401
  CHECK(authorization() == "Bearer third");
  f.token_file = "";
  f.world.run_for(seconds(61));
  f.replies.answers.push_back(reply(200, "{}"));
  CHECK(authorization() == "Bearer third");
}

TEST_CASE("raw gives any answer as it is") {
  Fixture f;
  f.replies.answers = {reply(404, "404 page not found")};
  RawRequest request;
  request.path = "/apis/none";
  const Result<RawResponse> answer = await(f.client_loop, f.api->raw(request));
  REQUIRE(answer.ok());
  CHECK(answer->code == 404);
  CHECK(answer->body == "404 page not found");
  CHECK(answer->content_type == "application/json");
}

TEST_CASE("a configuration that cannot be used says whose it is") {
  SimulatedLoop loop;
  struct Row {
    const char* because;
    const char* server;
    const char* ca;
  };
  const Row rows[] = {{"no URL", "https://", ""},
                      {"a CA that is no certificate", "https://host:1", "nonsense"}};
  for (const Row& row : rows) {
    CAPTURE(row.because);
    ClientConfig config;
    config.server = row.server;
    config.ca_pem = row.ca;
    config.description = "context \"x\"";
    const auto made = make_http_api(loop.executor(), &loop.clock(), nullptr, config);
    REQUIRE(!made.ok());
    CHECK(made.status().message().find("context \"x\"") != std::string::npos);
  }
}

}  // namespace
}  // namespace heirloom::kube
