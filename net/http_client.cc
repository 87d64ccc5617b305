#include "net/http_client.h"

#include <optional>
#include <utility>

#include "net/gzip.h"
#include "net/http_connection.h"
#include "net/http_write.h"

namespace heirloom::net {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kSeparateBodyBytes = 64 * 1024;  // larger bodies are not copied behind the head
constexpr std::size_t kShownTargetBytes = 200;         // of a target in a message

bool has_control(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  }
  return false;
}

// What must not reach the wire: it could end a line there.
Status check(const HttpRequest& request) {
  if (request.target.empty() || request.target.front() != '/' || has_control(request.target) ||
      request.target.find(' ') != std::string::npos) {
    return bad_request(
        fmt::format("the request target \"{}\" is not a path with everything else percent-encoded",
                    request.target.substr(0, kShownTargetBytes)));
  }
  for (const auto& [name, value] : request.headers) {
    if (has_control(name) || has_control(value) || name.empty()) {
      return bad_request(
          fmt::format("the header field {} holds a control character, perhaps a line end", name));
    }
  }
  return Status();
}

bool is_safe(const std::string& method) { return method == "GET" || method == "HEAD"; }

std::string head_of(const HttpClientOptions& options, HttpRequest& request) {
  if (!request.headers.has("User-Agent")) request.headers.add("User-Agent", options.user_agent);
  if (options.accept_gzip && !request.headers.has("Accept-Encoding"))
    request.headers.add("Accept-Encoding", "gzip");
  std::string framing = fmt::format("Host: {}\r\n", options.host);
  if (!request.body.empty() || !is_safe(request.method)) {
    framing += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  return request_head(request.method, options.path_prefix + request.target, request.headers, framing);
}

std::string name_of(const HttpClientOptions& options, const HttpRequest& request) {
  return fmt::format("{} {}{}{}", request.method, options.host, options.path_prefix,
                     request.target.substr(0, kShownTargetBytes));
}

// One exchange on one connection. Whoever drops it before the body's end closes the connection.
class Exchange final : public HttpStream {
 public:
  Exchange(std::shared_ptr<HttpClientState> client, std::shared_ptr<HttpConnection> connection,
           std::string name, bool to_head)
      : client_(std::move(client)),
        connection_(std::move(connection)),
        name_(std::move(name)),
        parser_(client_->options.max_header_bytes, to_head) {}
  ~Exchange() override { close(); }

  // Sends the request and reads the response's header.
  Task<Status> begin(std::string head, std::string body, MonotonicTime deadline) {
    connection_->watchdog().arm(deadline);
    if (body.size() < kSeparateBodyBytes) {
      head += body;
      body.clear();
    }
    Status sent = co_await connection_->stream().write(std::move(head));
    if (sent.ok() && !body.empty()) sent = co_await connection_->stream().write(std::move(body));
    // A server that refuses a request may answer and close before it has read everything: look for that
    // answer.
    while (!parser_.header_done()) {
      const Status read = co_await read_more();
      if (!read.ok()) co_return sent.ok() || something_came_ ? read : failure(sent);
    }
    if (parser_.headers().lists("Content-Encoding", "gzip")) gunzip_.emplace();
    co_return Status();
  }

  bool something_came() const { return something_came_; }

  int code() const override { return parser_.code(); }
  const Headers& headers() const override { return parser_.headers(); }

  Task<Result<std::string>> read_some(MonotonicTime deadline) override {
    if (connection_) connection_->watchdog().arm(deadline);
    while (true) {
      Result<std::string> piece = decode(parser_.take_body());
      if (!piece.ok() || !piece->empty()) co_return piece;
      if (parser_.done()) {
        release();
        co_return std::string();
      }
      if (!connection_) co_return unreachable(name_ + ": the response was closed");
      const Status read = co_await read_more();
      if (!read.ok()) co_return read;
    }
  }

  Task<Result<std::string>> read_rest(std::size_t max, MonotonicTime deadline) override {
    max_body_ = max;
    std::string body;
    while (true) {
      Result<std::string> piece = co_await read_some(deadline);
      if (!piece.ok()) co_return piece;
      if (piece->empty()) co_return body;
      if (body.size() + piece->size() > max)
        co_return too_large(fmt::format("{}: over {} bytes", name_, max));
      if (body.empty()) {
        body = std::move(*piece);
      } else {
        body += *piece;
      }
    }
  }

  void close() override {
    if (!connection_) return;
    connection_->close();
    connection_ = nullptr;
  }

 private:
  Task<Status> read_more() {
    // Held here: close() may let go of it while we wait.
    const std::shared_ptr<HttpConnection> connection = connection_;
    if (connection->in.empty() || stalled_) {
      Result<std::string> bytes = co_await connection->stream().read_some(kReadBytes);
      if (!bytes.ok()) co_return failure(bytes.status());
      if (bytes->empty()) {
        if (!something_came_)
          co_return failure(unreachable("the server closed the connection without an answer"));
        if (stalled_) co_return failure(unreachable("the connection ended in the middle of a response"));
        parser_.put_end();
      }
      something_came_ = true;
      connection->in += *bytes;
    }
    connection->in.erase(0, parser_.put(connection->in));
    if (parser_.failed())
      co_return failure(unreachable("the server's answer is malformed: " + parser_.failure()));
    stalled_ = !connection->in.empty();
    co_return Status();
  }

  Status failure(const Status& status) {
    const bool late = connection_ && connection_->watchdog().fired();
    close();
    if (late) return timed_out(name_ + ": no answer in time");
    return annotate(status, name_);
  }

  Result<std::string> decode(std::string piece) {
    if (!gunzip_ || piece.empty()) return piece;
    Result<std::string> plain = gunzip_->put(piece, max_body_);
    if (plain.ok()) return plain;
    close();
    return annotate(plain.status(), name_);
  }

  // The body was read to its end: the connection can serve the next request.
  void release() {
    if (!connection_) return;
    const std::shared_ptr<HttpConnection> connection = std::exchange(connection_, nullptr);
    if (parser_.keep_alive()) {
      client_->keep(connection);
    } else {
      connection->close();
    }
  }

  std::shared_ptr<HttpClientState> client_;
  std::shared_ptr<HttpConnection> connection_;  // null once closed or given back
  std::string name_;
  HttpResponseParser parser_;
  std::optional<Gunzip> gunzip_;
  std::size_t max_body_ = std::string::npos;
  bool something_came_ = false;
  bool stalled_ = false;  // what was read and is not parsed needs more behind it
};

using Opened = Result<std::unique_ptr<HttpStream>>;

Task<Opened> open_stream(std::shared_ptr<HttpClientState> client, HttpRequest request, MonotonicTime deadline,
                         MonotonicTime send_by) {
  const Status sound = check(request);
  if (!sound.ok()) co_return sound;
  const std::string head = head_of(client->options, request);
  const std::string name = name_of(client->options, request);
  bool fresh = false;
  while (true) {
    if (client->stopped) co_return unreachable(name + ": the client was stopped");
    std::shared_ptr<HttpConnection> connection = fresh ? nullptr : client->take_idle();
    if (!connection) {
      Result<std::shared_ptr<HttpConnection>> opened = co_await open_connection(client, deadline);
      if (!opened.ok()) co_return annotate(opened.status(), name);
      connection = std::move(*opened);
    }
    if (client->clock->monotonic() > send_by) {
      client->keep(connection);
      co_return unreachable(name + ": not sent: there was no connection in time");
    }
    const bool reused = connection->reused;
    auto exchange = std::make_unique<Exchange>(client, std::move(connection), name, request.method == "HEAD");
    std::string head_copy = head;
    std::string body = is_safe(request.method) ? request.body : std::move(request.body);
    const Status begun = co_await exchange->begin(std::move(head_copy), std::move(body), deadline);
    if (begun.ok()) {
      std::unique_ptr<HttpStream> stream = std::move(exchange);
      co_return stream;
    }
    const bool stale = reused && !exchange->something_came() && begun.has_reason(reasons::kUnreachable);
    if (!stale || !is_safe(request.method)) co_return begun;
    fresh = true;
  }
}

Task<Result<HttpResponse>> send_whole(std::shared_ptr<HttpClientState> client, HttpRequest request,
                                      MonotonicTime deadline, MonotonicTime send_by) {
  Opened stream = co_await open_stream(client, std::move(request), deadline, send_by);
  if (!stream.ok()) co_return std::move(stream).status();
  HttpResponse response;
  response.code = (*stream)->code();
  response.headers = (*stream)->headers();
  Result<std::string> body = co_await (*stream)->read_rest(client->options.max_body_bytes, deadline);
  if (!body.ok()) co_return std::move(body).status();
  response.body = std::move(*body);
  co_return response;
}

Task<void> stop_client(std::shared_ptr<HttpClientState> client) {
  client->close_all();
  co_await client->scope.stop();
}

}  // namespace

struct HttpClient::State : HttpClientState {
  using HttpClientState::HttpClientState;
};

HttpClient::HttpClient(Executor executor, Clock* clock, std::unique_ptr<Connector> connector,
                       HttpClientOptions options)
    : state_(std::make_shared<State>(std::move(executor), clock, std::move(connector), std::move(options))) {}

HttpClient::~HttpClient() = default;

Task<Result<HttpResponse>> HttpClient::send(HttpRequest request, MonotonicTime deadline, MonotonicTime send_by) {
  return send_whole(state_, std::move(request), deadline, send_by);
}

Task<Result<std::unique_ptr<HttpStream>>> HttpClient::open(HttpRequest request, MonotonicTime deadline) {
  return open_stream(state_, std::move(request), deadline, MonotonicTime::max());
}

Task<void> HttpClient::stop() { return stop_client(state_); }

std::size_t HttpClient::idle_connections() const { return state_->idle.size(); }
std::size_t HttpClient::connections_opened() const { return state_->opened; }

}  // namespace heirloom::net
