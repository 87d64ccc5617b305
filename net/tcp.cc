#include "net/tcp.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/cancellation.h"
#include "base/deadline.h"
#include "net/listener.h"

namespace heirloom::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Token = asio::use_awaitable_t<Executor>;

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr int kBacklog = 1024;

// A peer that vanished without a word (power, network) is noticed after about a minute and a half, also on a
// connection that only listens, such as a watch.
constexpr int kKeepAliveIdleSeconds = 30;
constexpr int kKeepAliveIntervalSeconds = 15;
constexpr int kKeepAliveProbes = 4;

void set_options(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  const int fd = socket.native_handle();
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &kKeepAliveIdleSeconds, sizeof kKeepAliveIdleSeconds);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &kKeepAliveIntervalSeconds, sizeof kKeepAliveIntervalSeconds);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &kKeepAliveProbes, sizeof kKeepAliveProbes);
}

Endpoint to_endpoint(const tcp::endpoint& e) {
  const asio::ip::address address = e.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return {asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string(), e.port()};
  }
  return {address.to_string(), e.port()};
}

class TcpStream final : public ByteStream {
 public:
  explicit TcpStream(tcp::socket socket) : socket_(std::move(socket)) {
    set_options(socket_);
    error_code ignored;
    socket_.non_blocking(true, ignored);
    const tcp::endpoint remote = socket_.remote_endpoint(ignored);
    peer_.address = to_string(to_endpoint(remote));
  }
  ~TcpStream() override { close(); }

  Task<Result<std::string>> read_some(std::size_t max) override {
    // Bytes are taken only once they are there, into one buffer for the whole thread: an idle connection
    // holds none.
    static thread_local std::array<char, kReadBytes> scratch;
    while (true) {
      error_code ec;
      const auto buffer = asio::buffer(scratch.data(), std::min(max, scratch.size()));
      const std::size_t count = socket_.receive(buffer, 0, ec);
      if (!ec) co_return std::string(scratch.data(), count);
      if (ec == asio::error::eof) co_return std::string();
      if (ec == asio::error::would_block) {
        const Token token;
        co_await socket_.async_wait(tcp::socket::wait_read, asio::redirect_error(token, ec));
        if (ec == asio::error::operation_aborted && !closed_) throw_cancelled();
      }
      if (closed_) co_return unreachable("the connection was closed");
      if (ec) co_return unreachable(fmt::format("read from {}: {}", peer_.address, ec.message()));
    }
  }

  Task<Status> write(std::string bytes) override {
    std::size_t done = 0;
    while (done < bytes.size()) {
      error_code ec;
      done += socket_.send(asio::buffer(bytes.data() + done, bytes.size() - done), 0, ec);
      if (ec == asio::error::would_block) {
        const Token token;
        co_await socket_.async_wait(tcp::socket::wait_write, asio::redirect_error(token, ec));
        if (ec == asio::error::operation_aborted && !closed_) throw_cancelled();
      }
      if (closed_) co_return unreachable("the connection was closed");
      if (ec) co_return unreachable(fmt::format("write to {}: {}", peer_.address, ec.message()));
    }
    co_return Status();
  }

  Task<Status> shutdown_write() override {
    error_code ec;
    socket_.shutdown(tcp::socket::shutdown_send, ec);
    if (ec) co_return unreachable(fmt::format("close {}: {}", peer_.address, ec.message()));
    co_return Status();
  }

  bool reusable() override {
    char byte = 0;
    error_code ec;
    socket_.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, ec);
    return ec == asio::error::would_block;
  }

  void close() override {
    closed_ = true;
    error_code ignored;
    socket_.close(ignored);
  }

  const Peer& peer() const override { return peer_; }

 private:
  tcp::socket socket_;
  Peer peer_;
  bool closed_ = false;
};

using Stream = Result<std::unique_ptr<ByteStream>>;

