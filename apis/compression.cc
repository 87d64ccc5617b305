#include "apis/compression.h"

#include <array>
#include <memory>

#include <fmt/format.h>
#include <zlib.h>
#if HEIRLOOM_HAVE_ZSTD
#include <zstd.h>
#endif

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

#if HEIRLOOM_HAVE_ZSTD

namespace {

// A frame can ask for a window of gigabytes; what fits a tracker needs no more than this.
constexpr int kMaxWindowLog = 26;  // 64 MiB

struct FreeStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

}  // namespace

bool has_zstd() { return true; }

Result<std::string> unzstd(std::string_view data, std::size_t max_bytes) {
  const std::unique_ptr<ZSTD_DStream, FreeStream> stream(ZSTD_createDStream());
  if (!stream || ZSTD_isError(ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, kMaxWindowLog)))
    return internal_error("zstd: no memory");
  ZSTD_inBuffer in{data.data(), data.size(), 0};
  std::string out;
  std::size_t more = 1;  // 0: the frame is complete
  while (more != 0 || in.pos < in.size) {
    std::array<char, kChunk> chunk;
    ZSTD_outBuffer to{chunk.data(), chunk.size(), 0};
    const std::size_t before = in.pos;
    more = ZSTD_decompressStream(stream.get(), &to, &in);
    const bool stuck = in.pos == before && to.pos == 0;
    if (ZSTD_isError(more) || stuck) return bad_request("damaged zstd data");
    out.append(chunk.data(), to.pos);
    if (out.size() > max_bytes) return too_large(fmt::format("zstd data expands beyond {} bytes", max_bytes));
  }
  return out;
}

#else

bool has_zstd() { return false; }

Result<std::string> unzstd(std::string_view, std::size_t) {
  return invalid(
      "compression \"zstd\" cannot be read: this program was built without libzstd; have KubeVela write "
      "trackers uncompressed before moving over",
      "spec.compression.type");
}

#endif

Result<std::string> decompress(std::string_view type, std::string_view base64, std::size_t max_bytes) {
  if (type != "gzip" && type != "zstd")
    return invalid(fmt::format("compression \"{}\" cannot be read: gzip and zstd are known", type),
                   "spec.compression.type");
  TRY(const std::string data, decode_base64(base64));
  return type == "gzip" ? gunzip(data, max_bytes) : unzstd(data, max_bytes);
}

}  // namespace heirloom
