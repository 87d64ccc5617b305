// Values and pure parts: headers, endpoints, URLs, parsers, gzip, dates.
#include "net/http.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "net/endpoint.h"
#include "net/gzip.h"
#include "net/http_parser.h"
#include "net/http_write.h"

namespace heirloom::net {
namespace {

TEST_CASE("header names are compared without case and order is kept") {
  Headers headers;
  headers.add("Impersonate-Group", "a");
  headers.add("impersonate-group", "b");
  headers.add("X", "1");
  CHECK(headers.get("IMPERSONATE-GROUP") == "a");
  CHECK(headers.all("Impersonate-Group") == std::vector<std::string>{"a", "b"});
  CHECK(headers.has("x"));
  CHECK(headers.get("y").empty());
  headers.set("x", "2");
  CHECK(headers.all("X") == std::vector<std::string>{"2"});
  headers.remove("impersonate-group");
  CHECK(headers.size() == 1);
}

TEST_CASE("a list field lists tokens, but not refused ones") {
  struct Row {
    std::string value;
    bool listed;
  };
  const Row rows[] = {
      {"gzip", true},      {"deflate, gzip", true}, {"GZIP;q=1.0", true},   {"gzip;q=0.5", true},
      {"gzip;q=0", false}, {"gzip;q=0.0", false},   {"gzip;q=0.001", true}, {"x-gzip", false},
      {"", false},         {",, gzip ,", true},     {"deflate", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.value);
    Headers headers;
    headers.add("Accept-Encoding", row.value);
    CHECK(headers.lists("accept-encoding", "gzip") == row.listed);
  }
}

TEST_CASE("endpoints") {
  struct Row {
    std::string text;
    std::string host;
    int port;  // -1: an error
  };
  const Row rows[] = {
      {"localhost:8080", "localhost", 8080},
      {":6443", "", 6443},
      {"[::1]:443", "::1", 443},
      {"127.0.0.1:0", "127.0.0.1", 0},
      {"localhost", "", -1},
      {"::1:443", "", -1},
      {"[::1]", "", -1},
      {"h:65536", "", -1},
      {"h:", "", -1},
      {"h:8o", "", -1},
      {"a b:1", "", -1},
      {"[::1:443", "", -1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<Endpoint> parsed = parse_endpoint(row.text);
    CHECK(parsed.ok() == (row.port >= 0));
    if (!parsed.ok()) continue;
    CHECK(parsed->host == row.host);
    CHECK(parsed->port == row.port);
    CHECK(to_string(*parsed) == row.text);
  }
}

TEST_CASE("URLs") {
  struct Row {
    std::string text;
    std::string shown;  // "" = an error
  };
  const Row rows[] = {
      {"https://10.0.0.1:6443", "tls 10.0.0.1:6443 ''"},
      {"https://kube.example.com", "tls kube.example.com:443 ''"},
      {"http://localhost/", "plain localhost:80 ''"},
      {"https://rancher/k8s/clusters/c-1/", "tls rancher:443 '/k8s/clusters/c-1'"},
      {"kube:6443", "tls kube:6443 ''"},
      {"https://[fe80::1]:6443/x", "tls [fe80::1]:6443 '/x'"},
      {"ftp://x", ""},
      {"https://", ""},
      {"https://user:pw@host", ""},
      {"https://host?x=1", ""},
      {"https://host:port", ""},
      {"https://ho st", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<Url> url = parse_url(row.text);
    const std::string shown =
        url.ok() ? fmt::format("{} {} '{}'", url->tls ? "tls" : "plain", to_string(url->endpoint), url->path)
                 : "";
    CHECK(shown == row.shown);
  }
}

TEST_CASE("a request parser takes one message and leaves the next") {
  const std::string first = "POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi";
  HttpRequestParser parser(HttpLimits{});
  CHECK(parser.put(first + "GET /b") == first.size());
  CHECK(parser.done());
  CHECK(parser.keep_alive());
  CHECK(parser.put("more") == 0);
  const HttpRequest request = parser.take();
  CHECK(request.method == "POST");
  CHECK(request.headers.get("content-length") == "2");
  CHECK(request.body == "hi");
}

TEST_CASE("chunked bodies in pieces of any size") {
  struct Row {
    std::string body;
    std::string plain;
  };
  const std::vector<Row> table = {
      {"0\r\n\r\n", ""},
      {"0;a=b\r\n\r\n", ""},
      {"0\r\nx: y\r\n\r\n", ""},
      {"1\r\na\r\n0\r\n\r\n", "a"},
      {"00002\r\nab\r\n1;q\r\nc\r\n0\r\n\r\n", "abc"},
  };
  for (const Row& row : table) {
    const std::string whole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + row.body;
    for (std::size_t size = 1; size <= whole.size(); ++size) {
      CAPTURE(row.body);
      CAPTURE(size);
      HttpResponseParser parser(1000, false);
      std::string held;
      std::string taken;
      for (std::size_t at = 0; at < whole.size(); at += size) {
        CHECK_FALSE(parser.done());
        held += whole.substr(at, size);
        held.erase(0, parser.put(held));
        taken += parser.take_body();
      }
      CHECK_FALSE(parser.failed());
      CHECK(parser.done());
      CHECK(held.empty());
      CHECK(taken == row.plain);
    }
  }
}

TEST_CASE("a body announced as huge costs nothing until it comes") {
  HttpLimits limits;
  limits.max_body_bytes = std::size_t{1} << 50;
  HttpRequestParser parser(limits);
  parser.put("POST / HTTP/1.1\r\nContent-Length: 1000000000000\r\n\r\nabc");
  CHECK(parser.header_done());
  CHECK_FALSE(parser.done());
  CHECK_FALSE(parser.failed());
}

TEST_CASE("gzip comes back as it was, in pieces of any size") {
  std::string plain;
  for (int i = 0; i < 20'000; ++i) plain += std::to_string(i * 7919 % 1000) + " ";
  const std::string packed = gzip(plain);
  CHECK(packed.size() < plain.size());
  for (const std::size_t step : {std::size_t{1}, std::size_t{1000}, packed.size()}) {
    Gunzip gunzip;
    std::string again;
    for (std::size_t at = 0; at < packed.size(); at += step) {
      const Result<std::string> piece = gunzip.put(packed.substr(at, step), plain.size());
      REQUIRE(piece.ok());
      again += *piece;
    }
    CHECK(again == plain);
    CHECK(gunzip.ended());
  }
  Gunzip limited;
  CHECK(limited.put(packed, plain.size() - 1).status().has_reason(reasons::kRequestEntityTooLarge));
  Gunzip trailing;
  CHECK(trailing.put(packed + "x", plain.size()).status().has_reason(reasons::kUnreachable));
  Gunzip broken;
  CHECK(broken.put("not gzip at all", 100).status().has_reason(reasons::kUnreachable));
  CHECK(gzip("").size() > 0);
}

TEST_CASE("dates and chunks as HTTP wants them") {
  CHECK(http_date(WallTime(std::chrono::seconds(784111777))) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(as_chunk(std::string(300, 'a')).substr(0, 5) == "12c\r\n");
  CHECK(is_framing_field("content-length"));
  CHECK(is_framing_field("TRANSFER-ENCODING"));
  CHECK_FALSE(is_framing_field("Content-Type"));
}

}  // namespace
}  // namespace heirloom::net
