// TLS and certificates, over memory streams.
#include "net/tls.h"

#include <string>

#include <doctest/doctest.h>

#include "base/testing/simulated_loop.h"
#include "net/http_server.h"
#include "net/memory_stream.h"

namespace heirloom::net {
namespace {

// OpenSSL checks validity against the machine's clock.
WallTime machine_now() { return std::chrono::system_clock::now(); }
constexpr Duration kYear = std::chrono::hours(24 * 365);

CertifiedKey authority() {
  static const Result<CertifiedKey> made = create_certificate_authority("test-ca", machine_now(), kYear);
  return made.value();
}

CertifiedKey issue(CertificateRequest request, Duration age = Duration::zero(), Duration validity = kYear) {
  const Result<CertifiedKey> made = issue_certificate(authority(), request, machine_now() - age, validity);
  REQUIRE_MESSAGE(made.ok(), fmt::format("{}", made.status()));
  return made.value();
}

CertificateRequest server_request() {
  CertificateRequest request;
  request.common_name = "heirloom-apiserver";
  request.dns_names = {"localhost", "kubernetes.default.svc"};
  request.ip_addresses = {"127.0.0.1", "::1"};
  return request;
}

std::shared_ptr<const TlsContext> server_context(const CertifiedKey& key, bool ask_for_clients = false) {
  TlsServerOptions options;
  options.certificate_pem = key.certificate_pem;
  options.key_pem = key.key_pem;
  if (ask_for_clients) options.client_ca_pem = authority().certificate_pem;
  const auto made = TlsContext::server(options);
  REQUIRE_MESSAGE(made.ok(), fmt::format("{}", made.status()));
  return made.value();
}

std::shared_ptr<const TlsContext> client_context(TlsClientOptions options) {
  const auto made = TlsContext::client(std::move(options));
  REQUIRE_MESSAGE(made.ok(), fmt::format("{}", made.status()));
  return made.value();
}

TlsClientOptions trusting() {
  TlsClientOptions options;
  options.ca_pem = authority().certificate_pem;
  return options;
}

struct Handshake {
  Handshake(std::shared_ptr<const TlsContext> client, std::shared_ptr<const TlsContext> server,
            const std::string& name, MemoryStreamOptions options = {}) {
    MemoryStreamPair pair = memory_stream_pair(loop.executor(), loop.executor(), std::move(options));
    auto accepting = start(loop, tls_accept(std::move(pair.server), std::move(server)));
    auto connecting =
        start(loop, tls_connect(std::move(pair.client), std::move(client), name, name + ":6443"));
    loop.world().run_until_idle();
    REQUIRE(connecting.done());
    at_client = connecting.value();
    if (!at_client.ok()) loop.world().run_until_idle();
    REQUIRE(accepting.done());
    at_server = accepting.value();
  }

