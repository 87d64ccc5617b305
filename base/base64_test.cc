#include "base/base64.h"

#include <doctest/doctest.h>

namespace heirloom {
namespace {

TEST_CASE("base64 encodes and decodes RFC 4648's examples") {
  struct Case {
    std::string_view bytes, text;
  };
  const Case cases[] = {{"", ""},
                        {"f", "Zg=="},
                        {"fo", "Zm8="},
                        {"foo", "Zm9v"},
                        {"foob", "Zm9vYg=="},
                        {"fooba", "Zm9vYmE="},
                        {"foobar", "Zm9vYmFy"},
                        {"\xFF\xFE\xFB", "//77"}};
  for (const Case& c : cases) {
    CHECK(encode_base64(c.bytes) == c.text);
    CHECK(*decode_base64(c.text) == c.bytes);
  }
}

TEST_CASE("every byte string survives") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    CHECK(*decode_base64(encode_base64(bytes)) == bytes);
    bytes += static_cast<char>(i * 37);
  }
}

TEST_CASE("line breaks are skipped, as in Go, and nothing else") {
  CHECK(*decode_base64("Zm9v\r\nYm\nFy\n") == "foobar");
  CHECK(*decode_base64("Zg=\n=\n") == "f");
  for (const std::string_view text : {"Zg", "Zg=", "Z===", "====", "Zm9v=", "Zg==Zg==", "Zg==\n=", "Zm 9v",
                                      "Zm9v-_", "Z", "Zm8=x", "=", "Zm9vé"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_base64(text).ok());
  }
  CHECK(decode_base64("c2VjcmV0!").status().message() == "invalid base64 at offset 8");
}

}  // namespace
}  // namespace heirloom
