// One connection of an HttpServer, from the handshake to its end.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "base/cancellation.h"
#include "base/signal.h"
#include "base/task_scope.h"
#include "net/http_parser.h"
#include "net/http_server.h"
#include "net/watchdog.h"

namespace heirloom::net {

class HttpSession;

// What the sessions of one server share. Outlives their frames.
struct HttpServerState {
  HttpServerState(Executor e, Clock* c, HttpHandler* h, HttpServerOptions o);
  // The error body a client gets; see HttpServerOptions::render_error.
  HttpResponse error_response(int code, std::string message) const;
  const std::string& date();

  Executor executor;
  Clock* clock;
  HttpHandler* handler;
  HttpServerOptions options;
  std::list<std::shared_ptr<Listener>> listeners;
  std::list<std::shared_ptr<HttpSession>> sessions;
  bool stopping = false;
  Signal changed;  // sessions, stopping
  TaskScope scope;

 private:
  std::int64_t date_second_ = -1;
  std::string date_;
};

class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(HttpServerState* server, std::unique_ptr<ByteStream> stream);

  // Runs the connection. The session is kept alive by its tasks.
  static Task<void> run(std::shared_ptr<HttpSession> session);
  // The server stops: an idle connection is closed, a streamed response is ended, a running request goes on.
  void begin_stop();

 private:
  friend class SessionWriter;
  friend struct SessionEnd;
  friend struct WatchingEnd;
  enum class Phase { Idle, Reading, Handling, Streaming };
  enum class Next {
    KeepAlive,
    Close,  // in good order
    Drop,   // at once: the client has gone, or must see that the response is not whole
  };

  Task<bool> handshake();
  Task<void> serve();
  Task<bool> read_request(HttpRequestParser* parser);
  Task<void> refuse(int code, std::string message);
  Task<void> linger();
  Task<Next> answer(HttpRequestParser parser);
  Task<Status> write(std::string bytes);

  // While a response is streamed somebody must read, or the client's going away goes unnoticed.
  void start_watching();
  Task<void> stop_watching();
  Task<void> watch_client();
  static Task<void> run_watcher(std::shared_ptr<HttpSession> session);

  HttpServerState* server_;
  std::unique_ptr<ByteStream> stream_;
  Watchdog watchdog_;
  Signal changed_;
  std::string in_;  // read, not parsed yet
  Phase phase_ = Phase::Idle;
  bool gone_ = false;  // the client
  bool watching_ = false;
  bool write_broken_ = false;  // a write failed or was cut short: nothing may follow
  std::shared_ptr<Canceller> handler_canceller_;
  std::shared_ptr<Canceller> watch_canceller_;
};

}  // namespace heirloom::net
