#include "net/http_connection.h"

#include <algorithm>
#include <utility>

namespace heirloom::net {
namespace {

// Requests rarely have less time than this; see Watchdog.
constexpr Duration kPatience = std::chrono::seconds(5);

Task<void> run_watchdog(std::shared_ptr<HttpConnection> connection) { co_await connection->watchdog().run(); }

}  // namespace

HttpConnection::HttpConnection(const Executor& executor, Clock* clock, std::unique_ptr<ByteStream> stream)
    : stream_(std::move(stream)), watchdog_(executor, clock, kPatience) {
  watchdog_.guard(stream_.get());
}

void HttpConnection::close() {
  if (closed_) return;
  closed_ = true;
  stream_->close();
  watchdog_.stop();
}

HttpClientState::HttpClientState(Executor e, Clock* c, std::unique_ptr<Connector> n, HttpClientOptions o)
    : executor(e), clock(c), connector(std::move(n)), options(std::move(o)), scope(e) {}

std::shared_ptr<HttpConnection> HttpClientState::take_idle() {
  const MonotonicTime oldest = clock->monotonic() - options.idle_limit;
  while (!idle.empty() && idle.front()->idle_since < oldest) {
    idle.front()->close();
    idle.pop_front();
  }
  while (!idle.empty()) {
    std::shared_ptr<HttpConnection> connection = std::move(idle.back());
    idle.pop_back();
    if (!connection->closed() && connection->stream().reusable()) {
      connection->reused = true;
      return connection;
    }
    connection->close();
  }
  return nullptr;
}

void HttpClientState::keep(std::shared_ptr<HttpConnection> connection) {
  connection->watchdog().disarm();
  if (stopped || connection->closed() || !connection->in.empty()) {
    connection->close();
    return;
  }
  connection->idle_since = clock->monotonic();
  idle.push_back(std::move(connection));
  while (idle.size() > options.max_idle_connections) {
    idle.front()->close();
    idle.pop_front();
  }
}

void HttpClientState::close_all() {
  stopped = true;
  for (const auto& weak : connections) {
    if (const auto connection = weak.lock()) connection->close();
  }
  connections.clear();
  idle.clear();
}

Task<Result<std::shared_ptr<HttpConnection>>> open_connection(std::shared_ptr<HttpClientState> client,
                                                              MonotonicTime deadline) {
  const MonotonicTime limit = client->clock->monotonic() + client->options.connect_timeout;
  Result<std::unique_ptr<ByteStream>> stream = co_await client->connector->connect(std::min(deadline, limit));
  // Nothing was sent yet, whatever went wrong: never the Timeout that leaves an outcome open.
  if (!stream.ok()) co_return unreachable(stream.status().message());
  auto connection = std::make_shared<HttpConnection>(client->executor, client->clock, std::move(*stream));
  if (client->stopped) {
    connection->close();
    co_return unreachable("the client was stopped");
  }
  ++client->opened;
  std::erase_if(client->connections,
                [](const auto& weak) { return weak.expired() || weak.lock()->closed(); });
  client->connections.push_back(connection);
  client->scope.spawn("http client watchdog", run_watchdog(connection));
  co_return connection;
}

}  // namespace heirloom::net
