#include "net/memory_stream.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/signal.h"

namespace heirloom::net {
namespace {

// One direction.
struct Pipe {
  Pipe(const Executor& reader, const Executor& writer, std::size_t cap, std::size_t cut)
      : readable(reader), writable(writer), capacity(cap), cut_after(cut) {}

  std::string bytes;
  Signal readable;
  Signal writable;
  std::size_t capacity;
  std::size_t cut_after;
  std::size_t written = 0;
  bool ended = false;  // the writer said so, or went
};

struct Connection {
  Connection(const Executor& client, const Executor& server, const MemoryStreamOptions& o)
      : options(o),
        to_server(server, client, o.capacity, o.cut_client_to_server),
        to_client(client, server, o.capacity, o.cut_server_to_client) {}

  void cut() {
    broken = true;
    for (Pipe* pipe : {&to_server, &to_client}) {
      pipe->readable.notify_all();
      pipe->writable.notify_all();
    }
  }

  MemoryStreamOptions options;
  Pipe to_server;
  Pipe to_client;
  bool broken = false;
};

class MemoryStream final : public ByteStream {
 public:
  MemoryStream(std::shared_ptr<Connection> connection, Pipe* in, Pipe* out, Peer peer)
      : connection_(std::move(connection)), in_(in), out_(out), peer_(std::move(peer)) {}
  ~MemoryStream() override { close(); }

  Task<Result<std::string>> read_some(std::size_t max) override {
    while (in_->bytes.empty() && !closed_) {
      if (connection_->broken) co_return unreachable("the connection was cut");
      if (in_->ended) co_return std::string();
      co_await in_->readable.wait();
    }
    if (closed_) co_return unreachable("the connection was closed");
    std::size_t count = std::min(max, in_->bytes.size());
    if (connection_->options.max_read > 0) count = std::min(count, connection_->options.max_read);
    std::string piece = in_->bytes.substr(0, count);
    in_->bytes.erase(0, count);
    in_->writable.notify_all();
    co_return piece;
  }

  Task<Status> write(std::string bytes) override {
    std::size_t done = 0;
    while (done < bytes.size()) {
      if (closed_ || out_->ended) co_return unreachable("the connection was closed");
      if (connection_->broken) co_return unreachable("the connection was cut");
      if (peer_gone()) co_return unreachable("the other end closed the connection");
      if (out_->bytes.size() >= out_->capacity) {
        co_await out_->writable.wait();
        continue;
      }
      const std::size_t before_cut = out_->cut_after - std::min(out_->cut_after, out_->written);
      const std::size_t count =
          std::min({bytes.size() - done, out_->capacity - out_->bytes.size(), before_cut});
      out_->bytes.append(bytes, done, count);
      out_->written += count;
      done += count;
      out_->readable.notify_all();
      if (out_->written >= out_->cut_after) connection_->cut();
    }
    co_return Status();
  }

  Task<Status> shutdown_write() override {
    end_writing();
    co_return Status();
  }

  bool reusable() override {
    return !closed_ && !connection_->broken && !in_->ended && in_->bytes.empty() && !peer_gone();
  }

  void close() override {
    if (closed_) return;
    closed_ = true;
    end_writing();
    in_->capacity = 0;  // what the peer writes goes nowhere
    in_->readable.notify_all();
    in_->writable.notify_all();
    out_->writable.notify_all();
  }

  const Peer& peer() const override { return peer_; }

 private:
  bool peer_gone() const { return out_->capacity == 0; }
  void end_writing() {
    out_->ended = true;
    out_->readable.notify_all();
  }

  std::shared_ptr<Connection> connection_;
  Pipe* in_;  // of the connection
  Pipe* out_;
  Peer peer_;
  bool closed_ = false;
};

}  // namespace

MemoryStreamPair memory_stream_pair(Executor client, Executor server, MemoryStreamOptions options) {
  const auto connection = std::make_shared<Connection>(client, server, options);
  Peer server_peer;
  server_peer.address = "memory-server";
  Peer client_peer = options.client_as_seen_by_server;
  if (client_peer.address.empty()) client_peer.address = "memory-client";
  MemoryStreamPair pair;
  pair.client =
      std::make_unique<MemoryStream>(connection, &connection->to_client, &connection->to_server, server_peer);
  pair.server =
      std::make_unique<MemoryStream>(connection, &connection->to_server, &connection->to_client, client_peer);
  return pair;
}

namespace {

struct MemoryListenerState {
  explicit MemoryListenerState(const Executor& e) : executor(e), changed(e) {}
  Executor executor;
  Signal changed;
  std::deque<std::unique_ptr<ByteStream>> waiting;
  bool open = true;
};

class MemoryListener final : public Listener {
 public:
  explicit MemoryListener(std::shared_ptr<MemoryListenerState> state) : state_(std::move(state)) {}
  ~MemoryListener() override { close(); }

  Task<Result<std::unique_ptr<ByteStream>>> accept() override {
    while (state_->open && state_->waiting.empty()) co_await state_->changed.wait();
    if (!state_->open) co_return unreachable("the listener was closed");
    std::unique_ptr<ByteStream> stream = std::move(state_->waiting.front());
    state_->waiting.pop_front();
    co_return stream;
  }

  void close() override {
    state_->open = false;
    state_->waiting.clear();
    state_->changed.notify_all();
  }

  Endpoint endpoint() const override { return {"memory", 1}; }

 private:
  std::shared_ptr<MemoryListenerState> state_;
};

}  // namespace

struct MemoryNetwork::State {
  std::function<MemoryStreamOptions()> options;
  std::weak_ptr<MemoryListenerState> listener;
};

namespace {

template <class State>
class MemoryConnector final : public Connector {
 public:
  MemoryConnector(std::shared_ptr<State> state, Executor executor)
      : state_(std::move(state)), executor_(std::move(executor)) {}

  Task<Result<std::unique_ptr<ByteStream>>> connect(MonotonicTime) override {
    const std::shared_ptr<MemoryListenerState> listener = state_->listener.lock();
    if (!listener || !listener->open) co_return unreachable("connect to memory: connection refused");
    MemoryStreamOptions options;
    if (state_->options) options = state_->options();
    MemoryStreamPair pair = memory_stream_pair(executor_, listener->executor, std::move(options));
    listener->waiting.push_back(std::move(pair.server));
    listener->changed.notify_all();
    co_return std::move(pair.client);
  }

 private:
  std::shared_ptr<State> state_;
  Executor executor_;
};

}  // namespace

MemoryNetwork::MemoryNetwork(std::function<MemoryStreamOptions()> options)
    : state_(std::make_shared<State>()) {
  state_->options = std::move(options);
}

MemoryNetwork::~MemoryNetwork() = default;

std::unique_ptr<Listener> MemoryNetwork::listen(Executor executor) {
  const auto listener = std::make_shared<MemoryListenerState>(executor);
  state_->listener = listener;
  return std::make_unique<MemoryListener>(listener);
}

std::unique_ptr<Connector> MemoryNetwork::connector(Executor executor) {
  return std::make_unique<MemoryConnector<State>>(state_, std::move(executor));
}

}  // namespace heirloom::net
