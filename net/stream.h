// ByteStream: a connection, plain or TLS or in memory. A seam: everything above HTTP framing is tested on
// memory streams.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"

namespace heirloom::net {

// Who is at the other end.
struct Peer {
  std::string address;  // "127.0.0.1:40210"; for messages and logs
  bool tls = false;
  // Of a client certificate that our CA signed; empty without one. Kubernetes reads the subject's common name
  // as the user and its organizations as the groups.
  std::string common_name;
  std::vector<std::string> organizations;
};

// One reader and one writer at a time may be pending; no more.
class ByteStream {
 public:
  virtual ~ByteStream() = default;  // closes; nothing may be pending
  // At least one byte and at most `max`; empty at the end of the stream. Error: Unreachable with the reason.
  // Cancelling a read loses no bytes: the stream can be read again.
  virtual Task<Result<std::string>> read_some(std::size_t max) = 0;
  // All of it, or an error. After a cancelled write the stream is of no more use.
  virtual Task<Status> write(std::string bytes) = 0;
  // Tells the other end that nothing more comes; reading goes on.
  virtual Task<Status> shutdown_write() = 0;
  // Whether a connection that nobody reads is still good for another request: false when the other end has
  // closed it or has sent something unasked. Looks, never waits.
  virtual bool reusable() = 0;
  // Makes pending reads and writes fail at once. Idempotent, never blocks.
  virtual void close() = 0;
  // Valid as long as the stream.
  virtual const Peer& peer() const = 0;
};

// Opens connections to one place. A seam: what an HttpClient is given.
class Connector {
 public:
  virtual ~Connector() = default;
  // A connection ready for bytes (TLS handshake included). Error: Unreachable saying where to, which step
  // failed and what to do, or Timeout at the deadline; in both cases nothing of a request was sent.
  virtual Task<Result<std::unique_ptr<ByteStream>>> connect(MonotonicTime deadline) = 0;
};

}  // namespace heirloom::net
