// What a request costs, client and server together on one thread: over memory streams (framing alone), TCP
// and TLS.
#include <benchmark/benchmark.h>

#include <string>

#include "base/gather.h"
#include "net/event_loop.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/memory_stream.h"
#include "net/tcp.h"

namespace heirloom::net {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

enum Transport { kMemory, kTcp, kTls };

// Answers with so many bytes; streams for /watch.
class FixedHandler final : public HttpHandler {
 public:
  explicit FixedHandler(std::size_t size) : body_(size, 'x') {}

  Task<void> handle(HttpRequest request, ResponseWriter* response) override {
    if (request.target == "/watch") {
      Status status = co_await response->begin(200, Headers());
      while (status.ok()) {
        std::string event = body_;
        status = co_await response->write(std::move(event));
      }
      co_return;
    }
    HttpResponse answer;
    answer.body = body_;
    const Status sent = co_await response->send(std::move(answer));
    if (!sent.ok()) co_return;
  }

 private:
  std::string body_;
};

struct Setup {
  Setup(Transport transport, std::size_t size) : handler(size) {
    const WallTime now = loop.clock().now();
    HttpServerOptions options;
    options.gzip_above_bytes = std::string::npos;
    TlsClientOptions client_tls;
    if (transport == kTls) {
      const CertifiedKey authority = create_certificate_authority("ca", now, hours(24)).value();
      CertificateRequest request;
      request.common_name = "server";
      request.ip_addresses = {"127.0.0.1"};
      const CertifiedKey key = issue_certificate(authority, request, now, hours(24)).value();
      TlsServerOptions tls;
      tls.certificate_pem = key.certificate_pem;
      tls.key_pem = key.key_pem;
      options.tls = TlsContext::server(tls).value();
      client_tls.ca_pem = authority.certificate_pem;
    }
    server = std::make_unique<HttpServer>(loop.executor(), &loop.clock(), &handler, options);
    std::unique_ptr<Connector> connector;
    if (transport == kMemory) {
      server->serve(network.listen(loop.executor()));
      connector = network.connector(loop.executor());
    } else {
      std::unique_ptr<Listener> listener = listen_tcp(loop.executor(), Endpoint{"127.0.0.1", 0}).value();
      const Endpoint endpoint = listener->endpoint();
      server->serve(std::move(listener));
      connector = transport == kTcp ? tcp_connector(loop.executor(), &loop.clock(), endpoint)
                                    : tls_connector(loop.executor(), &loop.clock(), endpoint,
                                                    TlsContext::client(client_tls).value());
    }
    HttpClientOptions client_options;
    client_options.host = "bench";
    client =
        std::make_unique<HttpClient>(loop.executor(), &loop.clock(), std::move(connector), client_options);
  }
  ~Setup() {
    await(loop, client->stop());
    await(loop, server->stop(seconds(1)));
  }

  EventLoop loop;
  MemoryNetwork network;
  FixedHandler handler;
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<HttpClient> client;
};

Task<Status> send_many(Setup* setup, int count) {
  for (int i = 0; i < count; ++i) {
    const MonotonicTime deadline = setup->loop.clock().monotonic() + seconds(30);
    HttpRequest request;
    request.target = "/api/v1/namespaces/default/configmaps/example";
    Result<HttpResponse> response = co_await setup->client->send(std::move(request), deadline);
    if (!response.ok()) co_return std::move(response).status();
  }
  co_return Status();
}

void request(benchmark::State& state) {
  constexpr int kBatch = 200;
  Setup setup(static_cast<Transport>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  for (auto _ : state) {
    const Status status = await(setup.loop, send_many(&setup, kBatch));
    if (!status.ok()) state.SkipWithError(status.message().c_str());
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}

Task<Status> read_events(Setup* setup, HttpStream* stream, std::size_t bytes) {
  for (std::size_t got = 0; got < bytes;) {
    const MonotonicTime deadline = setup->loop.clock().monotonic() + seconds(30);
    Result<std::string> piece = co_await stream->read_some(deadline);
    if (!piece.ok()) co_return std::move(piece).status();
    got += piece->size();
  }
  co_return Status();
}

void watch_event(benchmark::State& state) {
  constexpr std::size_t kBatch = 1000;
  const std::size_t size = 700;
  Setup setup(static_cast<Transport>(state.range(0)), size);
  HttpRequest watch;
  watch.target = "/watch";
  auto stream = await(setup.loop, setup.client->open(watch, MonotonicTime::max()));
  for (auto _ : state) {
    const Status status = await(setup.loop, read_events(&setup, stream->get(), kBatch * size));
    if (!status.ok()) state.SkipWithError(status.message().c_str());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

BENCHMARK(request)->ArgNames({"transport", "body"})->ArgsProduct({{kMemory, kTcp, kTls}, {700, 100'000}});
BENCHMARK(watch_event)->ArgName("transport")->Arg(kMemory)->Arg(kTcp)->Arg(kTls);

}  // namespace
}  // namespace heirloom::net

BENCHMARK_MAIN();
