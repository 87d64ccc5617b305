// TLS as a layer between two ByteStreams: OpenSSL works on memory, this moves the bytes. So TLS needs no
// sockets and runs over memory streams too.
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include <boost/asio/this_coro.hpp>

#include "base/deadline.h"
#include "base/signal.h"
#include "net/openssl.h"
#include "net/tls.h"
#include "net/tls_context.h"

namespace heirloom::net {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
// Encrypted at a time, so that a large body is not held twice.
constexpr std::size_t kWriteBytes = 128 * 1024;
// A memory BIO never shrinks; one that held more than this is replaced when it is empty, or thousands of idle
// connections would each keep the size of their largest message.
constexpr std::size_t kKeptBytes = 16 * 1024;

bool is_address(const std::string& host) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 || inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

// What to do about a certificate that does not verify.
std::string advice(long verify_result) {
  switch (verify_result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the server's certificate is for another name: connect by a name it lists, or set "
             "tls-server-name";
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "renew the certificate, or check this machine's clock";
    default:
      return "give the authority that signed it (certificate-authority-data in a kubeconfig)";
  }
}

BIO* new_buffer() {
  BIO* buffer = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(buffer, -1);  // empty means: later
  return buffer;
}

class TlsStream final : public ByteStream {
 public:
  TlsStream(const Executor& executor, std::unique_ptr<ByteStream> lower,
            std::shared_ptr<const TlsContext> context)
      : lower_(std::move(lower)),
        context_(std::move(context)),
        ssl_(SSL_new(context_->state().context.get())),
        flushed_(executor),
        peer_(lower_->peer()) {
    in_ = new_buffer();
    out_ = new_buffer();
    SSL_set_bio(ssl_.get(), in_, out_);
    peer_.tls = true;
  }
  ~TlsStream() override { lower_->close(); }

  void expect_server(const std::string& name) {
    SSL_set_connect_state(ssl_.get());
    if (is_address(name)) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), name.c_str());
    } else {
      SSL_set_tlsext_host_name(ssl_.get(), name.c_str());
      SSL_set1_host(ssl_.get(), name.c_str());
    }
  }

  void be_server() { SSL_set_accept_state(ssl_.get()); }

  Task<Status> handshake(std::string where) {
    while (true) {
      ERR_clear_error();
      const int outcome = SSL_do_handshake(ssl_.get());
      const int error = SSL_get_error(ssl_.get(), outcome);
      const std::string reason = error == SSL_ERROR_SSL ? openssl_error() : std::string();
      // Also when it failed: the alert tells the other end why.
      const Status sent = co_await flush();
      if (outcome == 1) break;
      if (error != SSL_ERROR_WANT_READ) {
        // OpenSSL's words for it. As Go's servers do: whoever forgot the "s" in https should see why nothing
        // works.
        if (reason == "http request") {
          const Status told = co_await lower_->write(
              "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
          if (!told.ok()) co_return told;
        }
        co_return handshake_failure(where, reason);
      }
      if (!sent.ok()) co_return annotate(sent, "TLS handshake with " + where);
      Result<bool> more = co_await receive();
      if (!more.ok()) co_return annotate(more.status(), "TLS handshake with " + where);
      if (!*more) {
        co_return unreachable(fmt::format(
            "TLS handshake with {}: the connection was closed; does it speak TLS on that port?", where));
      }
    }
    learn_peer();
    co_return Status();
  }

  Task<Result<std::string>> read_some(std::size_t max) override {
    while (true) {
      std::string plain;
      const int error = decrypt(max, plain);
      if (BIO_ctrl_pending(out_) > 0) {
        const Status sent = co_await flush();
        if (!sent.ok()) co_return sent;
      }
      if (!plain.empty()) co_return plain;
      if (error == SSL_ERROR_ZERO_RETURN || ended_) co_return std::string();
      if (error != SSL_ERROR_WANT_READ) {
        co_return unreachable(fmt::format("read from {}: TLS: {}", peer_.address, read_error_));
      }
      // The end without a farewell counts as the end: whoever frames messages sees whether one is cut short.
      Result<bool> more = co_await receive();
      if (!more.ok()) co_return std::move(more).status();
      ended_ = !*more;
    }
  }

  Task<Status> write(std::string bytes) override {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const std::size_t count = std::min(kWriteBytes, bytes.size() - done);
      ERR_clear_error();
      const int written = SSL_write(ssl_.get(), bytes.data() + done, static_cast<int>(count));
      if (written <= 0)
        co_return unreachable(fmt::format("write to {}: TLS: {}", peer_.address, openssl_error()));
      done += static_cast<std::size_t>(written);
      Status sent = co_await flush();
      if (!sent.ok()) co_return sent;
    }
    co_return Status();
  }

  Task<Status> shutdown_write() override {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    Status sent = co_await flush();
    if (!sent.ok()) co_return sent;
    Status shut = co_await lower_->shutdown_write();
    co_return shut;
  }

  bool reusable() override { return !ended_ && SSL_pending(ssl_.get()) == 0 && lower_->reusable(); }
  void close() override { lower_->close(); }
  const Peer& peer() const override { return peer_; }

 private:
  // Marks the outgoing side as taken; whatever way the flush ends, the next in line is woken.
  struct Flushing {
    explicit Flushing(TlsStream* s) : stream(s) { stream->flushing_ = true; }
    ~Flushing() {
      stream->flushing_ = false;
      stream->flushed_.notify_all();
    }
    TlsStream* stream;
  };

  // Sends what OpenSSL has put out. Reader and writer may both come here; records must not mix.
  Task<Status> flush() {
    while (flushing_) co_await flushed_.wait();
    const Flushing flushing(this);
    while (true) {
      const std::size_t pending = BIO_ctrl_pending(out_);
      if (pending == 0) co_return Status();
      std::string bytes(pending, '\0');
      BIO_read(out_, bytes.data(), static_cast<int>(pending));
      if (pending > kKeptBytes) {
        out_ = new_buffer();
        SSL_set0_wbio(ssl_.get(), out_);
      }
      Status sent = co_await lower_->write(std::move(bytes));
      if (!sent.ok()) co_return sent;
    }
  }

  // False at the end of the stream.
  Task<Result<bool>> receive() {
    if (in_held_ > kKeptBytes && BIO_ctrl_pending(in_) == 0) {
      in_ = new_buffer();
      SSL_set0_rbio(ssl_.get(), in_);
    }
    Result<std::string> bytes = co_await lower_->read_some(kReadBytes);
    if (!bytes.ok()) co_return std::move(bytes).status();
    if (bytes->empty()) co_return false;
    in_held_ = bytes->size();
    BIO_write(in_, bytes->data(), static_cast<int>(bytes->size()));
    co_return true;
  }

  // Takes whole records while there are some and they fit.
  int decrypt(std::size_t max, std::string& plain) {
    static thread_local std::array<char, kReadBytes> scratch;
    const std::size_t limit = std::min(max, scratch.size());
    std::size_t have = 0;
    int error = SSL_ERROR_NONE;
    while (have < limit) {
      ERR_clear_error();
      const int count = SSL_read(ssl_.get(), scratch.data() + have, static_cast<int>(limit - have));
      if (count <= 0) {
        error = SSL_get_error(ssl_.get(), count);
        break;
      }
      have += static_cast<std::size_t>(count);
    }
    if (error == SSL_ERROR_SSL) read_error_ = openssl_error();
    plain.assign(scratch.data(), have);
    return error;
  }

  Status handshake_failure(const std::string& where, const std::string& reason) {
    const long verified = SSL_get_verify_result(ssl_.get());
    if (verified != X509_V_OK && SSL_is_server(ssl_.get()) == 0) {
      return unreachable(fmt::format("TLS handshake with {}: {}; {}", where,
                                     X509_verify_cert_error_string(verified), advice(verified)));
    }
    return unreachable(
        fmt::format("TLS handshake with {}: {}", where, reason.empty() ? "the connection broke" : reason));
  }

  void learn_peer() {
    if (SSL_is_server(ssl_.get()) == 0) return;
    const CertificatePtr certificate(SSL_get1_peer_certificate(ssl_.get()));
    if (!certificate || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return;
    peer_.common_name = common_name_of(*certificate);
    peer_.organizations = organizations_of(*certificate);
  }

  std::unique_ptr<ByteStream> lower_;
  std::shared_ptr<const TlsContext> context_;
  SslPtr ssl_;
  BIO* in_ = nullptr;  // what came; of ssl_
  std::size_t in_held_ = 0;
  BIO* out_ = nullptr;  // what is to go; of ssl_
  Signal flushed_;
  bool flushing_ = false;
  bool ended_ = false;
  std::string read_error_;
  Peer peer_;
};

