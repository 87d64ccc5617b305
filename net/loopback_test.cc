// The real thing: event loop, sockets, TLS and HTTP over the loopback interface, on ports the system chooses.
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "base/cancellation.h"
#include "base/deadline.h"
#include "base/gather.h"
#include "base/signal.h"
#include "base/task_scope.h"
#include "net/event_loop.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/tcp.h"

namespace heirloom::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
constexpr Duration kYear = std::chrono::hours(24 * 365);

class PeerHandler final : public HttpHandler {
 public:
  explicit PeerHandler(Clock* clock) : clock_(clock) {}

  Task<void> handle(HttpRequest request, ResponseWriter* response) override {
    if (request.target == "/watch") {
      const Status begun = co_await response->begin(200, Headers());
      for (int i = 0; begun.ok() && i < 100; ++i) {
        std::string event = "event " + std::to_string(i) + "\n";
        const Status written = co_await response->write(std::move(event));
        if (!written.ok()) co_return;
      }
      const Status ended = co_await response->finish();
      CHECK(ended.ok());
      co_return;
    }
    if (request.target == "/never") co_await clock_->sleep_for(std::chrono::hours(1));
    HttpResponse answer;
    answer.body = response->peer().common_name + "|" + request.body;
    const Status sent = co_await response->send(std::move(answer));
    if (!sent.ok()) co_return;
  }

 private:
  Clock* clock_;
};

struct Certificates {
  Certificates() {
    const WallTime now = std::chrono::system_clock::now();
    authority = create_certificate_authority("ca", now, kYear).value();
    CertificateRequest for_server;
    for_server.common_name = "server";
    for_server.dns_names = {"localhost"};
    for_server.ip_addresses = {"127.0.0.1"};
    server = issue_certificate(authority, for_server, now, kYear).value();
    CertificateRequest for_client;
    for_client.common_name = "admin";
    for_client.for_client = true;
    client = issue_certificate(authority, for_client, now, kYear).value();
  }
  CertifiedKey authority, server, client;
};

const Certificates& certificates() {
  static const Certificates made;
  return made;
}

struct Loopback {
  Loopback() : handler(&loop.clock()), server(loop.executor(), &loop.clock(), &handler, server_options()) {
    auto listener = listen_tcp(loop.executor(), Endpoint{"localhost", 0});
    REQUIRE_MESSAGE(listener.ok(), fmt::format("{}", listener.status()));
    endpoint = (*listener)->endpoint();
    CHECK(endpoint.port != 0);
    server.serve(std::move(*listener));
    TlsClientOptions tls;
    tls.ca_pem = certificates().authority.certificate_pem;
    tls.certificate_pem = certificates().client.certificate_pem;
    tls.key_pem = certificates().client.key_pem;
    HttpClientOptions options;
    options.host = to_string(endpoint);
    client = std::make_unique<HttpClient>(
        loop.executor(), &loop.clock(),
        tls_connector(loop.executor(), &loop.clock(), endpoint, TlsContext::client(tls).value()), options);
  }
  ~Loopback() {
    await(loop, client->stop());
    await(loop, server.stop(milliseconds(100)));
  }

  static HttpServerOptions server_options() {
    TlsServerOptions tls;
    tls.certificate_pem = certificates().server.certificate_pem;
    tls.key_pem = certificates().server.key_pem;
    tls.client_ca_pem = certificates().authority.certificate_pem;
    HttpServerOptions options;
    options.tls = TlsContext::server(tls).value();
    return options;
  }

  MonotonicTime in(Duration duration) { return loop.clock().monotonic() + duration; }

  EventLoop loop;
  PeerHandler handler;
  HttpServer server;
  Endpoint endpoint;
  std::unique_ptr<HttpClient> client;
};

