// HttpClient: HTTP/1.1 to one place, over a pool of kept-alive connections.
//
// One attempt per call, with one exception: a safe request (GET, HEAD) that met a kept connection which the
// server had closed meanwhile is sent again on a fresh one. Anything else that fails after it may have been
// sent is Unreachable: it may or may not have been carried out.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "net/http.h"
#include "net/stream.h"

namespace heirloom::net {

struct HttpClientOptions {
  std::string host;         // the Host header; required
  std::string path_prefix;  // before every target; "" or "/prefix"
  std::string user_agent = "heirloom/" HEIRLOOM_VERSION;
  bool accept_gzip = false;  // worth it over a network only: it costs the server CPU
  Duration connect_timeout = std::chrono::seconds(10);  // within the request's deadline
  Duration idle_limit = std::chrono::seconds(60);       // a kept connection is not reused after this
  std::size_t max_idle_connections = 32;
  std::size_t max_header_bytes = 64 * 1024;
  std::size_t max_body_bytes = 256 * 1024 * 1024;  // decoded; a LIST without limit can be large
};

// A response whose body is read piece by piece (a watch). Closing or destroying it closes the connection,
// unless the body was read to its end.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  virtual int code() const = 0;
  virtual const Headers& headers() const = 0;
  // Some bytes of the body, decoded; empty at its orderly end. Error: Unreachable (the connection broke, also
  // in the middle of a chunk), Timeout when nothing at all came until the deadline.
  virtual Task<Result<std::string>> read_some(MonotonicTime deadline) = 0;
  // The rest of the body, for error responses. Error also: RequestEntityTooLarge beyond the limit.
  virtual Task<Result<std::string>> read_rest(std::size_t max, MonotonicTime deadline) = 0;
  virtual void close() = 0;
};

class HttpClient {
 public:
  // The clock outlives the client.
  HttpClient(Executor executor, Clock* clock, std::unique_ptr<Connector> connector,
             HttpClientOptions options);
  ~HttpClient();  // after stop(), or after the executor's frames were dropped
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // The whole response, of any code. Adds Host, User-Agent, Content-Length. Error: Unreachable, Timeout (504:
  // the deadline passed; a request that was sent may take effect), RequestEntityTooLarge when the body
  // exceeds the limit. send_by: when no connection was there by then, nothing is sent (Unreachable): for requests that
  // carry their own timeout, which the server counts from when it gets them.
  Task<Result<HttpResponse>> send(HttpRequest request, MonotonicTime deadline,
                                  MonotonicTime send_by = MonotonicTime::max());
  // The response as soon as its header is there; the deadline is for that.
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest request, MonotonicTime deadline);

  // Closes every connection (pending calls fail) and waits until nothing is left. Streams may outlive it,
  // closed.
  Task<void> stop();

  std::size_t idle_connections() const;
  std::size_t connections_opened() const;  // since the start

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace heirloom::net
