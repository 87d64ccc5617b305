#include "apis/compression.h"

#include <doctest/doctest.h>

namespace heirloom {
namespace {

// 1000 times the letter x.
constexpr std::string_view kXs = "H4sIAAAAAAACA6uoGAWjYBQMdwAA5slBO+gDAAA=";

TEST_CASE("gzip data is read up to a bound") {
  CHECK(*decompress("gzip", kXs, 1000) == std::string(1000, 'x'));
  CHECK(decompress("gzip", kXs, 999).status().code() == 413);
}

TEST_CASE("damaged data is an error") {
  CHECK_FALSE(decompress("gzip", "!", 100).ok());
  CHECK_FALSE(decompress("gzip", "", 100).ok());
  CHECK_FALSE(decompress("gzip", "aGVsbG8=", 100).ok());
  CHECK_FALSE(decompress("gzip", kXs.substr(0, 16), 1000).ok());
}

TEST_CASE("zstd data is read up to a bound, or refused with what to do") {
  constexpr std::string_view kZstdXs = "KLUv/QRYTQAAEHh4AQDjK4AF4QC3nA==";
  if (!has_zstd()) {
    CHECK(decompress("zstd", kZstdXs, 1000).status().message().find("without libzstd") != std::string::npos);
    return;
  }
  CHECK(*decompress("zstd", kZstdXs, 1000) == std::string(1000, 'x'));
  CHECK(decompress("zstd", kZstdXs, 999).status().code() == 413);
  CHECK_FALSE(decompress("zstd", "", 100).ok());
  CHECK_FALSE(decompress("zstd", "aGVsbG8=", 100).ok());
  CHECK_FALSE(decompress("zstd", kZstdXs.substr(0, 16), 1000).ok());
}

TEST_CASE("an unknown compression is refused") {
  const Status lz4 = decompress("lz4", "", 100).status();
  CHECK(is_invalid(lz4));
  CHECK(lz4.message().find("\"lz4\" cannot be read") != std::string::npos);
}

}  // namespace
}  // namespace heirloom