TEST_CASE("requests over TLS with a client certificate, on one connection") {
  Loopback f;
  for (const std::size_t size : {0, 10, 100'000, 3'000'000}) {
    HttpRequest request;
    request.method = "POST";
    request.body = std::string(size, 'b');
    const Result<HttpResponse> response = await(f.loop, f.client->send(request, f.in(seconds(30))));
    REQUIRE_MESSAGE(response.ok(), fmt::format("{}", response.status()));
    CHECK(response->body == "admin|" + request.body);
  }
  CHECK(f.client->connections_opened() == 1);
}

TEST_CASE("many requests at once, and a stream beside them") {
  Loopback f;
  std::vector<Task<Result<HttpResponse>>> calls;
  for (int i = 0; i < 50; ++i) {
    HttpRequest request;
    request.method = "PUT";
    request.body = std::to_string(i);
    calls.push_back(f.client->send(std::move(request), f.in(seconds(30))));
  }
  const auto responses = await(f.loop, gather(std::move(calls), 8));
  for (int i = 0; i < 50; ++i) {
    REQUIRE(responses[i].ok());
    CHECK(responses[i]->body == "admin|" + std::to_string(i));
  }
  CHECK(f.client->connections_opened() == 8);
  HttpRequest watch;
  watch.target = "/watch";
  auto stream = await(f.loop, f.client->open(watch, f.in(seconds(30))));
  REQUIRE(stream.ok());
  const Result<std::string> all = await(f.loop, (*stream)->read_rest(100'000, f.in(seconds(30))));
  REQUIRE(all.ok());
  CHECK(all->size() == 890);
}

TEST_CASE("a deadline ends a call to a server that does not answer") {
  Loopback f;
  HttpRequest request;
  request.target = "/never";
  const Result<HttpResponse> response = await(f.loop, f.client->send(request, f.in(milliseconds(50))));
  CHECK(response.status().has_reason(reasons::kTimeout));
}

TEST_CASE("failures to connect say where and why") {
  EventLoop loop;
  auto listener = listen_tcp(loop.executor(), Endpoint{"127.0.0.1", 0});
  REQUIRE(listener.ok());
  const Endpoint taken = (*listener)->endpoint();
  const auto second = listen_tcp(loop.executor(), taken);
  CHECK(second.status().message() ==
        fmt::format("listen on 127.0.0.1:{}: Address already in use", taken.port));
  CHECK(listen_tcp(loop.executor(), Endpoint{"example.com", 1}).status().has_reason(reasons::kBadRequest));
  listener->reset();  // now nobody listens there
  const auto connector = tcp_connector(loop.executor(), &loop.clock(), taken);
  const auto refused = await(loop, connector->connect(loop.clock().monotonic() + seconds(10)));
  CHECK(refused.status().has_reason(reasons::kUnreachable));
  CHECK(refused.status().message() == fmt::format("connect to 127.0.0.1:{}: Connection refused", taken.port));
  const auto lost = tcp_connector(loop.executor(), &loop.clock(), Endpoint{"no-such-host.invalid", 80});
  const auto unknown = await(loop, lost->connect(loop.clock().monotonic() + seconds(30)));
  CHECK_FALSE(unknown.ok());
  CHECK(unknown.status().message().find("look up no-such-host.invalid") == 0);
}

Task<void> notify(Signal* signal) {
  signal->notify_all();
  co_return;
}

Task<void> wait_for(Signal* signal, bool* came) {
  while (!*came) co_await signal->wait();
}

TEST_CASE("work posted from another thread runs on the loop") {
  EventLoop loop;
  Signal signal(loop.executor());
  bool came = false;
  const std::thread::id here = std::this_thread::get_id();
  std::thread::id there;
  std::thread other([&] {
    loop.post([&] {
      there = std::this_thread::get_id();
      came = true;
      signal.notify_all();
    });
  });
  await(loop, wait_for(&signal, &came));
  other.join();
  CHECK(there == here);
  loop.run(notify(&signal));
}

Task<void> throws() {
  throw std::runtime_error("broken");
  co_return;
}

TEST_CASE("what main throws comes out of the loop") {
  EventLoop loop;
  CHECK_THROWS_AS(loop.run(throws()), std::runtime_error);
  await(loop, loop.clock().sleep_for(milliseconds(1)));  // and the loop can be used again
}

TEST_CASE("a termination signal is awaited like anything else") {
  EventLoop loop;
  TaskScope scope(loop.executor());
  auto place = std::make_shared<std::optional<int>>();
  scope.spawn("signals", store_result(loop.wait_for_termination(), place));
  await(loop, loop.clock().sleep_for(milliseconds(1)));  // it was spawned first, so it listens by now
  loop.post([] { std::raise(SIGTERM); });
  while (!place->has_value()) await(loop, loop.clock().sleep_for(milliseconds(1)));
  CHECK(**place == SIGTERM);
  await(loop, scope.stop());
}

TEST_CASE("destroying a loop drops what still waits on it") {
  auto loop = std::make_unique<EventLoop>();
  Signal signal(loop->executor());
  TaskScope scope(loop->executor());
  bool never = false;
  scope.spawn("waiter", wait_for(&signal, &never));
  scope.spawn("sleeper", loop->clock().sleep_for(std::chrono::hours(1)));
  await(*loop, loop->clock().sleep_for(milliseconds(1)));
  CHECK(scope.size() == 2);
  loop.reset();
}

}  // namespace
}  // namespace heirloom::net
