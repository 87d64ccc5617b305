#include "net/endpoint.h"

#include <charconv>
#include <string_view>

namespace heirloom::net {
namespace {

Status not_an_endpoint(std::string_view text) {
  return bad_request(fmt::format("\"{}\" is not an address: write host:port, [ipv6]:port or :port", text));
}

bool parse_port(std::string_view text, std::uint16_t& port) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  return error == std::errc() && stop == end && !text.empty();
}

// Splits "host", "host:port", "[v6]:port"; port stays as it is when there is none.
bool split(std::string_view text, Endpoint& endpoint, bool& has_port) {
  std::string_view port;
  has_port = false;
  if (!text.empty() && text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    endpoint.host = std::string(text.substr(1, close - 1));
    text.remove_prefix(close + 1);
    if (text.empty()) return true;
    if (text.front() != ':') return false;
    port = text.substr(1);
  } else {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
      endpoint.host = std::string(text);
      return true;
    }
    endpoint.host = std::string(text.substr(0, colon));
    if (endpoint.host.find(':') != std::string::npos) return false;  // an IPv6 address needs brackets
    port = text.substr(colon + 1);
  }
  has_port = true;
  return parse_port(port, endpoint.port);
}

bool has_unprintable(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return true;
  }
  return false;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string text) {
  Endpoint endpoint;
  bool has_port = false;
  if (has_unprintable(text) || !split(text, endpoint, has_port) || !has_port) return not_an_endpoint(text);
  return endpoint;
}

std::string to_string(const Endpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", endpoint.host, endpoint.port)
            : fmt::format("{}:{}", endpoint.host, endpoint.port);
}

Result<Url> parse_url(std::string text) {
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    url.tls = false;
  } else if (rest.find("://") != std::string_view::npos) {
    return bad_request(
        fmt::format("\"{}\" is not a URL we can use: it must begin with https:// or http://", text));
  }
  if (has_unprintable(rest) || rest.find_first_of("?#@") != std::string_view::npos) {
    return bad_request(
        fmt::format("\"{}\" is not a URL we can use: it may have a host, a port and a path only", text));
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  url.path = std::string(rest.substr(slash));
  while (!url.path.empty() && url.path.back() == '/') url.path.pop_back();
  bool has_port = false;
  if (!split(rest.substr(0, slash), url.endpoint, has_port) || url.endpoint.host.empty()) {
    return bad_request(fmt::format("\"{}\" is not a URL we can use: no host, or a bad port", text));
  }
  if (!has_port) url.endpoint.port = url.tls ? 443 : 80;
  return url;
}

}  // namespace heirloom::net
