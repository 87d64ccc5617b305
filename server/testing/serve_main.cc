// Serves the API server over plain HTTP on a free port of 127.0.0.1, in memory, and prints its URL: for
// replaying transcripts against it. Not part of the product: requests without a token act as administrator.
#include <cstdio>
#include <string>
#include <utility>

#include "base/metrics.h"
#include "base/random.h"
#include "net/event_loop.h"
#include "net/http_server.h"
#include "net/listener.h"
#include "server/api_server.h"
#include "server/http/http_frontend.h"
#include "server/resource_version.h"
#include "server/store/store.h"

namespace heirloom {
namespace {

Task<int> serve(net::EventLoop* loop, std::string token) {
  SystemRandom random;
  Metrics metrics;
  server::StoreOptions store_options;
  store_options.stamp = server::stamp_resource_version;
  auto store = server::make_memory_store(store_options, loop->executor(), &loop->clock());
  server::ApiServer server(loop->executor(), &loop->clock(), &random, store.get(), &metrics);
  const auto started = co_await server.start();
  if (!started.ok()) {
    std::fprintf(stderr, "cannot start: %s\n", started.message().c_str());
    co_return 1;
  }
  server::HttpFrontendOptions frontend_options;
  frontend_options.anonymous_admin = token.empty();
  if (!token.empty()) {
    server::TokenIdentity admin;
    admin.token = token;
    admin.identity = server::admin_identity();
    frontend_options.tokens.push_back(std::move(admin));
  }
  server::HttpFrontend frontend(&server, &metrics, frontend_options);
  net::HttpServerOptions http_options;
  http_options.render_error = server::render_http_error;
  net::HttpServer http(loop->executor(), &loop->clock(), &frontend, http_options);
  net::Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  auto listener = net::listen_tcp(loop->executor(), endpoint);
  if (!listener.ok()) {
    std::fprintf(stderr, "cannot listen: %s\n", listener.status().message().c_str());
    co_return 1;
  }
  std::printf("http://127.0.0.1:%d\n", static_cast<int>((*listener)->endpoint().port));
  std::fflush(stdout);
  http.serve(std::move(listener).value());
  co_await loop->wait_for_termination();
  const Duration grace = std::chrono::seconds(1);
  co_await http.stop(grace);
  co_await server.stop();
  co_await store->close();
  co_return 0;
}

}  // namespace
}  // namespace heirloom

int main(int argc, char** argv) {
  heirloom::net::EventLoop loop;
  const std::string token = argc > 1 ? argv[1] : "";
  return heirloom::net::await(loop, heirloom::serve(&loop, token));
}
