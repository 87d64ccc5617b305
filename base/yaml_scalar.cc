#include "base/yaml_scalar.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>

namespace heirloom::detail {
namespace {

struct Word {
  std::string_view text;
  PlainScalar meaning;
};

PlainScalar resolve_word(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();
  static const Word kWords[] = {
      {"", nullptr},         {"~", nullptr},        {"null", nullptr},     {"Null", nullptr},
      {"NULL", nullptr},     {"y", true},           {"Y", true},           {"yes", true},
      {"Yes", true},         {"YES", true},         {"true", true},        {"True", true},
      {"TRUE", true},        {"on", true},          {"On", true},          {"ON", true},
      {"n", false},          {"N", false},          {"no", false},         {"No", false},
      {"NO", false},         {"false", false},      {"False", false},      {"FALSE", false},
      {"off", false},        {"Off", false},        {"OFF", false},        {".nan", kNotANumber},
      {".NaN", kNotANumber}, {".NAN", kNotANumber}, {".inf", kInfinity},   {".Inf", kInfinity},
      {".INF", kInfinity},   {"+.inf", kInfinity},  {"+.Inf", kInfinity},  {"+.INF", kInfinity},
      {"-.inf", -kInfinity}, {"-.Inf", -kInfinity}, {"-.INF", -kInfinity},
  };
  if (text.size() > 5) return std::monostate();
  for (const Word& word : kWords)
    if (word.text == text) return word.meaning;
  return std::monostate();
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// strconv.ParseUint with base 0, for text without a sign: 0x, 0o, 0b, a leading 0 for octal, else decimal.
std::optional<std::uint64_t> parse_magnitude(std::string_view text) {
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char mark = text[1];
    base = mark == 'x' || mark == 'X' ? 16 : mark == 'b' || mark == 'B' ? 2 : 8;
    const bool marked = base != 8 || mark == 'o' || mark == 'O';
    text.remove_prefix(marked ? 2 : 1);
  }
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value, base);
  if (text.empty() || result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

PlainScalar parse_integer(std::string_view text) {
  constexpr std::uint64_t kMagnitudeOfMin = std::uint64_t{1} << 63;
  const bool negative = text.front() == '-';
  const bool is_signed = negative || text.front() == '+';
  const auto magnitude = parse_magnitude(text.substr(is_signed ? 1 : 0));
  if (!magnitude) return std::monostate();
  if (negative && *magnitude <= kMagnitudeOfMin) return static_cast<std::int64_t>(~*magnitude + 1);
  if (!negative && *magnitude < kMagnitudeOfMin) return static_cast<std::int64_t>(*magnitude);
  if (!is_signed) return *magnitude;
  return std::monostate();
}

std::size_t count_digits(std::string_view text) {
  const auto* end = std::find_if_not(text.begin(), text.end(), is_digit);
  return static_cast<std::size_t>(end - text.begin());
}

// ^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$
bool looks_like_float(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t whole = count_digits(text);
  text.remove_prefix(whole);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const std::size_t fraction = count_digits(text);
    if (whole == 0 && fraction == 0) return false;
    text.remove_prefix(fraction);
  } else if (whole == 0) {
    return false;
  }
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && count_digits(text) == text.size();
}

// Too large stays a string, as in Go; too small becomes zero.
PlainScalar parse_float(std::string_view text) {
  if (!looks_like_float(text)) return std::monostate();
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec == std::errc::result_out_of_range) value = std::strtod(std::string(text).c_str(), nullptr);
  if (value > std::numeric_limits<double>::max() || value < std::numeric_limits<double>::lowest())
    return std::monostate();
  return value;
}

}  // namespace

PlainScalar resolve_plain_scalar(std::string_view text) {
  if (const PlainScalar word = resolve_word(text); !std::holds_alternative<std::monostate>(word)) return word;
  const char first = text.front();
  if (first == '.') return parse_float(text);
  if (!is_digit(first) && first != '-' && first != '+') return std::monostate();
  std::string digits(text);
  std::erase(digits, '_');
  const PlainScalar integer = parse_integer(digits);
  return std::holds_alternative<std::monostate>(integer) ? parse_float(digits) : integer;
}

std::size_t find_unprintable(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == 0x7F || (c < 0x20 && c != '\t' && c != '\n' && c != '\r')) return i;
    if (c == 0xC2) {  // U+0080 to U+009F but for NEL
      const auto next = static_cast<unsigned char>(text[i + 1]);
      if (next < 0xA0 && next != 0x85) return i;
    } else if (c == 0xEF && text.substr(i + 1, 1) == "\xBF") {  // U+FFFE and U+FFFF
      if (static_cast<unsigned char>(text[i + 2]) >= 0xBE) return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace heirloom::detail
