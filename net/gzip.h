// gzip, for HTTP bodies.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace heirloom::net {

// At zlib's fastest level.
std::string gzip(std::string_view plain);

// Decompresses a stream piece by piece.
class Gunzip {
 public:
  Gunzip();
  ~Gunzip();
  Gunzip(Gunzip&&) noexcept;
  Gunzip& operator=(Gunzip&&) noexcept;

  // What the piece decompresses to. Error: Unreachable when it is not gzip; RequestEntityTooLarge when the
  // whole would exceed `max` bytes (a bomb).
  Result<std::string> put(std::string_view piece, std::size_t max);
  bool ended() const;  // the last piece completed the stream

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace heirloom::net
