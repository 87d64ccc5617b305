// The client against a scripted server, byte by byte, and against our own server.
#include "net/http_client.h"

#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/cancellation.h"
#include "base/task_scope.h"
#include "base/testing/simulated_loop.h"
#include "net/gzip.h"
#include "net/http_server.h"
#include "net/memory_stream.h"

namespace heirloom::net {
namespace {

using std::chrono::seconds;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

HttpClientOptions client_options() {
  HttpClientOptions options;
  options.host = "kube:6443";
  return options;
}

// Plays one connection after the other: waits for a request's blank line (and `body` bytes), then answers
// with text and perhaps closes.
struct Exchanged {
  std::string answer;
  bool close = false;
  bool close_first = false;  // as soon as the request comes, without an answer
  std::size_t body = 0;
};

struct Script {
  std::vector<std::vector<Exchanged>> connections;
  std::vector<std::string> requests;
  std::size_t accepted = 0;
};

Task<void> play(Script* script, std::unique_ptr<ByteStream> stream, std::size_t index) {
  for (std::size_t i = 0; i < script->connections[index].size(); ++i) {
    const Exchanged exchanged = script->connections[index][i];
    std::string request;
    while (true) {
      const std::size_t blank = request.find("\r\n\r\n");
      if (blank != std::string::npos && request.size() >= blank + 4 + exchanged.body) break;
      const Result<std::string> bytes = co_await stream->read_some(10'000);
      if (!bytes.ok() || bytes->empty()) co_return;
      request += *bytes;
    }
    script->requests.push_back(request);
    if (exchanged.close_first) co_return;
    std::string answer = exchanged.answer;
    const Status written = co_await stream->write(std::move(answer));
    if (!written.ok() || exchanged.close) co_return;
  }
  // Open, without a word, until the client closes.
  while (true) {
    const Result<std::string> bytes = co_await stream->read_some(10'000);
    if (!bytes.ok() || bytes->empty()) co_return;
  }
}

Task<void> play_all(Script* script, std::shared_ptr<Listener> listener, TaskScope* scope) {
  while (true) {
    Result<std::unique_ptr<ByteStream>> stream = co_await listener->accept();
    if (!stream.ok() || script->accepted >= script->connections.size()) co_return;
    scope->spawn("script", play(script, std::move(*stream), script->accepted++));
  }
}

struct ClientFixture {
  explicit ClientFixture(Script s, MemoryStreamOptions stream_options = {},
                         HttpClientOptions options = client_options(), std::uint64_t seed = 1)
      : loop(seed),
        script(std::move(s)),
        network([stream_options] { return stream_options; }),
        listener(network.listen(loop.executor())),
        scope(loop.executor()),
        client(loop.executor(), &loop.clock(), network.connector(loop.executor()), std::move(options)) {
    scope.spawn("script", play_all(&script, listener, &scope));
  }
  ~ClientFixture() {
    await(loop, client.stop());
    await(loop, scope.stop());
  }

  MonotonicTime in(Duration duration) { return loop.clock().monotonic() + duration; }
  Result<HttpResponse> send(HttpRequest request, Duration within = seconds(10)) {
    return await(loop, client.send(std::move(request), in(within)));
  }
  Result<HttpResponse> get(std::string target = "/x") {
    HttpRequest request;
    request.target = std::move(target);
    return send(std::move(request));
  }

  SimulatedLoop loop;
  Script script;
  MemoryNetwork network;
  std::shared_ptr<Listener> listener;
  TaskScope scope;
  HttpClient client;
};

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Script one(std::string answer, bool close = false) {
  Script script;
  script.connections.push_back({Exchanged{std::move(answer), close}});
  return script;
}

TEST_CASE("a request that comes to a connection too late is not sent, and the next one is") {
  ClientFixture f(one(kOk));
  HttpRequest late;
  late.method = "POST";
  late.target = "/x";
  const MonotonicTime now = f.loop.clock().monotonic();
  const Result<HttpResponse> refused = await(f.loop, f.client.send(late, now + seconds(10), now - seconds(1)));
  REQUIRE(!refused.ok());
  CHECK(refused.status().has_reason(reasons::kUnreachable));
  CHECK(f.script.requests.empty());
  CHECK(f.client.idle_connections() == 1);
  CHECK(f.get().ok());
  CHECK(f.client.connections_opened() == 1);
}

TEST_CASE("a request carries what it must and connections are reused") {
  Script script;
  script.connections.push_back({Exchanged{kOk}, Exchanged{kOk, false, false, 5}});
  HttpClientOptions options = client_options();
  options.path_prefix = "/cluster1";
  ClientFixture f(script, {}, options);
  const Result<HttpResponse> first = f.get("/api?limit=1");
  REQUIRE(first.ok());
  CHECK(first->code == 200);
  CHECK(first->body == "ok");
  CHECK(first->headers.get("content-length") == "2");
  CHECK(f.client.idle_connections() == 1);
  HttpRequest post;
  post.method = "POST";
  post.target = "/api";
  post.headers.add("Content-Type", "application/json");
  post.body = "hello";
  const Result<HttpResponse> second = f.send(post);
  REQUIRE(second.ok());
  CHECK(f.client.connections_opened() == 1);
  REQUIRE(f.script.requests.size() == 2);
  CHECK(f.script.requests[0].substr(0, 37) == "GET /cluster1/api?limit=1 HTTP/1.1\r\nU");
  CHECK(contains(f.script.requests[0], "Host: kube:6443\r\n"));
  CHECK(contains(f.script.requests[0], "User-Agent: heirloom/"));
  CHECK_FALSE(contains(f.script.requests[0], "Content-Length"));
  CHECK(contains(f.script.requests[1], "Content-Type: application/json\r\n"));
  CHECK(contains(f.script.requests[1], "Content-Length: 5\r\n\r\nhello"));
}

TEST_CASE("responses are understood in every framing, however the bytes are cut") {
  struct Row {
    std::string because;
    std::string answer;
    bool close;
    std::string body;
    std::size_t kept;
  };
  const Row rows[] = {
      {"a length", kOk, false, "ok", 1},
      {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n",
       false, "Wikipedia", 1},
      {"chunks with a trailer",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n", false, "a", 1},
      {"until the end of the stream", "HTTP/1.1 200 OK\r\n\r\nall of it", true, "all of it", 0},
      {"no body", "HTTP/1.1 204 No Content\r\n\r\n", false, "", 1},
      {"an interim response",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + kOk, false, "ok", 1},
      {"told to close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", true, "ok", 0},
  };
  for (const Row& row : rows) {
    for (const std::size_t max_read : {1, 3, 0}) {
      CAPTURE(row.because);
      CAPTURE(max_read);
      MemoryStreamOptions options;
      options.max_read = max_read;
      ClientFixture f(one(row.answer, row.close), options);
      const Result<HttpResponse> response = f.get();
      REQUIRE_MESSAGE(response.ok(), fmt::format("{}", response.status()));
      CHECK(response->body == row.body);
      CHECK(f.client.idle_connections() == row.kept);
    }
  }
}

TEST_CASE("a response cut at any byte is Unreachable, never a short body") {
  const std::string answer =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n";
  for (std::size_t cut = 1; cut < answer.size(); ++cut) {
    for (const bool orderly : {true, false}) {
      CAPTURE(cut);
      CAPTURE(orderly);
      MemoryStreamOptions options;
      if (!orderly) options.cut_server_to_client = cut;
      ClientFixture f(one(answer.substr(0, cut), true), options);
      const Result<HttpResponse> response = f.get();
      CHECK(response.status().has_reason(reasons::kUnreachable));
      CHECK(f.client.idle_connections() == 0);
    }
  }
}

TEST_CASE("what is not a good answer is said with the request's name") {
  struct Row {
    std::string because;
    std::string answer;
    std::string reason;
  };
  const Row rows[] = {
      {"garbage", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "Unreachable"},
      {"a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n", "Unreachable"},
      {"an endless header", "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'a'), "Unreachable"},
      {"a body over the limit", "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + std::string(2000, 'x'),
       "RequestEntityTooLarge"},
      {"a length that nobody could hold", "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nab",
       "Timeout"},
      {"not gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok", "Unreachable"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    HttpClientOptions options = client_options();
    options.max_body_bytes = 1000;
    ClientFixture f(one(row.answer), {}, options);
    const Result<HttpResponse> response = f.get();
    CHECK(response.status().reason() == row.reason);
    CHECK(contains(response.status().message(), "GET kube:6443/x"));
    CHECK(f.client.idle_connections() == 0);
  }
}

TEST_CASE("a server that says nothing, or goes silent, is a Timeout at the deadline") {
  for (const std::string& answer :
       {std::string(), std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")}) {
    ClientFixture f(one(answer));
    const MonotonicTime before = f.loop.clock().monotonic();
    const Result<HttpResponse> response = f.get();
    CHECK(response.status().has_reason(reasons::kTimeout));
    CHECK(f.loop.clock().monotonic() == before + seconds(10));
  }
}

TEST_CASE("a refused connection is Unreachable") {
  ClientFixture f(Script{});
  f.listener->close();
  const Result<HttpResponse> response = f.get();
  CHECK(response.status().has_reason(reasons::kUnreachable));
  CHECK(response.status().message() == "GET kube:6443/x: connect to memory: connection refused");
}

TEST_CASE("a kept connection that the server closed is not used again") {
  Script script;
  script.connections.push_back({Exchanged{kOk, true}});
  script.connections.push_back({Exchanged{kOk}});
  ClientFixture f(script);
  CHECK(f.get().ok());
  f.loop.world().run_until_idle();
  HttpRequest post;
  post.method = "POST";
  CHECK(f.send(post).ok());  // also a write: nothing was sent on the dead one
  CHECK(f.client.connections_opened() == 2);
}

TEST_CASE("a kept connection that breaks under a request: sent again only when that is safe") {
  Script script;
  Exchanged dies;
  dies.close_first = true;
  script.connections.push_back({Exchanged{kOk}, dies});
  script.connections.push_back({Exchanged{kOk}});
  SUBCASE("GET") {
    ClientFixture f(script);
    CHECK(f.get().ok());
    CHECK(f.get().ok());
    CHECK(f.script.requests.size() == 3);
    CHECK(f.client.connections_opened() == 2);
  }
  SUBCASE("PATCH") {
    ClientFixture f(script);
    CHECK(f.get().ok());
    HttpRequest patch;
    patch.method = "PATCH";
    const Result<HttpResponse> response = f.send(patch);
    CHECK(response.status().has_reason(reasons::kUnreachable));
    CHECK(is_outcome_unknown(response.status()));
    CHECK(f.script.requests.size() == 2);
  }
  SUBCASE("GET on a fresh connection is not repeated") {
    Script fresh;
    fresh.connections.push_back({dies});
    fresh.connections.push_back({Exchanged{kOk}});
    ClientFixture f(fresh);
    CHECK(f.get().status().has_reason(reasons::kUnreachable));
    CHECK(f.script.requests.size() == 1);
  }
}

TEST_CASE("connections idle for too long are not used again") {
  Script script;
  script.connections.push_back({Exchanged{kOk}});
  script.connections.push_back({Exchanged{kOk}});
  ClientFixture f(script);
  CHECK(f.get().ok());
  f.loop.world().run_for(seconds(61));
  CHECK(f.get().ok());
  CHECK(f.client.connections_opened() == 2);
}

TEST_CASE("an early refusal is heard although the body could not be sent") {
  Script script;
  script.connections.push_back({Exchanged{"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig", true}});
  MemoryStreamOptions options;
  options.capacity = 10'000;
  ClientFixture f(script, options);
  HttpRequest post;
  post.method = "POST";
  post.body = std::string(1'000'000, 'x');
  const Result<HttpResponse> response = f.send(post);
  REQUIRE(response.ok());
  CHECK(response->code == 413);
  CHECK(response->body == "big");
}

TEST_CASE("what could break the framing is refused before anything is sent") {
  ClientFixture f(one(kOk));
  for (const std::string target : {"", "x", "/a b", "/a\r\nX: y"}) {
    CAPTURE(target);
    CHECK(f.get(target).status().has_reason(reasons::kBadRequest));
  }
  HttpRequest request;
  request.headers.add("Authorization", "Bearer abc\n");
  CHECK(f.send(request).status().has_reason(reasons::kBadRequest));
  CHECK(f.script.requests.empty());
}

TEST_CASE("compressed answers are decompressed, and a bomb is stopped at the limit") {
  const std::string plain(500'000, 'z');
  const std::string packed = gzip(plain);
  const std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(packed.size()) +
      "\r\n\r\n" + packed;
  HttpClientOptions options = client_options();
  options.accept_gzip = true;
  {
    ClientFixture f(one(answer), {}, options);
    const Result<HttpResponse> response = f.get();
    REQUIRE(response.ok());
    CHECK(response->body == plain);
    CHECK(contains(f.script.requests[0], "Accept-Encoding: gzip\r\n"));
  }
  options.max_body_bytes = 100'000;
  ClientFixture f(one(answer), {}, options);
  CHECK(f.get().status().has_reason(reasons::kRequestEntityTooLarge));
}

TEST_CASE("cancelling a call closes its connection") {
  ClientFixture f(one(""));
  const auto canceller = std::make_shared<Canceller>();
  auto place = std::make_shared<std::optional<Result<HttpResponse>>>();
  Started<bool> running =
      start(f.loop,
            run_cancellable(store_result(f.client.send(HttpRequest(), f.in(seconds(10))), place), canceller));
  f.loop.world().run_until_idle();
  CHECK(f.script.requests.size() == 1);
  CHECK(f.scope.size() == 2);
  canceller->cancel();
  f.loop.world().run_until_idle();
  CHECK(running.done());
  CHECK(f.scope.size() == 1);  // the server saw it go
  CHECK(f.client.idle_connections() == 0);
}

TEST_CASE("stopping the client fails its calls") {
  ClientFixture f(one(""));
  Started<Result<HttpResponse>> calling = start(f.loop, f.client.send(HttpRequest(), f.in(seconds(10))));
  f.loop.world().run_until_idle();
  await(f.loop, f.client.stop());
  f.loop.world().run_until_idle();
  REQUIRE(calling.done());
  CHECK(calling.value().status().has_reason(reasons::kUnreachable));
}

// A watch against our own server.
class WatchHandler final : public HttpHandler {
 public:
  explicit WatchHandler(Clock* clock) : clock_(clock) {}
  Task<void> handle(HttpRequest request, ResponseWriter* response) override {
    Headers headers;
    const Status begun = co_await response->begin(200, std::move(headers));
    for (int i = 0; begun.ok() && i < 3; ++i) {
      std::string event = "event " + std::to_string(i) + "\n";
      const Status written = co_await response->write(std::move(event));
      if (!written.ok()) co_return;
      co_await clock_->sleep_for(seconds(1));
    }
    if (request.target == "/endless") co_await clock_->sleep_for(std::chrono::hours(10));
    const Status ended = co_await response->finish();
    CHECK(ended.ok());
  }

 private:
  Clock* clock_;
};

TEST_CASE("a streamed response is read as it comes, and its connection is used again") {
  SimulatedLoop loop;
  WatchHandler handler(&loop.clock());
  HttpServer server(loop.executor(), &loop.clock(), &handler, {});
  MemoryNetwork network;
  server.serve(network.listen(loop.executor()));
  HttpClient client(loop.executor(), &loop.clock(), network.connector(loop.executor()), client_options());
  for (int round = 0; round < 2; ++round) {
    auto opened = await(loop, client.open(HttpRequest(), loop.clock().monotonic() + seconds(5)));
    REQUIRE(opened.ok());
    HttpStream& stream = **opened;
    CHECK(stream.code() == 200);
    const MonotonicTime begun = loop.clock().monotonic();
    for (int i = 0; i < 3; ++i) {
      const Result<std::string> piece = await(loop, stream.read_some(loop.clock().monotonic() + seconds(5)));
      REQUIRE(piece.ok());
      CHECK(*piece == "event " + std::to_string(i) + "\n");
      CHECK(loop.clock().monotonic() == begun + seconds(i));  // at once
    }
    const Result<std::string> end = await(loop, stream.read_some(loop.clock().monotonic() + seconds(5)));
    REQUIRE(end.ok());
    CHECK(end->empty());
  }
  CHECK(client.connections_opened() == 1);

  HttpRequest endless;
  endless.target = "/endless";
  auto opened = await(loop, client.open(endless, loop.clock().monotonic() + seconds(5)));
  REQUIRE(opened.ok());
  for (int i = 0; i < 3; ++i) {
    const Result<std::string> piece =
        await(loop, (*opened)->read_some(loop.clock().monotonic() + seconds(5)));
    CHECK_MESSAGE(piece.ok(), fmt::format("{}", piece.status()));
  }
  const Result<std::string> late = await(loop, (*opened)->read_some(loop.clock().monotonic() + seconds(5)));
  CHECK(late.status().has_reason(reasons::kTimeout));
  loop.world().run_until_idle();
  CHECK(server.connections() == 0);

  auto dropped = await(loop, client.open(endless, loop.clock().monotonic() + seconds(5)));
  REQUIRE(dropped.ok());
  dropped->reset();  // closes
  loop.world().run_until_idle();
  CHECK(server.connections() == 0);
  await(loop, client.stop());
  await(loop, server.stop(seconds(1)));
}

}  // namespace
}  // namespace heirloom::net
