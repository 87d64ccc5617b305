#include "net/http_server.h"

#include <utility>

#include "base/log.h"
#include "net/http_session.h"

namespace heirloom::net {
namespace {

// Between attempts to accept while the process is out of descriptors.
constexpr Duration kAcceptBackoff = std::chrono::milliseconds(100);

void start_session(HttpServerState* server, std::unique_ptr<ByteStream> stream) {
  const auto session = std::make_shared<HttpSession>(server, std::move(stream));
  server->sessions.push_back(session);
  server->scope.spawn("http session", HttpSession::run(session));
}

Task<void> accept_from(HttpServerState* server, std::shared_ptr<Listener> listener) {
  while (!server->stopping) {
    while (server->sessions.size() >= server->options.max_connections) co_await server->changed.wait();
    Result<std::unique_ptr<ByteStream>> stream = co_await listener->accept();
    if (server->stopping) co_return;
    if (stream.ok()) {
      start_session(server, std::move(*stream));
      continue;
    }
    if (stream.status().has_reason(reasons::kUnreachable)) co_return;  // closed
    log::warning("cannot accept connections", {{"error", stream.status().message()}});
    co_await server->clock->sleep_for(kAcceptBackoff);
  }
}

Task<void> stop_server(HttpServerState* server, Duration grace) {
  server->stopping = true;
  for (const auto& listener : server->listeners) listener->close();
  for (const auto& session : server->sessions) session->begin_stop();
  const MonotonicTime deadline = server->clock->monotonic() + grace;
  bool in_time = true;
  while (!server->sessions.empty() && in_time) {
    in_time = co_await server->changed.wait_until(server->clock, deadline);
  }
  co_await server->scope.stop();
  server->sessions.clear();
  server->listeners.clear();
}

}  // namespace

struct HttpServer::State : HttpServerState {
  using HttpServerState::HttpServerState;
};

HttpServer::HttpServer(Executor executor, Clock* clock, HttpHandler* handler, HttpServerOptions options)
    : state_(std::make_shared<State>(std::move(executor), clock, handler, std::move(options))) {}

HttpServer::~HttpServer() = default;

void HttpServer::serve(std::unique_ptr<Listener> listener) {
  const std::shared_ptr<Listener> shared = std::move(listener);
  state_->listeners.push_back(shared);
  state_->scope.spawn("http accept", accept_from(state_.get(), shared));
}

void HttpServer::serve_connection(std::unique_ptr<ByteStream> stream) {
  if (!state_->stopping) start_session(state_.get(), std::move(stream));
}

Task<void> HttpServer::stop(Duration grace) { return stop_server(state_.get(), grace); }

std::size_t HttpServer::connections() const { return state_->sessions.size(); }

}  // namespace heirloom::net
