// A connection in memory, for tests and simulation: two ends, each a ByteStream, and a place to break it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "net/listener.h"
#include "net/stream.h"

namespace heirloom::net {

struct MemoryStreamOptions {
  std::size_t capacity = 64 * 1024;  // bytes under way in one direction before write() waits
  std::size_t max_read = 0;  // a read gives at most this many bytes (1 = every framing boundary); 0: no limit
  // After this many bytes of a direction the connection is cut: both ends fail. npos: never.
  std::size_t cut_client_to_server = std::string::npos;
  std::size_t cut_server_to_client = std::string::npos;
  Peer client_as_seen_by_server;
};

struct MemoryStreamPair {
  std::unique_ptr<ByteStream> client;
  std::unique_ptr<ByteStream> server;
};

// Each end waits on its own executor, so the two can belong to different instances of a simulation. When one
// end's object is destroyed (also by a simulated crash) the other sees the end of the stream.
MemoryStreamPair memory_stream_pair(Executor client, Executor server, MemoryStreamOptions options = {});

// A Listener and the Connectors that reach it. Options are drawn per connection.
class MemoryNetwork {
 public:
  explicit MemoryNetwork(std::function<MemoryStreamOptions()> options = {});
  ~MemoryNetwork();
  // Connections go to the latest open listener; without one they are refused (Unreachable).
  std::unique_ptr<Listener> listen(Executor executor);
  std::unique_ptr<Connector> connector(Executor executor);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace heirloom::net
