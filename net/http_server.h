// HttpServer: HTTP/1.1 sessions over byte streams, TLS by default. Everything is bounded; the handler sees
// whole requests only.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "net/http.h"
#include "net/listener.h"
#include "net/stream.h"
#include "net/tls.h"

namespace heirloom::net {

// Where a handler answers one request: send() once, or begin(), any number of write()s and finish(). A
// handler that returns without any of them answers 500. Lives as long as the handler's task.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;

  virtual const Peer& peer() const = 0;

  // The whole response. Compressed when the client accepts gzip and the body is large. Content-Length and
  // Date are added. Error: Unreachable when the client has gone; nothing is left to do then.
  virtual Task<Status> send(HttpResponse response) = 0;

  // A streamed (chunked) response, sent at once. From here on the client's going away, and the server's
  // stopping, cancel the handler's task: it unwinds with operation_aborted at its next co_await.
  virtual Task<Status> begin(int code, Headers headers) = 0;
  // One chunk; returns when the kernel has taken it (back-pressure). A client that takes nothing for
  // write_timeout is cut off.
  virtual Task<Status> write(std::string chunk) = 0;
  virtual Task<Status> finish() = 0;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // An exception other than cancellation is logged and answered with 500 (or cuts a response already begun).
  virtual Task<void> handle(HttpRequest request, ResponseWriter* response) = 0;
};

struct HttpServerOptions {
  std::shared_ptr<const TlsContext> tls;     // null: plain HTTP
  std::size_t max_connections = 1024;        // further ones wait in the kernel's queue
  std::size_t max_header_bytes = 64 * 1024;  // 431 above; kube-apiserver allows 1 MiB, tokens are 1-16 KiB
  std::size_t max_body_bytes = 3 * 1024 * 1024;  // 413 above; as kube-apiserver
  std::size_t gzip_above_bytes = 128 * 1024;     // as kube-apiserver
  Duration handshake_timeout = std::chrono::seconds(10);
  Duration read_timeout =
      std::chrono::seconds(30);  // from the first byte of a request to its last (slow senders)
  Duration idle_timeout = std::chrono::seconds(120);  // between requests
  Duration write_timeout = std::chrono::seconds(60);  // for one piece of a response
  // The body of an error the server itself answers (400, 413, 431, 500); a Kubernetes server gives a Status
  // here.
  std::function<HttpResponse(int code, std::string message)> render_error;
};

class HttpServer {
 public:
  // Clock and handler outlive the server.
  HttpServer(Executor executor, Clock* clock, HttpHandler* handler, HttpServerOptions options);
  ~HttpServer();  // after stop(), or after the executor's frames were dropped
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Accepts connections from the listener until stop(). May be called for several listeners.
  void serve(std::unique_ptr<Listener> listener);
  // Serves one open connection (tests, memory streams).
  void serve_connection(std::unique_ptr<ByteStream> stream);

  // Closes the listeners and idle connections at once, cancels streamed responses (they end in good order),
  // lets running requests finish for up to `grace`, then cancels those too.
  Task<void> stop(Duration grace);

  std::size_t connections() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace heirloom::net
