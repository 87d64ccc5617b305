// Listener: where connections come in. A seam: an HttpServer also serves memory streams.
#pragma once

#include <memory>

#include "net/endpoint.h"
#include "net/stream.h"

namespace heirloom::net {

class Listener {
 public:
  virtual ~Listener() = default;
  // The next connection, without TLS yet. Error: Unreachable; ServiceUnavailable when out of descriptors (try
  // again a little later); after close() always Unreachable.
  virtual Task<Result<std::unique_ptr<ByteStream>>> accept() = 0;
  // Makes a pending accept() fail. Idempotent.
  virtual void close() = 0;
  // The address bound, with the real port when 0 was asked for.
  virtual Endpoint endpoint() const = 0;
};

// Binds and listens on a numeric address ("" = all, IPv6 and IPv4; "localhost" = 127.0.0.1). Error:
// Unreachable saying what is in the way ("address already in use") and which flag to change is the caller's
// to add.
Result<std::unique_ptr<Listener>> listen_tcp(Executor executor, Endpoint endpoint);

}  // namespace heirloom::net
