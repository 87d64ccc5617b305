#include "net/gzip.h"

#include <zlib.h>

#include <array>

#include "base/assert.h"

namespace heirloom::net {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window; 16 asks zlib for gzip's framing
constexpr std::size_t kOutputBytes = 64 * 1024;

Bytef* input_of(std::string_view text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text.data())); }

}  // namespace

std::string gzip(std::string_view plain) {
  z_stream stream = {};
  const int begun = deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY);
  HEIRLOOM_ASSERT(begun == Z_OK);
  std::string packed(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = input_of(plain);
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int ended = deflate(&stream, Z_FINISH);
  HEIRLOOM_ASSERT(ended == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

struct Gunzip::State {
  State() {
    const int begun = inflateInit2(&stream, kGzipWindow);
    HEIRLOOM_ASSERT(begun == Z_OK);
  }
  ~State() { inflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  z_stream stream = {};
  std::size_t given = 0;
  bool ended = false;
};

Gunzip::Gunzip() : state_(std::make_unique<State>()) {}
Gunzip::~Gunzip() = default;
Gunzip::Gunzip(Gunzip&&) noexcept = default;
Gunzip& Gunzip::operator=(Gunzip&&) noexcept = default;

bool Gunzip::ended() const { return state_->ended; }

Result<std::string> Gunzip::put(std::string_view piece, std::size_t max) {
  static thread_local std::array<char, kOutputBytes> scratch;
  std::string plain;
  z_stream& stream = state_->stream;
  stream.next_in = input_of(piece);
  stream.avail_in = static_cast<uInt>(piece.size());
  while (stream.avail_in > 0 || stream.avail_out == 0) {
    if (state_->ended) return unreachable("the compressed body goes on after its end");
    stream.next_out = reinterpret_cast<Bytef*>(scratch.data());
    stream.avail_out = static_cast<uInt>(scratch.size());
    const int outcome = inflate(&stream, Z_NO_FLUSH);
    if (outcome == Z_BUF_ERROR) break;  // it wants more input
    if (outcome != Z_OK && outcome != Z_STREAM_END) return unreachable("the compressed body is malformed");
    const std::size_t count = scratch.size() - stream.avail_out;
    state_->given += count;
    if (state_->given > max) return too_large(fmt::format("the body is larger than {} bytes", max));
    plain.append(scratch.data(), count);
    if (outcome == Z_STREAM_END) {
      state_->ended = true;
      if (stream.avail_in == 0) break;
    }
  }
  stream.avail_out = 1;  // nothing is held back
  return plain;
}

}  // namespace heirloom::net
