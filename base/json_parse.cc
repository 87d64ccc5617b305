// The one file that includes RapidJSON: its iterative SAX reader feeds our tape.
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <string>

#include <fmt/format.h>
// RapidJSON's empty stack adds an offset to a null pointer, which is harmless but undefined.
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow"))), apply_to = function)
#endif
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#ifdef __clang__
#pragma clang attribute pop
#endif

#include "base/json.h"
#include "base/json_tape.h"
#include "base/utf8.h"

namespace heirloom {
namespace {

constexpr std::size_t kMaxTextBytes = std::size_t{1} << 30;  // offsets inside a block are 32 bits wide

// The recursive reader would overflow the stack. Numbers come as text: RapidJSON's own conversion is slower
// than the standard library's, and this way every digit counts. UTF-8 is checked here: RapidJSON would let
// the second half of a surrogate pair pass when it comes alone.
constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;

struct Handler {
  detail::JsonTape& tape;
  const char* problem = nullptr;

  bool fail(const char* why) {
    problem = why;
    return false;
  }
  bool Null() {
    tape.null();
    return true;
  }
  bool Bool(bool value) {
    tape.boolean(value);
    return true;
  }
  // Never called, because numbers come as text.
  bool Int(int value) { return Int64(value); }
  bool Uint(unsigned value) { return Uint64(value); }
  bool Int64(std::int64_t value) {
    tape.int64(value);
    return true;
  }
  bool Uint64(std::uint64_t value) {
    tape.uint64(value);
    return true;
  }
  bool Double(double value) {
    tape.number(value);
    return true;
  }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) { return number({text, length}); }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    if (!is_valid_utf8({text, length})) return fail("a string that is not valid Unicode");
    tape.string({text, length});
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    if (!is_valid_utf8({text, length})) return fail("a key that is not valid Unicode");
    tape.key({text, length});
    return true;
  }
  bool StartObject() {
    if (tape.depth() >= kMaxJsonDepth) return fail("nested too deeply");
    tape.begin_object();
    return true;
  }
  bool EndObject(rapidjson::SizeType) {
    tape.end_object();
    return true;
  }
  bool StartArray() {
    if (tape.depth() >= kMaxJsonDepth) return fail("nested too deeply");
    tape.begin_array();
    return true;
  }
  bool EndArray(rapidjson::SizeType) {
    tape.end_array();
    return true;
  }

  // Integers that fit stay integers; all else is a double, as in Kubernetes' decoder.
  bool number(std::string_view text) {
    const char* end = text.data() + text.size();
    if (text.find_first_of(".eE") == std::string_view::npos) {
      std::int64_t integer = 0;
      if (std::from_chars(text.data(), end, integer).ec == std::errc()) return Int64(integer);
      std::uint64_t big = 0;
      if (text.front() != '-' && std::from_chars(text.data(), end, big).ec == std::errc()) return Uint64(big);
    }
    double value = 0;
    if (std::from_chars(text.data(), end, value).ec == std::errc::result_out_of_range) {
      value = std::strtod(std::string(text).c_str(),
                          nullptr);  // tells too large (infinite) from too small (zero)
      if (value > std::numeric_limits<double>::max() || value < std::numeric_limits<double>::lowest())
        return fail("number too large");
    }
    return Double(value);
  }
};

Status parse_error(std::string_view text, std::size_t offset, std::string_view why) {
  offset = std::min(offset, text.size());
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t line_start = before.rfind('\n');
  const std::size_t column = line_start == std::string_view::npos ? offset + 1 : offset - line_start;
  return bad_request(fmt::format("invalid JSON at line {}, column {}: {}", line, column, why));
}

}  // namespace

Result<Json> Json::parse(std::string_view text) {
  if (text.size() > kMaxTextBytes)
    return bad_request(fmt::format("invalid JSON: {} bytes, the limit is {}", text.size(), kMaxTextBytes));
  detail::TapeLease tape;
  Handler handler{*tape};
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, handler);
  if (result.IsError())
    return parse_error(
        text, result.Offset(),
        handler.problem != nullptr ? handler.problem : rapidjson::GetParseError_En(result.Code()));
  // The stream takes a NUL byte for its end.
  if (stream.Tell() != text.size()) return parse_error(text, stream.Tell(), "unexpected NUL byte");
  return Json(tape->take());
}

}  // namespace heirloom
