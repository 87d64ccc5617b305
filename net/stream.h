// ByteStream: a connection, plain or TLS or in memory. A seam: everything above HTTP framing is tested on memory streams.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/task.h"

namespace heirloom::net {

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // At least one byte and at most `max`; empty at the end of the stream. Error: Unreachable with the reason.
  virtual Task<Result<std::string>> read_some(std::size_t max) = 0;
  // All of it, or an error.
  virtual Task<Status> write(std::string bytes) = 0;
  // Makes pending reads and writes fail at once. Idempotent, never blocks.
  virtual void close() = 0;
};

}  // namespace heirloom::net
