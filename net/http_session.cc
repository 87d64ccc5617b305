#include "net/http_session.h"

#include <algorithm>
#include <exception>

#include "base/deadline.h"
#include "base/log.h"
#include "net/gzip.h"
#include "net/http_write.h"

namespace heirloom::net {
namespace {

constexpr std::size_t kReadBytes = 32 * 1024;
// Read ahead while a response is streamed; a client that pipelines more than this is no longer listened to.
constexpr std::size_t kReadAheadBytes = 64 * 1024;
// After an error the rest of the request is read and dropped for a while: closing with unread bytes would
// reset the connection and could take the answer with it.
constexpr std::size_t kLingerBytes = 16 * 1024 * 1024;
constexpr Duration kLingerTime = std::chrono::seconds(5);
// Bodies from here on are written after the head instead of copied behind it.
constexpr std::size_t kSeparateBodyBytes = 64 * 1024;

std::string what(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown exception";
  }
}

bool has_body(int code) { return code >= 200 && code != 204 && code != 304; }

}  // namespace

// What the handler of one request writes to.
class SessionWriter final : public ResponseWriter {
 public:
  enum class State { Nothing, Streaming, Done };

  SessionWriter(HttpSession* session, const HttpRequestParser& parser)
      : session_(session), keep_alive_(parser.keep_alive()), http_10_(parser.http_10()) {}
  void learn(const HttpRequest& request) {
    head_ = request.method == "HEAD";
    gzip_ = request.headers.lists("Accept-Encoding", "gzip");
  }

  const Peer& peer() const override { return session_->stream_->peer(); }

  Task<Status> send(HttpResponse response) override {
    HEIRLOOM_ASSERT(state_ == State::Nothing);
    state_ = State::Done;
    if (gzip_ && response.body.size() >= session_->server_->options.gzip_above_bytes &&
        !response.headers.has("Content-Encoding")) {
      response.body = gzip(response.body);
      response.headers.set("Content-Encoding", "gzip");
      response.headers.add("Vary", "Accept-Encoding");
    }
    std::string framing = common_framing();
    if (has_body(response.code)) framing += fmt::format("Content-Length: {}\r\n", response.body.size());
    std::string bytes = response_head(response.code, response.headers, framing);
    std::string body = has_body(response.code) && !head_ ? std::move(response.body) : std::string();
    if (body.size() < kSeparateBodyBytes) {
      bytes += body;
      body.clear();
    }
    Status written = co_await session_->write(std::move(bytes));
    if (written.ok() && !body.empty()) written = co_await session_->write(std::move(body));
    co_return written;
  }

  Task<Status> begin(int code, Headers headers) override {
    HEIRLOOM_ASSERT(state_ == State::Nothing);
    state_ = State::Streaming;
    session_->phase_ = HttpSession::Phase::Streaming;
    if (http_10_) keep_alive_ = false;
    std::string framing = common_framing();
    if (!http_10_) framing += "Transfer-Encoding: chunked\r\n";
    session_->start_watching();
    if (session_->server_->stopping) session_->handler_canceller_->cancel();
    Status written = co_await session_->write(response_head(code, headers, framing));
    co_return written;
  }

  Task<Status> write(std::string chunk) override {
    HEIRLOOM_ASSERT(state_ == State::Streaming);
    if (chunk.empty() || head_) co_return Status();
    if (!http_10_) chunk = as_chunk(chunk);
    Status written = co_await session_->write(std::move(chunk));
    co_return written;
  }

  Task<Status> finish() override {
    HEIRLOOM_ASSERT(state_ == State::Streaming);
    state_ = State::Done;
    if (http_10_ || head_) co_return Status();
    Status written = co_await session_->write(std::string(kLastChunk));
    co_return written;
  }

  State state() const { return state_; }
  bool keep_alive() const { return keep_alive_ && !session_->server_->stopping; }

 private:
  std::string common_framing() {
    return fmt::format("Date: {}\r\n{}", session_->server_->date(),
                       keep_alive() ? "" : "Connection: close\r\n");
  }

  HttpSession* session_;
  bool keep_alive_;
  bool http_10_;
  bool head_ = false;
  bool gzip_ = false;
  State state_ = State::Nothing;
};

