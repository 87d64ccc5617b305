// Push parsers for HTTP/1.1: bytes in, messages out, no I/O. Behind this header is the only file that sees
// Beast.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace heirloom::net {

struct HttpLimits {
  std::size_t max_header_bytes = 64 * 1024;
  std::size_t max_body_bytes = 3 * 1024 * 1024;
};

// One request. For the next one make a new parser and give it the bytes that this one did not take.
class HttpRequestParser {
 public:
  explicit HttpRequestParser(HttpLimits limits);
  ~HttpRequestParser();
  HttpRequestParser(HttpRequestParser&&) noexcept;
  HttpRequestParser& operator=(HttpRequestParser&&) noexcept;

  // How many of the bytes were taken; the rest must be given again, with more behind it. Takes nothing once
  // done or failed.
  std::size_t put(std::string_view bytes);

  bool header_done() const;
  bool done() const;
  bool failed() const { return failure_code_ != 0; }
  int failure_code() const { return failure_code_; }  // 400, 413, 431
  const std::string& failure() const { return failure_; }

  // Once the header is done.
  bool keep_alive() const;
  bool http_10() const;         // an old client, which does not know chunks
  bool wants_continue() const;  // "Expect: 100-continue"
  // Once done.
  HttpRequest take();

 private:
  struct State;
  std::unique_ptr<State> state_;
  int failure_code_ = 0;
  std::string failure_;
};

// One response. Interim responses (1xx) are skipped.
class HttpResponseParser {
 public:
  HttpResponseParser(std::size_t max_header_bytes, bool to_head);
  ~HttpResponseParser();
  HttpResponseParser(HttpResponseParser&&) noexcept;
  HttpResponseParser& operator=(HttpResponseParser&&) noexcept;

  std::size_t put(std::string_view bytes);
  // The stream ended. Completes a response that lasts until then, fails any other.
  void put_end();

  bool header_done() const;
  bool done() const;
  bool failed() const { return failed_; }
  const std::string& failure() const { return failure_; }

  // Once the header is done.
  int code() const;
  const Headers& headers() const;
  bool keep_alive() const;
  // The part of the body that came since the last call, without chunk framing.
  std::string take_body();

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::size_t max_header_bytes_;
  bool to_head_;
  bool failed_ = false;
  std::string failure_;
};

}  // namespace heirloom::net
