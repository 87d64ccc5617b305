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

TEST_CASE("a compression that cannot be read is refused with what to do") {
  const Status zstd = decompress("zstd", "", 100).status();
  CHECK(is_invalid(zstd));
  CHECK(zstd.message().find("\"zstd\" cannot be read") != std::string::npos);
}

}  // namespace
}  // namespace heirloom
