#include <bit>
#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include "base/hash.h"
#include "base/json.h"

namespace heirloom {
namespace {

TEST_CASE("numbers keep their kind and every digit") {
  struct Case {
    std::string_view text;
    JsonKind kind;
    std::string_view written;
  };
  const Case cases[] = {
      {"0", JsonKind::Int64, "0"},
      {"-0", JsonKind::Int64, "0"},
      {"-0.0", JsonKind::Double, "-0"},
      {"1.0", JsonKind::Double, "1"},
      {"1e3", JsonKind::Double, "1000"},
      {"1E+2", JsonKind::Double, "100"},
      {"9223372036854775807", JsonKind::Int64, "9223372036854775807"},
      {"-9223372036854775808", JsonKind::Int64, "-9223372036854775808"},
      {"9223372036854775808", JsonKind::Uint64, "9223372036854775808"},
      {"18446744073709551615", JsonKind::Uint64, "18446744073709551615"},
      {"18446744073709551616", JsonKind::Double, "18446744073709552000"},
      {"-9223372036854775809", JsonKind::Double, "-9223372036854776000"},
      {"2.2250738585072011e-308", JsonKind::Double, "2.225073858507201e-308"},
      {"0.1", JsonKind::Double, "0.1"},
      {"123456789.123456789", JsonKind::Double, "123456789.12345679"},
      {"1e-400", JsonKind::Double, "0"},
      {"4.9e-324", JsonKind::Double, "5e-324"},
      {"1.7976931348623157e308", JsonKind::Double, "1.7976931348623157e+308"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const Result<Json> json = Json::parse(c.text);
    REQUIRE(json.ok());
    CHECK(json->kind() == c.kind);
    CHECK(write_json(*json) == c.written);
  }
}

TEST_CASE("any double survives being written and read") {
  std::uint64_t bits = 42;
  for (int i = 0; i < 20'000; ++i) {
    bits = hash_combine(bits, static_cast<std::uint64_t>(i));
    const double value = std::bit_cast<double>(bits);
    if (!std::isfinite(value)) continue;
    JsonBuilder out;
    out.number(value);
    const Result<Json> back = Json::parse(write_json(out.take()));
    REQUIRE(back.ok());
    CHECK(back->view().number() == value);
  }
}

TEST_CASE("text that is not JSON is refused with its position") {
  struct Case {
    std::string_view text, because;
  };
  const Case cases[] = {
      {"", "nothing"},
      {"  ", "only spaces"},
      {"nul", "half a word"},
      {"{", "open object"},
      {"[1,]", "trailing comma"},
      {"{\"a\":1,}", "trailing comma"},
      {"{a:1}", "key without quotes"},
      {"{'a':1}", "single quotes"},
      {"01", "leading zero"},
      {"+1", "plus sign"},
      {".5", "no digit before the point"},
      {"1.", "no digit after the point"},
      {"1e", "no exponent"},
      {"-", "no digits"},
      {"0x10", "hexadecimal"},
      {"NaN", "not a number"},
      {"Infinity", "infinite"},
      {"1e400", "beyond double"},
      {"-1e400", "beyond double"},
      {"1 2", "two values"},
      {"// c\n1", "a comment"},
      {"\"\n\"", "a raw control character"},
      {"\"\\x\"", "unknown escape"},
      {"\"\\u12\"", "short escape"},
      {"\"\\ud800\"", "half a surrogate pair"},
      {"\"\\udc00\\ud800\"", "surrogates the wrong way round"},
      {"\"\\ude15\"", "the second half of a surrogate pair"},
      {"{\"\\ude15\":1}", "half a surrogate pair in a key"},
      {"\"\xC0\x80\"", "overlong UTF-8"},
      {"\"\xED\xA0\x80\"", "a surrogate in UTF-8"},
      {"\"\xF4\x90\x80\x80\"", "above U+10FFFF"},
      {"\"\xFF\"", "never a UTF-8 byte"},
      {"\"\xE2\x82\"", "cut UTF-8"},
      {"{\"\xFF\":1}", "a key that is not UTF-8"},
      {"\xEF\xBB\xBF{}", "a byte order mark"},
      {std::string_view("1\0", 2), "NUL after the value"},
      {std::string_view("1\0garbage", 9), "anything after a NUL"},
      {std::string_view("[1,\0 2]", 7), "NUL inside"},
      {std::string_view("\"a\0b\"", 5), "a raw NUL in a string"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.because);
    const Result<Json> json = Json::parse(c.text);
    CHECK_FALSE(json.ok());
    if (!json.ok()) CHECK(json.status().code() == 400);
  }
  CHECK(Json::parse("{\n  \"a\": x\n}").status().message() ==
        "invalid JSON at line 2, column 8: Invalid value.");
}

TEST_CASE("strings are decoded, NUL and pairs of surrogates included") {
  const Result<Json> json = Json::parse(R"("\u0000\ud83d\ude00\u00e9\"\\\/\b\f\n\r\t")");
  REQUIRE(json.ok());
  CHECK(json->view().string() == std::string_view("\0😀é\"\\/\b\f\n\r\t", 16 - 1));
}

TEST_CASE("the last of repeated keys wins, at every size and depth") {
  const Result<Json> json = Json::parse(R"({"a":1,"b":{"x":[1],"x":[2,2]},"a":{"deep":[1,2]},"a":3,"c":4})");
  REQUIRE(json.ok());
  CHECK(*json == *Json::parse(R"({"a":3,"b":{"x":[2,2]},"c":4})"));
  CHECK(json->view().size() == 3);
  std::string text = "{";
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 100; ++i)
      text += "\"k" + std::to_string(i) + "\":" + std::to_string(round * 1000 + i) + ",";
  text.back() = '}';
  const Result<Json> large = Json::parse(text);
  REQUIRE(large.ok());
  CHECK(large->view().size() == 100);
  for (int i = 0; i < 100; ++i) CHECK(large->view()["k" + std::to_string(i)].int64() == 2000 + i);
}

TEST_CASE("nesting is bounded, and a depth bomb is cheap") {
  const auto nested = [](std::size_t depth, char open, char close) {
    return std::string(depth, open) + std::string(depth, close);
  };
  CHECK(Json::parse(nested(512, '[', ']')).ok());
  CHECK_FALSE(Json::parse(nested(513, '[', ']')).ok());
  CHECK_FALSE(Json::parse(std::string(5'000'000, '[')).ok());
  std::string objects;
  for (int i = 0; i < 1'000'000; ++i) objects += "{\"a\":";
  const Result<Json> bomb = Json::parse(objects);
  CHECK_FALSE(bomb.ok());
  CHECK(bomb.status().message().find("nested too deeply") != std::string::npos);
}

TEST_CASE("the text need not end with a NUL") {
  const std::string text = "[1234]5";
  CHECK(Json::parse(std::string_view(text).substr(0, 6)).ok());
  CHECK(write_json(*Json::parse(std::string_view(text).substr(1, 2))) == "12");
}

}  // namespace
}  // namespace heirloom
