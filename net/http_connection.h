// The client's side of one connection, and the pool of those that are kept.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/task_scope.h"
#include "net/http_client.h"
#include "net/http_parser.h"
#include "net/watchdog.h"

namespace heirloom::net {

class HttpConnection {
 public:
  HttpConnection(const Executor& executor, Clock* clock, std::unique_ptr<ByteStream> stream);
  ~HttpConnection() { close(); }

  ByteStream& stream() { return *stream_; }
  Watchdog& watchdog() { return watchdog_; }
  void close();  // for good
  bool closed() const { return closed_; }

  std::string in;  // read, not parsed yet
  bool reused = false;
  MonotonicTime idle_since{};

 private:
  std::unique_ptr<ByteStream> stream_;
  Watchdog watchdog_;
  bool closed_ = false;
};

struct HttpClientState {
  HttpClientState(Executor e, Clock* c, std::unique_ptr<Connector> n, HttpClientOptions o);

  // A kept connection that still looks alive, or null.
  std::shared_ptr<HttpConnection> take_idle();
  void keep(std::shared_ptr<HttpConnection> connection);
  void close_all();

  Executor executor;
  Clock* clock;
  std::unique_ptr<Connector> connector;
  HttpClientOptions options;
  std::list<std::shared_ptr<HttpConnection>> idle;       // the most recently used last
  std::list<std::weak_ptr<HttpConnection>> connections;  // all that are open
  std::size_t opened = 0;
  bool stopped = false;
  TaskScope scope;  // of the watchdogs
};

Task<Result<std::shared_ptr<HttpConnection>>> open_connection(std::shared_ptr<HttpClientState> client,
                                                              MonotonicTime deadline);

}  // namespace heirloom::net