Task<Result<std::vector<tcp::endpoint>>> resolve(Executor executor, Endpoint endpoint) {
  error_code ec;
  const asio::ip::address address = asio::ip::make_address(endpoint.host, ec);
  std::vector<tcp::endpoint> endpoints;
  if (!ec) {
    endpoints.emplace_back(address, endpoint.port);
    co_return endpoints;
  }
  tcp::resolver resolver(executor);
  const Token token;
  const std::string port = std::to_string(endpoint.port);
  const tcp::resolver::results_type found =
      co_await resolver.async_resolve(endpoint.host, port, asio::redirect_error(token, ec));
  if (ec == asio::error::operation_aborted) throw_cancelled();
  if (ec) {
    co_return unreachable(fmt::format("look up {}: {}; is the name right, and does this machine have DNS?",
                                      endpoint.host, ec.message()));
  }
  for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

Task<Stream> connect_one(Executor executor, tcp::endpoint target, std::string where) {
  tcp::socket socket(executor);
  error_code ec;
  const Token token;
  co_await socket.async_connect(target, asio::redirect_error(token, ec));
  if (ec == asio::error::operation_aborted) throw_cancelled();
  if (ec) co_return unreachable(fmt::format("connect to {}: {}", where, ec.message()));
  std::unique_ptr<ByteStream> stream = std::make_unique<TcpStream>(std::move(socket));
  co_return stream;
}

Task<Stream> connect_any(Executor executor, Clock* clock, Endpoint endpoint, MonotonicTime deadline) {
  const std::string name = to_string(endpoint);
  Task<Result<std::vector<tcp::endpoint>>> lookup = resolve(executor, endpoint);
  const std::string looking_up = "look up " + endpoint.host;
  Result<std::vector<tcp::endpoint>> found =
      co_await with_deadline(clock, deadline, looking_up, std::move(lookup));
  if (!found.ok()) co_return std::move(found).status();
  Status failure = unreachable(fmt::format("look up {}: it has no address", endpoint.host));
  std::size_t left = found->size();
  for (const tcp::endpoint& target : *found) {
    // One address that swallows packets must not use up the time of the others.
    const MonotonicTime now = clock->monotonic();
    const MonotonicTime until = now + (deadline - now) / static_cast<long>(left--);
    const std::string numeric = to_string(to_endpoint(target));
    const std::string where = numeric == name ? name : fmt::format("{} ({})", name, numeric);
    Task<Stream> attempt = connect_one(executor, target, where);
    const std::string step = "connect to " + where;
    Stream stream = co_await with_deadline(clock, until, step, std::move(attempt));
    if (stream.ok()) co_return stream;
    failure = std::move(stream).status();
  }
  co_return failure;
}

class TcpConnector final : public Connector {
 public:
  TcpConnector(Executor executor, Clock* clock, Endpoint endpoint)
      : executor_(std::move(executor)), clock_(clock), endpoint_(std::move(endpoint)) {}

  Task<Stream> connect(MonotonicTime deadline) override {
    return connect_any(executor_, clock_, endpoint_, deadline);
  }

 private:
  Executor executor_;
  Clock* clock_;
  Endpoint endpoint_;
};

class TcpListener final : public Listener {
 public:
  TcpListener(tcp::acceptor acceptor, Endpoint endpoint)
      : acceptor_(std::move(acceptor)), endpoint_(std::move(endpoint)) {}

  Task<Stream> accept() override {
    if (closed_) co_return unreachable("the listener was closed");
    error_code ec;
    const Token token;
    tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(token, ec));
    if (closed_) co_return unreachable("the listener was closed");
    if (ec == asio::error::operation_aborted) throw_cancelled();
    if (ec) co_return Status(503, reasons::kServiceUnavailable, fmt::format("accept: {}", ec.message()));
    std::unique_ptr<ByteStream> stream = std::make_unique<TcpStream>(std::move(socket));
    co_return stream;
  }

  void close() override {
    closed_ = true;
    error_code ignored;
    acceptor_.close(ignored);
  }

  Endpoint endpoint() const override { return endpoint_; }

 private:
  tcp::acceptor acceptor_;
  Endpoint endpoint_;
  bool closed_ = false;
};

Status open_and_bind(tcp::acceptor& acceptor, const tcp::endpoint& target, bool dual_stack) {
  error_code ec;
  acceptor.open(target.protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec && dual_stack) acceptor.set_option(asio::ip::v6_only(false), ec);
  if (!ec) acceptor.bind(target, ec);
  if (!ec) acceptor.listen(kBacklog, ec);
  if (!ec) return Status();
  error_code ignored;
  acceptor.close(ignored);
  return unreachable(fmt::format("listen on {}: {}", to_string(to_endpoint(target)), ec.message()));
}

}  // namespace

std::unique_ptr<Connector> tcp_connector(Executor executor, Clock* clock, Endpoint endpoint) {
  return std::make_unique<TcpConnector>(std::move(executor), clock, std::move(endpoint));
}

std::unique_ptr<Connector> tls_connector(Executor executor, Clock* clock, Endpoint endpoint,
                                         std::shared_ptr<const TlsContext> context) {
  std::unique_ptr<Connector> below = tcp_connector(std::move(executor), clock, endpoint);
  return over_tls(clock, std::move(below), std::move(endpoint), std::move(context));
}

Result<std::unique_ptr<Listener>> listen_tcp(Executor executor, Endpoint endpoint) {
  tcp::acceptor acceptor(executor);
  Status status;
  if (endpoint.host.empty()) {
    status = open_and_bind(acceptor, tcp::endpoint(tcp::v6(), endpoint.port), true);
    // A machine without IPv6.
    if (!status.ok()) status = open_and_bind(acceptor, tcp::endpoint(tcp::v4(), endpoint.port), false);
  } else {
    error_code ec;
    const std::string host = endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host;
    const asio::ip::address address = asio::ip::make_address(host, ec);
    if (ec)
      return bad_request(fmt::format("listen on {}: the host must be an IP address", to_string(endpoint)));
    status = open_and_bind(acceptor, tcp::endpoint(address, endpoint.port), false);
  }
  if (!status.ok()) return status;
  error_code ec;
  const Endpoint bound = to_endpoint(acceptor.local_endpoint(ec));
  std::unique_ptr<Listener> listener = std::make_unique<TcpListener>(std::move(acceptor), bound);
  return listener;
}

}  // namespace heirloom::net
