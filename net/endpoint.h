// Where a service is: a host (name or address) and a port.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace heirloom::net {

struct Endpoint {
  std::string host;  // a name, 10.0.0.1 or ::1 (without brackets)
  std::uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

// "host:port", "[::1]:443", ":8080" (all addresses). Error: BadRequest naming the text.
Result<Endpoint> parse_endpoint(std::string text);
// With brackets where needed; for messages and Host headers.
std::string to_string(const Endpoint& endpoint);

// An http:// or https:// URL as kubeconfigs have it. The path is a prefix of every request's target: "" or
// "/prefix", never with a slash at its end. Userinfo, query and fragment are errors.
struct Url {
  bool tls = true;
  Endpoint endpoint;
  std::string path;
};
Result<Url> parse_url(std::string text);

}  // namespace heirloom::net
