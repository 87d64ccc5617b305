// The server's sessions, byte by byte, over memory streams and a manual clock.
#include "net/http_server.h"

#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/signal.h"
#include "base/testing/simulated_loop.h"
#include "net/gzip.h"
#include "net/memory_stream.h"

namespace heirloom::net {
namespace {

using std::chrono::seconds;

std::string text_of(const std::string& method, const std::string& target, const std::string& body) {
  return method + " " + target + " " + body;
}

// Echoes; some targets are special.
class TestHandler final : public HttpHandler {
 public:
  explicit TestHandler(SimulatedLoop& loop) : clock_(&loop.clock()), more(loop.executor()) {}

  Task<void> handle(HttpRequest request, ResponseWriter* response) override {
    requests.push_back(request);
    if (request.target == "/throw") throw std::runtime_error("broken handler");
    if (request.target == "/silent") co_return;
    if (request.target == "/watch") {
      co_await stream(response);
      co_return;
    }
    if (request.target == "/slow") co_await clock_->sleep_for(seconds(20));
    HttpResponse answer;
    answer.headers.add("Content-Type", "text/plain");
    answer.body = request.target == "/large" ? std::string(200'000, 'x')
                                             : text_of(request.method, request.target, request.body);
    const Status sent = co_await response->send(std::move(answer));
    ++finished;
    if (!sent.ok()) ++failed_sends;
  }

  Task<void> stream(ResponseWriter* response) {
    const Unwound guard(this);
    Headers headers;
    headers.add("Content-Type", "application/json");
    const Status begun = co_await response->begin(200, std::move(headers));
    for (int i = 0; begun.ok() && i < events; ++i) {
      const Status written = co_await response->write("event\n");
      if (!written.ok()) co_return;
      co_await more.wait();
    }
    const Status ended = co_await response->finish();
    CHECK(ended.ok());
    ++finished;
  }

  struct Unwound {
    explicit Unwound(TestHandler* h) : handler(h) { ++handler->streams; }
    ~Unwound() { --handler->streams; }
    TestHandler* handler;
  };

 private:
  Clock* clock_;

 public:
  Signal more;
  int events = 1'000'000;
  int streams = 0;
  int finished = 0;
  int failed_sends = 0;
  std::vector<HttpRequest> requests;
};

struct ServerFixture {
  explicit ServerFixture(MemoryStreamOptions stream_options = {}, HttpServerOptions options = {},
                         std::uint64_t seed = 1)
      : loop(seed), handler(loop), server(loop.executor(), &loop.clock(), &handler, std::move(options)) {
    MemoryStreamPair pair = memory_stream_pair(loop.executor(), loop.executor(), std::move(stream_options));
    client = std::move(pair.client);
    server.serve_connection(std::move(pair.server));
  }
  ~ServerFixture() {
    await(loop, server.stop(seconds(0)));
    CHECK(server.connections() == 0);
  }

  void send(std::string bytes) {
    Started<Status> writing = start(loop, client->write(std::move(bytes)));
    loop.world().run_until_idle();
  }

  // What has come until nothing moves any more; sets `ended` at the end of the stream or when it broke.
  std::string receive() {
    std::string all;
    while (!ended) {
      if (!pending) pending.emplace(loop, client->read_some(1 << 20));
      loop.world().run_until_idle();
      if (!pending->done()) break;
      Result<std::string> piece = pending->value();
      pending.reset();
      ended = !piece.ok() || piece->empty();
      if (!ended) all += *piece;
    }
    return all;
  }

