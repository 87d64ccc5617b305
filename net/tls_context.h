// What a TlsContext holds; for the TLS files of this folder.
#pragma once

#include <string>

#include "net/openssl.h"
#include "net/tls.h"

namespace heirloom::net {

struct TlsContext::State {
  SslContextPtr context;
  std::string server_name;  // of a client: expected instead of the endpoint's host
  bool verify = true;       // of a server: client certificates are asked for
};

}  // namespace heirloom::net