HttpServerState::HttpServerState(Executor e, Clock* c, HttpHandler* h, HttpServerOptions o)
    : executor(e), clock(c), handler(h), options(std::move(o)), changed(e), scope(e) {}

HttpResponse HttpServerState::error_response(int code, std::string message) const {
  if (options.render_error) return options.render_error(code, std::move(message));
  HttpResponse response;
  response.code = code;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = message + "\n";
  return response;
}

const std::string& HttpServerState::date() {
  const WallTime now = clock->now();
  const std::int64_t second =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (second != date_second_) {
    date_second_ = second;
    date_ = http_date(now);
  }
  return date_;
}

HttpSession::HttpSession(HttpServerState* server, std::unique_ptr<ByteStream> stream)
    : server_(server),
      stream_(std::move(stream)),
      watchdog_(server->executor, server->clock,
                std::min(server->options.read_timeout, server->options.write_timeout)),
      changed_(server->executor) {}

// However the session ends, its connection closes and the server forgets it.
struct SessionEnd {
  std::shared_ptr<HttpSession> session;
  ~SessionEnd() {
    session->watchdog_.stop();
    if (session->stream_) session->stream_->close();
    session->server_->sessions.remove(session);
    session->server_->changed.notify_all();
  }
};

Task<void> HttpSession::run(std::shared_ptr<HttpSession> session) {
  const SessionEnd end{session};
  const bool open = co_await session->handshake();
  if (open) co_await session->serve();
}

Task<bool> HttpSession::handshake() {
  if (!server_->options.tls) co_return true;
  const MonotonicTime deadline = server_->clock->monotonic() + server_->options.handshake_timeout;
  Task<Result<std::unique_ptr<ByteStream>>> accepting = tls_accept(std::move(stream_), server_->options.tls);
  const std::string what = "TLS handshake";
  Result<std::unique_ptr<ByteStream>> secured =
      co_await with_deadline(server_->clock, deadline, what, std::move(accepting));
  if (!secured.ok()) {
    log::debug("connection refused", {{"reason", secured.status().message()}});
    co_return false;
  }
  stream_ = std::move(*secured);
  co_return true;
}

namespace {

Task<void> run_watchdog(std::shared_ptr<HttpSession>, Watchdog* watchdog) { co_await watchdog->run(); }

}  // namespace

Task<void> HttpSession::serve() {
  watchdog_.guard(stream_.get());
  server_->scope.spawn("http watchdog", run_watchdog(shared_from_this(), &watchdog_));
  const HttpLimits limits{server_->options.max_header_bytes, server_->options.max_body_bytes};
  Next next = Next::KeepAlive;
  while (next == Next::KeepAlive && !server_->stopping) {
    HttpRequestParser parser(limits);
    const bool whole = co_await read_request(&parser);
    if (parser.failed()) {
      co_await refuse(parser.failure_code(), parser.failure());
      co_return;
    }
    if (!whole) co_return;
    next = co_await answer(std::move(parser));
  }
  if (next != Next::Drop) co_await linger();
}

// False when the client went away, or was too slow, before the request was whole; also when it failed to
// parse.
Task<bool> HttpSession::read_request(HttpRequestParser* parser) {
  const HttpServerOptions& options = server_->options;
  phase_ = in_.empty() ? Phase::Idle : Phase::Reading;
  const Duration patience = phase_ == Phase::Idle ? options.idle_timeout : options.read_timeout;
  watchdog_.arm(server_->clock->monotonic() + patience);
  bool continued = false;
  while (true) {
    in_.erase(0, parser->put(in_));
    if (parser->failed()) co_return false;
    if (parser->done()) co_return true;
    if (!continued && parser->header_done() && parser->wants_continue()) {
      continued = true;
      std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
      const Status written = co_await stream_->write(std::move(interim));
      if (!written.ok()) co_return false;
    }
    Result<std::string> bytes = co_await stream_->read_some(kReadBytes);
    if (!bytes.ok() || bytes->empty()) co_return false;
    if (phase_ == Phase::Idle) {
      phase_ = Phase::Reading;
      watchdog_.arm(server_->clock->monotonic() + options.read_timeout);
    }
    in_ += *bytes;
  }
}

