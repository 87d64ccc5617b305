#include "net/http_parser.h"

#include <limits>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/parser.hpp>

namespace heirloom::net {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

// A body that is taken away piece by piece. Unlike Beast's string_body it reserves nothing on a length that
// the other end merely claims.
struct PieceBody {
  using value_type = std::string;

  class reader {
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>&, value_type& body) : body_(body) {}

    void init(const boost::optional<std::uint64_t>&, error_code& ec) { ec = {}; }

    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& ec) {
      ec = {};
      std::size_t size = 0;
      for (const auto buffer : beast::buffers_range_ref(buffers)) {
        body_.append(static_cast<const char*>(buffer.data()), buffer.size());
        size += buffer.size();
      }
      return size;
    }

    void finish(error_code& ec) { ec = {}; }

   private:
    value_type& body_;
  };
};

// Nothing that begins where a chunk does is shorter: "0" CRLF CRLF.
constexpr std::size_t kLeastOfChunk = 5;

// Gives the parser what there is until it needs more or is done. Returns the number of bytes taken. `before_chunk`
// is kept between calls: the parser stopped in front of a chunk whose line is not whole. Beast takes it for granted
// (and asserts) that more than four bytes follow when it goes on with the last one.
template <class Parser>
std::size_t feed(Parser& parser, std::string_view bytes, bool& before_chunk, error_code& ec) {
  std::size_t taken = 0;
  if (before_chunk && bytes.size() < kLeastOfChunk) return taken;
  while (!parser.is_done()) {
    const std::string_view rest = bytes.substr(taken);
    if (rest.empty()) break;
    const std::size_t count = parser.put(boost::asio::buffer(rest.data(), rest.size()), ec);
    taken += count;
    before_chunk = ec == http::error::need_more && parser.is_header_done();
    if (ec == http::error::need_more) {
      ec = {};
      break;
    }
    if (ec || count == 0) break;
  }
  return taken;
}

template <class Fields>
Headers headers_of(const Fields& fields) {
  Headers headers;
  for (const auto& field : fields) {
    headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  return headers;
}

}  // namespace

struct HttpRequestParser::State {
  http::request_parser<PieceBody> parser;
  bool before_chunk = false;
};

HttpRequestParser::HttpRequestParser(HttpLimits limits) : state_(std::make_unique<State>()) {
  state_->parser.header_limit(static_cast<std::uint32_t>(limits.max_header_bytes));
  state_->parser.body_limit(limits.max_body_bytes);
  state_->parser.eager(true);
}

HttpRequestParser::~HttpRequestParser() = default;
HttpRequestParser::HttpRequestParser(HttpRequestParser&&) noexcept = default;
HttpRequestParser& HttpRequestParser::operator=(HttpRequestParser&&) noexcept = default;

std::size_t HttpRequestParser::put(std::string_view bytes) {
  if (failed()) return 0;
  error_code ec;
  const std::size_t taken = feed(state_->parser, bytes, state_->before_chunk, ec);
  if (ec) {
    failure_code_ = ec == http::error::body_limit ? 413 : ec == http::error::header_limit ? 431 : 400;
    failure_ = ec.message();
  }
  return taken;
}

bool HttpRequestParser::header_done() const { return state_->parser.is_header_done(); }
bool HttpRequestParser::done() const { return !failed() && state_->parser.is_done(); }
bool HttpRequestParser::keep_alive() const { return state_->parser.keep_alive(); }
bool HttpRequestParser::http_10() const { return state_->parser.get().version() < 11; }

bool HttpRequestParser::wants_continue() const {
  return beast::iequals(state_->parser.get()[http::field::expect], "100-continue");
}

HttpRequest HttpRequestParser::take() {
  auto& message = state_->parser.get();
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  request.headers = headers_of(message);
  request.body = std::move(message.body());
  return request;
}

struct HttpResponseParser::State {
  http::response_parser<PieceBody> parser;
  bool before_chunk = false;
  Headers headers;  // once done with the header
  bool have_headers = false;
};

HttpResponseParser::HttpResponseParser(std::size_t max_header_bytes, bool to_head)
    : state_(std::make_unique<State>()), max_header_bytes_(max_header_bytes), to_head_(to_head) {
  state_->parser.header_limit(static_cast<std::uint32_t>(max_header_bytes));
  state_->parser.body_limit(boost::none);  // the caller takes the pieces and counts
  state_->parser.eager(true);
  if (to_head) state_->parser.skip(true);
}

HttpResponseParser::~HttpResponseParser() = default;
HttpResponseParser::HttpResponseParser(HttpResponseParser&&) noexcept = default;
HttpResponseParser& HttpResponseParser::operator=(HttpResponseParser&&) noexcept = default;

std::size_t HttpResponseParser::put(std::string_view bytes) {
  std::size_t taken = 0;
  while (!failed_ && taken < bytes.size()) {
    error_code ec;
    taken += feed(state_->parser, bytes.substr(taken), state_->before_chunk, ec);
    if (ec) {
      failed_ = true;
      failure_ = ec.message();
      break;
    }
    if (!state_->parser.is_header_done()) break;
    const unsigned code = state_->parser.get().result_int();
    if (code >= 100 && code < 200 && code != 101 && state_->parser.is_done()) {
      *this = HttpResponseParser(max_header_bytes_, to_head_);
      continue;
    }
    if (!state_->have_headers) {
      state_->headers = headers_of(state_->parser.get());
      state_->have_headers = true;
    }
    break;
  }
  return taken;
}

void HttpResponseParser::put_end() {
  if (failed_ || state_->parser.is_done()) return;
  error_code ec;
  state_->parser.put_eof(ec);
  if (ec || !state_->parser.is_done()) {
    failed_ = true;
    failure_ = "the connection ended in the middle of a response";
  }
}

bool HttpResponseParser::header_done() const { return state_->have_headers; }
bool HttpResponseParser::done() const { return !failed_ && state_->have_headers && state_->parser.is_done(); }
int HttpResponseParser::code() const { return static_cast<int>(state_->parser.get().result_int()); }
const Headers& HttpResponseParser::headers() const { return state_->headers; }
bool HttpResponseParser::keep_alive() const { return state_->parser.keep_alive(); }

std::string HttpResponseParser::take_body() {
  return std::exchange(state_->parser.get().body(), std::string());
}

}  // namespace heirloom::net