  std::string exchange(std::string bytes) {
    auto writing = start(loop, (*at_client)->write(bytes));
    std::string got;
    while (got.size() < bytes.size()) {
      Result<std::string> piece = await(loop, (*at_server)->read_some(100'000));
      if (!piece.ok() || piece->empty()) break;
      got += *piece;
    }
    CHECK(writing.done());
    return got;
  }

  SimulatedLoop loop;
  Result<std::unique_ptr<ByteStream>> at_client;
  Result<std::unique_ptr<ByteStream>> at_server;
};

TEST_CASE("bytes go both ways, small and large, however the connection cuts them") {
  const CertifiedKey key = issue(server_request());
  for (const std::size_t max_read : {1, 1000, 0}) {
    MemoryStreamOptions options;
    options.max_read = max_read;
    Handshake h(client_context(trusting()), server_context(key), "localhost", options);
    REQUIRE_MESSAGE(h.at_client.ok(), fmt::format("{}", h.at_client.status()));
    REQUIRE(h.at_server.ok());
    CHECK(h.exchange("hello") == "hello");
    const std::string large(max_read == 1 ? 5'000 : 1'000'000, 'x');
    CHECK(h.exchange(large) == large);
    CHECK((*h.at_client)->peer().tls);
    auto answering = start(h.loop, (*h.at_server)->write("answer"));
    const Result<std::string> answer = await(h.loop, (*h.at_client)->read_some(100));
    REQUIRE(answer.ok());
    CHECK(*answer == "answer");
    CHECK((*h.at_client)->reusable());
    auto closing = start(h.loop, (*h.at_server)->shutdown_write());
    h.loop.world().run_until_idle();
    CHECK_FALSE((*h.at_client)->reusable());
    const Result<std::string> end = await(h.loop, (*h.at_client)->read_some(100));
    REQUIRE(end.ok());
    CHECK(end->empty());
  }
}

TEST_CASE("the server learns who a client certificate names") {
  CertificateRequest request;
  request.common_name = "system:admin";
  request.organizations = {"system:masters", "dev team"};
  request.for_client = true;
  const CertifiedKey client_key = issue(request);
  TlsClientOptions options = trusting();
  options.certificate_pem = client_key.certificate_pem;
  options.key_pem = client_key.key_pem;
  const CertifiedKey key = issue(server_request());
  Handshake h(client_context(options), server_context(key, true), "127.0.0.1");
  REQUIRE(h.at_server.ok());
  CHECK((*h.at_server)->peer().common_name == "system:admin");
  CHECK((*h.at_server)->peer().organizations == std::vector<std::string>{"system:masters", "dev team"});

  Handshake anonymous(client_context(trusting()), server_context(key, true), "::1");
  REQUIRE(anonymous.at_server.ok());
  CHECK((*anonymous.at_server)->peer().common_name.empty());
}

TEST_CASE("a client certificate of another authority is refused") {
  const auto other = create_certificate_authority("other", machine_now(), kYear);
  REQUIRE(other.ok());
  CertificateRequest request;
  request.common_name = "intruder";
  request.for_client = true;
  const auto client_key = issue_certificate(*other, request, machine_now(), kYear);
  REQUIRE(client_key.ok());
  TlsClientOptions options = trusting();
  options.certificate_pem = client_key->certificate_pem;
  options.key_pem = client_key->key_pem;
  Handshake h(client_context(options), server_context(issue(server_request()), true), "localhost");
  CHECK_FALSE(h.at_server.ok());
  REQUIRE(h.at_client.ok());  // TLS 1.3: the client learns it with its first read
  const Result<std::string> answer = await(h.loop, (*h.at_client)->read_some(100));
  CHECK(answer.status().has_reason(reasons::kUnreachable));
}

TEST_CASE("a server that cannot be verified is refused, saying what to do") {
  CertificateRequest named_otherwise = server_request();
  named_otherwise.dns_names = {"elsewhere"};
  named_otherwise.ip_addresses = {"10.0.0.1"};
  CertificateRequest client_only = server_request();
  client_only.for_client = true;
  TlsClientOptions system_roots;
  TlsClientOptions renamed = trusting();
  renamed.server_name = "elsewhere";
  TlsClientOptions blind;
  blind.insecure_skip_verify = true;
  struct Row {
    std::string because;
    CertifiedKey key;
    TlsClientOptions options;
    std::string name;
    std::string says;  // "" = accepted
  };
  const Row rows[] = {
      {"all is well", issue(server_request()), trusting(), "localhost", ""},
      {"an unknown authority", issue(server_request()), system_roots, "localhost",
       "certificate-authority-data"},
      {"another name", issue(named_otherwise), trusting(), "localhost", "tls-server-name"},
      {"another address", issue(named_otherwise), trusting(), "127.0.0.1", "tls-server-name"},
      {"the other name is expected", issue(named_otherwise), renamed, "127.0.0.1", ""},
      {"expired", issue(server_request(), std::chrono::hours(48), std::chrono::hours(24)), trusting(),
       "localhost", "renew the certificate"},
      {"not for servers", issue(client_only), trusting(), "localhost", "certificate purpose"},
      {"verification is switched off", issue(named_otherwise), blind, "localhost", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    Handshake h(client_context(row.options), server_context(row.key), row.name);
    CHECK(h.at_client.ok() == row.says.empty());
    CHECK(h.at_server.ok() == row.says.empty());
    if (h.at_client.ok()) continue;
    CHECK(h.at_client.status().has_reason(reasons::kUnreachable));
    const std::string& message = h.at_client.status().message();
    CHECK_MESSAGE(message.find(row.says) != std::string::npos, message);
    CHECK_MESSAGE(message.find("TLS handshake with " + row.name + ":6443") == 0, message);
  }
}

TEST_CASE("plain HTTP on a TLS port fails the handshake and is told so") {
  SimulatedLoop loop;
  MemoryStreamPair pair = memory_stream_pair(loop.executor(), loop.executor());
  auto accepting = start(loop, tls_accept(std::move(pair.server), server_context(issue(server_request()))));
  CHECK(await(loop, pair.client->write("GET / HTTP/1.1\r\nHost: h\r\n\r\n")).ok());
  loop.world().run_until_idle();
  REQUIRE(accepting.done());
  CHECK(accepting.value().status().has_reason(reasons::kUnreachable));
  const Result<std::string> answer = await(loop, pair.client->read_some(1000));
  REQUIRE(answer.ok());
  CHECK(*answer == "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
}

class NoHandler final : public HttpHandler {
  Task<void> handle(HttpRequest, ResponseWriter*) override { co_return; }
};

TEST_CASE("a client that never finishes its handshake is cut off in time, and so is a server") {
  SimulatedLoop loop;
  NoHandler handler;
  HttpServerOptions options;
  options.tls = server_context(issue(server_request()));
  HttpServer server(loop.executor(), &loop.clock(), &handler, options);
  MemoryStreamPair pair = memory_stream_pair(loop.executor(), loop.executor());
  server.serve_connection(std::move(pair.server));
  loop.world().run_for(std::chrono::seconds(9));
  CHECK(server.connections() == 1);
  loop.world().run_for(std::chrono::seconds(2));
  CHECK(server.connections() == 0);
  await(loop, server.stop(Duration::zero()));

  MemoryNetwork network;
  const std::unique_ptr<Listener> silent = network.listen(loop.executor());
  const auto connector = over_tls(&loop.clock(), network.connector(loop.executor()), Endpoint{"kube", 6443},
                                  client_context(trusting()));
  const auto connected = await(loop, connector->connect(loop.clock().monotonic() + std::chrono::seconds(10)));
  CHECK(connected.status().has_reason(reasons::kTimeout));
  CHECK(connected.status().message() == "TLS handshake with kube:6443 took too long");
}

TEST_CASE("a connection cut at any byte of a handshake is an error, not a hang") {
  const CertifiedKey key = issue(server_request());
  for (std::size_t cut = 1; cut < 1200; cut += 37) {
    CAPTURE(cut);
    SimulatedLoop loop;
    MemoryStreamOptions options;
    options.cut_server_to_client = cut;
    MemoryStreamPair pair = memory_stream_pair(loop.executor(), loop.executor(), options);
    auto accepting = start(loop, tls_accept(std::move(pair.server), server_context(key)));
    auto connecting = start(
        loop, tls_connect(std::move(pair.client), client_context(trusting()), "localhost", "localhost:1"));
    loop.world().run_until_idle();
    CHECK(accepting.done());
    CHECK(connecting.done());
  }
}

TEST_CASE("bad PEM is named") {
  const CertifiedKey one = issue(server_request());
  const CertifiedKey two = issue(server_request());
  TlsServerOptions mismatch;
  mismatch.certificate_pem = one.certificate_pem;
  mismatch.key_pem = two.key_pem;
  CHECK(TlsContext::server(mismatch).status().message().find("does not belong") != std::string::npos);
  TlsServerOptions no_key;
  no_key.certificate_pem = one.certificate_pem;
  CHECK(TlsContext::server(no_key).status().message().find("the key is not") == 0);
  TlsClientOptions bad_ca;
  bad_ca.ca_pem = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n";
  CHECK(TlsContext::client(bad_ca).status().message().find("the certificate authority is not") == 0);
  CertificateRequest request = server_request();
  request.ip_addresses = {"300.1.1.1"};
  CHECK(issue_certificate(authority(), request, machine_now(), kYear)
            .status()
            .has_reason(reasons::kBadRequest));
}

TEST_CASE("a certificate tells its holder and its end") {
  CertificateRequest request;
  request.common_name = "system:kube-scheduler";
  request.organizations = {"one", "two"};
  request.for_client = true;
  const WallTime now{std::chrono::seconds(1767225600)};
  const auto made =
      issue_certificate(authority(), request, now, std::chrono::hours(24 * 400) + std::chrono::seconds(5));
  REQUIRE(made.ok());
  const auto info = read_certificate(made->certificate_pem);
  REQUIRE(info.ok());
  CHECK(info->common_name == "system:kube-scheduler");
  CHECK(info->organizations == std::vector<std::string>{"one", "two"});
  CHECK(info->not_after == now + std::chrono::hours(24 * 400) + std::chrono::seconds(5));
}

}  // namespace
}  // namespace heirloom::net