Task<void> HttpSession::refuse(int code, std::string message) {
  const HttpResponse response = server_->error_response(code, std::move(message));
  const std::string framing = fmt::format("Date: {}\r\nConnection: close\r\nContent-Length: {}\r\n",
                                          server_->date(), response.body.size());
  std::string bytes = response_head(code, response.headers, framing) + response.body;
  const Status written = co_await write(std::move(bytes));
  if (written.ok()) co_await linger();
}

Task<void> HttpSession::linger() {
  watchdog_.arm(server_->clock->monotonic() + kLingerTime);
  const Status shut = co_await stream_->shutdown_write();
  if (!shut.ok()) co_return;
  phase_ = Phase::Idle;  // a stopping server need not wait for this
  if (server_->stopping) co_return;
  std::size_t dropped = in_.size();
  while (dropped < kLingerBytes) {
    const Result<std::string> bytes = co_await stream_->read_some(kReadBytes);
    if (!bytes.ok() || bytes->empty()) co_return;
    dropped += bytes->size();
  }
}

Task<HttpSession::Next> HttpSession::answer(HttpRequestParser parser) {
  phase_ = Phase::Handling;
  watchdog_.disarm();
  SessionWriter writer(this, parser);
  HttpRequest request = parser.take();
  writer.learn(request);
  handler_canceller_ = std::make_shared<Canceller>();
  bool completed = false;
  std::exception_ptr error;
  try {
    Task<void> handling = server_->handler->handle(std::move(request), &writer);
    completed = co_await run_cancellable(std::move(handling), handler_canceller_);
  } catch (...) {
    error = std::current_exception();
  }
  if (is_cancellation(error)) std::rethrow_exception(error);
  co_await stop_watching();
  if (error)
    log::error("request handler failed", {{"peer", stream_->peer().address}, {"error", what(error)}});
  if (gone_ || write_broken_) co_return Next::Drop;
  using State = SessionWriter::State;
  if (writer.state() == State::Nothing) {
    co_await refuse(500, "the request could not be answered");
    co_return Next::Drop;
  }
  if (writer.state() == State::Streaming) {
    // Unfinished. When we ended it ourselves, to stop, it ends in good order; a handler that failed is cut
    // off.
    if (!completed && !error) {
      const Status ended = co_await writer.finish();
      if (ended.ok()) co_return Next::Close;
    }
    co_return Next::Drop;
  }
  co_return writer.keep_alive() ? Next::KeepAlive : Next::Close;
}

namespace {

struct WriteGuard {
  bool* broken;
  bool done = false;
  ~WriteGuard() { *broken = *broken || !done; }
};

}  // namespace

Task<Status> HttpSession::write(std::string bytes) {
  if (write_broken_) co_return unreachable("the client has gone");
  WriteGuard guard{&write_broken_};
  watchdog_.arm(server_->clock->monotonic() + server_->options.write_timeout);
  Status written = co_await stream_->write(std::move(bytes));
  watchdog_.disarm();
  guard.done = written.ok();
  co_return written;
}

void HttpSession::begin_stop() {
  if (phase_ == Phase::Idle && stream_) stream_->close();
  if (phase_ == Phase::Streaming) handler_canceller_->cancel();
}

void HttpSession::start_watching() {
  watching_ = true;
  watch_canceller_ = std::make_shared<Canceller>();
  server_->scope.spawn("http client watcher", run_watcher(shared_from_this()));
}

Task<void> HttpSession::stop_watching() {
  if (!watching_) co_return;
  watch_canceller_->cancel();
  while (watching_) co_await changed_.wait();
}

struct WatchingEnd {
  std::shared_ptr<HttpSession> session;
  ~WatchingEnd() {
    session->watching_ = false;
    session->changed_.notify_all();
  }
};

Task<void> HttpSession::run_watcher(std::shared_ptr<HttpSession> session) {
  const WatchingEnd end{session};
  Task<void> watching = session->watch_client();
  co_await run_cancellable(std::move(watching), session->watch_canceller_);
}

Task<void> HttpSession::watch_client() {
  while (in_.size() < kReadAheadBytes) {
    const Result<std::string> bytes = co_await stream_->read_some(kReadBytes);
    if (!bytes.ok() || bytes->empty()) {
      gone_ = true;
      handler_canceller_->cancel();
      co_return;
    }
    in_ += *bytes;
  }
}

}  // namespace heirloom::net