  SimulatedLoop loop;
  TestHandler handler;
  HttpServer server;
  std::unique_ptr<ByteStream> client;
  std::optional<Started<Result<std::string>>> pending;
  bool ended = false;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST_CASE("a request is answered and the connection kept") {
  ServerFixture f;
  f.send("GET /api?x=1 HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string first = f.receive();
  CHECK(contains(first, "HTTP/1.1 200 OK\r\n"));
  CHECK(contains(first, "Content-Length: 13\r\n"));
  CHECK(contains(first, "Content-Type: text/plain\r\n"));
  CHECK(contains(first, "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"));
  CHECK(contains(first, "\r\n\r\nGET /api?x=1 "));
  CHECK_FALSE(f.ended);
  f.send("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
  CHECK(contains(f.receive(), "POST /b hello"));
}

TEST_CASE("requests arrive whole however the bytes are cut") {
  const std::string chunked =
      "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
      "chunked\r\n\r\n4\r\nWiki\r\n5;x=y\r\npedia\r\n0\r\n\r\n";
  const std::string plain = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
  for (std::uint64_t seed = 1; seed < 4; ++seed) {
    for (const std::size_t max_read : {1, 2, 3, 7, 0}) {
      CAPTURE(seed);
      CAPTURE(max_read);
      MemoryStreamOptions options;
      options.max_read = max_read;
      ServerFixture f(options, {}, seed);
      f.send(chunked + plain + chunked);  // pipelined
      const std::string answers = f.receive();
      CHECK(count(answers, "HTTP/1.1 200 OK") == 3);
      CHECK(count(answers, "PUT /c Wikipedia") == 2);
      CHECK(count(answers, "POST /p abc") == 1);
      REQUIRE(f.handler.requests.size() == 3);
      CHECK(f.handler.requests[1].body == "abc");
    }
  }
}

TEST_CASE("a connection that breaks at any byte of a request leaves nothing behind") {
  const std::string request = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
  for (std::size_t cut = 0; cut < request.size(); ++cut) {
    CAPTURE(cut);
    MemoryStreamOptions options;
    options.cut_client_to_server = cut + 1;
    ServerFixture f(options);
    f.send(request);
    f.receive();
    CHECK(f.server.connections() == 0);
    CHECK(f.handler.requests.size() == (cut + 1 == request.size() ? 1 : 0));
  }
}

TEST_CASE("what is not HTTP, or too much, is refused and the connection closed") {
  struct Row {
    std::string because;
    std::string bytes;
    std::string answer;
  };
  const Row rows[] = {
      {"garbage", "hello there\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
      {"a TLS hello on a plain port", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15),
       "HTTP/1.1 400"},
      {"two lengths", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "HTTP/1.1 400"},
      {"a length and chunks, as in request smuggling",
       "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400"},
      {"a negative length", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400"},
      {"a bad chunk size", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400"},
      {"a body announced too large", "POST / HTTP/1.1\r\nContent-Length: 3145729\r\n\r\n", "HTTP/1.1 413"},
      {"a chunk announced too large",
       "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n300001\r\n" + std::string(0x300001, 'x'),
       "HTTP/1.1 413"},
      {"a header too large", "GET / HTTP/1.1\r\nX: " + std::string(70'000, 'a') + "\r\n\r\n", "HTTP/1.1 431"},
      {"a header that never ends", "GET / HTTP/1.1\r\nX: " + std::string(70'000, 'a'), "HTTP/1.1 431"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    ServerFixture f;
    f.send(row.bytes);
    const std::string answer = f.receive();
    CHECK(answer.substr(0, row.answer.size()) == row.answer);
    CHECK(contains(answer, "Connection: close\r\n"));
    CHECK(f.ended);
    CHECK(f.handler.requests.empty());
    f.loop.world().run_for(seconds(10));  // the server lingers for the rest, not for ever
    CHECK(f.server.connections() == 0);
  }
}

TEST_CASE("a body of exactly the limit is accepted") {
  ServerFixture f;
  f.send("POST / HTTP/1.1\r\nContent-Length: 3145728\r\n\r\n" + std::string(3145728, 'x'));
  f.receive();
  REQUIRE(f.handler.requests.size() == 1);
  CHECK(f.handler.requests[0].body.size() == 3145728);
}

TEST_CASE("errors of the server itself are rendered by its owner") {
  HttpServerOptions options;
  options.render_error = [](int code, std::string message) {
    HttpResponse response;
    response.code = code;
    response.headers.add("Content-Type", "application/json");
    response.body = "{\"message\":\"" + message + "\"}";
    return response;
  };
  ServerFixture f({}, options);
  f.send("GET /throw HTTP/1.1\r\n\r\n");
  const std::string answer = f.receive();
  CHECK(contains(answer, "HTTP/1.1 500"));
  CHECK(contains(answer, "{\"message\":\"the request could not be answered\"}"));
}

TEST_CASE("a handler that says nothing answers 500") {
  ServerFixture f;
  f.send("GET /silent HTTP/1.1\r\n\r\n");
  CHECK(contains(f.receive(), "HTTP/1.1 500"));
}

TEST_CASE("slow and silent clients are cut off in time") {
  struct Row {
    std::string because;
    std::string bytes;
    Duration still_there;
    Duration gone;
  };
  const Row rows[] = {
      {"never sends anything", "", seconds(119), seconds(2)},
      {"stops in the header", "GET / HT", seconds(29), seconds(2)},
      {"stops in the body", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc", seconds(29), seconds(2)},
      {"idle after an answer", "GET / HTTP/1.1\r\n\r\n", seconds(119), seconds(2)},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    ServerFixture f;
    f.send(row.bytes);
    f.loop.world().run_for(row.still_there);
    CHECK(f.server.connections() == 1);
    f.loop.world().run_for(row.gone);
    CHECK(f.server.connections() == 0);
  }
}

TEST_CASE("a client that drips one byte at a time is cut off at the request's deadline") {
  ServerFixture f;
  const std::string request = "GET /" + std::string(100, 'a');
  for (int i = 0; i < 29; ++i) {
    f.send(request.substr(i, 1));
    f.loop.world().run_for(seconds(1));
  }
  CHECK(f.server.connections() == 1);
  f.loop.world().run_for(seconds(2));
  CHECK(f.server.connections() == 0);
}

TEST_CASE("Connection: close and HTTP/1.0 are obeyed") {
  for (const std::string request :
       {"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
    ServerFixture f;
    f.send(request);
    CHECK(contains(f.receive(), "Connection: close\r\n"));
    CHECK(f.ended);
  }
}

TEST_CASE("an expected continue is given before the body comes") {
  ServerFixture f;
  f.send("POST /e HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(f.receive() == "HTTP/1.1 100 Continue\r\n\r\n");
  f.send("ok");
  CHECK(contains(f.receive(), "POST /e ok"));
}

TEST_CASE("HEAD is answered without the body") {
  ServerFixture f;
  f.send("HEAD /api HTTP/1.1\r\n\r\n");
  const std::string answer = f.receive();
  CHECK(contains(answer, "Content-Length: 10\r\n"));
  CHECK(answer.substr(answer.size() - 4) == "\r\n\r\n");
}

TEST_CASE("large bodies are compressed for those who accept it") {
  ServerFixture f;
  f.send("GET /large HTTP/1.1\r\nAccept-Encoding: deflate, gzip;q=0.9\r\n\r\n");
  const std::string packed = f.receive();
  CHECK(contains(packed, "Content-Encoding: gzip\r\n"));
  Gunzip gunzip;
  const Result<std::string> plain = gunzip.put(packed.substr(packed.find("\r\n\r\n") + 4), 1'000'000);
  REQUIRE(plain.ok());
  CHECK(*plain == std::string(200'000, 'x'));
  f.send("GET /large HTTP/1.1\r\nAccept-Encoding: gzip;q=0\r\n\r\n");
  CHECK_FALSE(contains(f.receive(), "Content-Encoding"));
}

TEST_CASE("a streamed response goes out piece by piece and the connection lives on") {
  ServerFixture f;
  f.handler.events = 2;
  f.send("GET /watch HTTP/1.1\r\n\r\n");
  const std::string first = f.receive();
  CHECK(contains(first, "Transfer-Encoding: chunked\r\n"));
  CHECK(contains(first, "\r\n\r\n6\r\nevent\n\r\n"));
  f.handler.more.notify_all();
  CHECK(f.receive() == "6\r\nevent\n\r\n");
  f.send("GET /next HTTP/1.1\r\n\r\n");  // pipelined behind the stream
  f.handler.more.notify_all();
  const std::string rest = f.receive();
  CHECK(rest.substr(0, 5) == "0\r\n\r\n");
  CHECK(contains(rest, "GET /next "));
  CHECK(f.handler.streams == 0);
}

TEST_CASE("a streaming handler is unwound when its client goes away") {
  ServerFixture f;
  f.send("GET /watch HTTP/1.1\r\n\r\n");
  f.receive();
  CHECK(f.handler.streams == 1);
  f.pending.reset();
  f.client->close();
  f.loop.world().run_until_idle();
  CHECK(f.handler.streams == 0);
  CHECK(f.server.connections() == 0);
}

TEST_CASE("a client that takes nothing is cut off, and holds only what the connection buffers") {
  MemoryStreamOptions options;
  options.capacity = 1000;
  ServerFixture f(options);
  f.send("GET /large HTTP/1.1\r\n\r\n");
  f.loop.world().run_for(seconds(59));
  CHECK(f.server.connections() == 1);
  f.loop.world().run_for(seconds(2));
  CHECK(f.server.connections() == 0);
  CHECK(f.handler.failed_sends == 1);
}

TEST_CASE("stopping closes idle connections, ends streams in good order and waits for requests") {
  SUBCASE("idle") {
    ServerFixture f;
    Started<void> stopping = start(f.loop, f.server.stop(seconds(30)));
    f.loop.world().run_until_idle();
    CHECK(stopping.done());
    f.receive();
    CHECK(f.ended);
  }
  SUBCASE("streaming") {
    ServerFixture f;
    f.send("GET /watch HTTP/1.1\r\n\r\n");
    f.receive();
    Started<void> stopping = start(f.loop, f.server.stop(seconds(30)));
    f.loop.world().run_until_idle();
    CHECK(f.receive() == "0\r\n\r\n");
    CHECK(f.ended);
    CHECK(stopping.done());
    CHECK(f.handler.streams == 0);
  }
  SUBCASE("a request in time") {
    ServerFixture f;
    f.send("GET /slow HTTP/1.1\r\n\r\n");
    Started<void> stopping = start(f.loop, f.server.stop(seconds(30)));
    f.loop.world().run_for(seconds(19));
    CHECK_FALSE(stopping.done());
    f.loop.world().run_for(seconds(2));
    CHECK(stopping.done());
    const std::string answer = f.receive();
    CHECK(contains(answer, "GET /slow "));
    CHECK(contains(answer, "Connection: close\r\n"));
  }
  SUBCASE("a request that takes too long") {
    ServerFixture f;
    f.send("GET /slow HTTP/1.1\r\n\r\n");
    Started<void> stopping = start(f.loop, f.server.stop(seconds(5)));
    f.loop.world().run_for(seconds(6));
    CHECK(stopping.done());
    CHECK(f.handler.finished == 0);
  }
}

TEST_CASE("header values cannot begin lines of their own") {
  struct Injecting final : HttpHandler {
    Task<void> handle(HttpRequest, ResponseWriter* response) override {
      HttpResponse answer;
      answer.headers.add("Location", "/x\r\nSet-Cookie: a=b");
      answer.headers.add("content-length", "999");
      const Status sent = co_await response->send(std::move(answer));
      CHECK(sent.ok());
    }
  };
  SimulatedLoop loop;
  Injecting handler;
  HttpServer server(loop.executor(), &loop.clock(), &handler, {});
  MemoryStreamPair pair = memory_stream_pair(loop.executor(), loop.executor());
  server.serve_connection(std::move(pair.server));
  CHECK(await(loop, pair.client->write("GET / HTTP/1.1\r\n\r\n")).ok());
  loop.world().run_until_idle();
  const Result<std::string> answer = await(loop, pair.client->read_some(10'000));
  REQUIRE(answer.ok());
  CHECK(contains(*answer, "Location: /x  Set-Cookie: a=b\r\n"));
  CHECK(contains(*answer, "Content-Length: 0\r\n"));
  CHECK_FALSE(contains(*answer, "999"));
  await(loop, server.stop(seconds(0)));
}

TEST_CASE("no more connections are accepted than allowed") {
  SimulatedLoop loop;
  TestHandler handler(loop);
  HttpServerOptions options;
  options.max_connections = 2;
  HttpServer server(loop.executor(), &loop.clock(), &handler, options);
  MemoryNetwork network;
  server.serve(network.listen(loop.executor()));
  const std::unique_ptr<Connector> connector = network.connector(loop.executor());
  std::vector<std::unique_ptr<ByteStream>> clients;
  for (int i = 0; i < 3; ++i) {
    auto stream = await(loop, connector->connect(MonotonicTime::max()));
    REQUIRE(stream.ok());
    clients.push_back(std::move(*stream));
    loop.world().run_until_idle();
  }
  CHECK(server.connections() == 2);
  clients[0]->close();
  loop.world().run_until_idle();
  CHECK(server.connections() == 2);  // the third took its place
  CHECK(await(loop, clients[2]->write("GET /third HTTP/1.1\r\n\r\n")).ok());
  loop.world().run_until_idle();
  REQUIRE(handler.requests.size() == 1);
  await(loop, server.stop(seconds(0)));
}

TEST_CASE("a crash at any step of a conversation drops the server's frames and closes its connections") {
  for (std::uint64_t crash_at = 0; crash_at < 400; crash_at += 3) {
    CAPTURE(crash_at);
    SimulatedWorld world(5);
    SimulatedLoop client_loop(world, "client");
    SimulatedLoop server_loop(world, "server");
    TestHandler handler(server_loop);
    auto server =
        std::make_unique<HttpServer>(server_loop.executor(), &world.clock(), &handler, HttpServerOptions());
    MemoryStreamOptions options;
    options.max_read = 5;
    MemoryStreamPair pair = memory_stream_pair(client_loop.executor(), server_loop.executor(), options);
    server->serve_connection(std::move(pair.server));
    Started<Status> writing = start(
        client_loop,
        pair.client->write("GET /a HTTP/1.1\r\n\r\nGET /slow HTTP/1.1\r\n\r\nGET /watch HTTP/1.1\r\n\r\n"));
    while (world.steps() < crash_at && (world.step() || world.advance_to_next_timer())) {
    }
    server_loop.abandon();
    CHECK(handler.streams == 0);
    server.reset();
    bool ended = false;
    while (!ended) {
      Result<std::string> piece = await(client_loop, pair.client->read_some(100));
      ended = !piece.ok() || piece->empty();
    }
  }
}

}  // namespace
}  // namespace heirloom::net
