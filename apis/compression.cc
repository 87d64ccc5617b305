#include "apis/compression.h"

#include <array>

#include <fmt/format.h>
#include <zlib.h>

#include "base/base64.h"

namespace heirloom {

namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib: the largest window, gzip header
constexpr std::size_t kChunk = 64 * 1024;

// Ends the stream however inflating ends.
struct Inflater {
  z_stream stream{};
  bool ready = inflateInit2(&stream, kGzipWindow) == Z_OK;
  Inflater() = default;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ready) inflateEnd(&stream);
  }
};

}  // namespace

Result<std::string> gunzip(std::string_view data, std::size_t max_bytes) {
  Inflater inflater;
  if (!inflater.ready) return internal_error("zlib: no memory");
  z_stream& stream = inflater.stream;
  // zlib does not write to its input; its interface is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  std::string out;
  int result = Z_OK;
  while (result != Z_STREAM_END) {
    std::array<char, kChunk> chunk;
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = static_cast<uInt>(chunk.size());
    result = inflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END) return bad_request("damaged gzip data");
    out.append(chunk.data(), chunk.size() - stream.avail_out);
    if (out.size() > max_bytes) return too_large(fmt::format("gzip data expands beyond {} bytes", max_bytes));
  }
  return out;
}

Result<std::string> decompress(std::string_view type, std::string_view base64, std::size_t max_bytes) {
  if (type != "gzip")
    return invalid(
        fmt::format("compression \"{}\" cannot be read: have KubeVela write it uncompressed or with gzip "
                    "(feature gate GzipResourceTracker) before moving over",
                    type),
        "spec.compression.type");
  TRY(const std::string data, decode_base64(base64));
  return gunzip(data, max_bytes);
}

}  // namespace heirloom