using Stream = Result<std::unique_ptr<ByteStream>>;

Task<Stream> connect_over(Clock* clock, Connector* below, Endpoint endpoint,
                          std::shared_ptr<const TlsContext> context, MonotonicTime deadline) {
  Stream lower = co_await below->connect(deadline);
  if (!lower.ok()) co_return lower;
  const std::string where = to_string(endpoint);
  Task<Stream> handshake = tls_connect(std::move(*lower), context, endpoint.host, where);
  const std::string step = "TLS handshake with " + where;
  Stream stream = co_await with_deadline(clock, deadline, step, std::move(handshake));
  co_return stream;
}

class TlsConnector final : public Connector {
 public:
  TlsConnector(Clock* clock, std::unique_ptr<Connector> below, Endpoint endpoint,
               std::shared_ptr<const TlsContext> context)
      : clock_(clock),
        below_(std::move(below)),
        endpoint_(std::move(endpoint)),
        context_(std::move(context)) {}

  Task<Stream> connect(MonotonicTime deadline) override {
    return connect_over(clock_, below_.get(), endpoint_, context_, deadline);
  }

 private:
  Clock* clock_;
  std::unique_ptr<Connector> below_;
  Endpoint endpoint_;
  std::shared_ptr<const TlsContext> context_;
};

}  // namespace

Task<Stream> tls_connect(std::unique_ptr<ByteStream> stream, std::shared_ptr<const TlsContext> context,
                         std::string server_name, std::string where) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  const std::string expected =
      context->state().server_name.empty() ? server_name : context->state().server_name;
  auto tls = std::make_unique<TlsStream>(executor, std::move(stream), std::move(context));
  tls->expect_server(expected);
  Status done = co_await tls->handshake(std::move(where));
  if (!done.ok()) co_return done;
  std::unique_ptr<ByteStream> result = std::move(tls);
  co_return result;
}

Task<Stream> tls_accept(std::unique_ptr<ByteStream> stream, std::shared_ptr<const TlsContext> context) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  std::string where = stream->peer().address;
  auto tls = std::make_unique<TlsStream>(executor, std::move(stream), std::move(context));
  tls->be_server();
  Status done = co_await tls->handshake(std::move(where));
  if (!done.ok()) co_return done;
  std::unique_ptr<ByteStream> result = std::move(tls);
  co_return result;
}

std::unique_ptr<Connector> over_tls(Clock* clock, std::unique_ptr<Connector> below, Endpoint endpoint,
                                    std::shared_ptr<const TlsContext> context) {
  return std::make_unique<TlsConnector>(clock, std::move(below), std::move(endpoint), std::move(context));
}

}  // namespace heirloom::net
