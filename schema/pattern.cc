// The work one match may do; Boost.Regex backtracks, and gives up with an exception beyond this.
#define BOOST_REGEX_MAX_STATE_COUNT 1000000

#include "schema/pattern.h"

#include <stdexcept>

#include <boost/regex.hpp>

#include <fmt/format.h>

namespace heirloom::schema {

namespace {

// One wchar_t per code point; a byte that is not UTF-8 stands for U+FFFD, as in Go.
std::wstring to_wide(std::string_view text) {
  static_assert(sizeof(wchar_t) == 4);
  std::wstring out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t length = first < 0x80    ? 1
                               : first >= 0xf0 ? 4
                               : first >= 0xe0 ? 3
                               : first >= 0xc2 ? 2
                                               : 0;
    bool valid = length != 0 && i + length <= text.size();
    char32_t rune = length <= 1 ? first : first & (0xff >> (length + 1));
    for (std::size_t k = 1; valid && k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      valid = (next & 0xc0) == 0x80;
      rune = (rune << 6) | (next & 0x3f);
    }
    out.push_back(static_cast<wchar_t>(valid ? rune : 0xfffd));
    i += valid ? length : 1;
  }
  return out;
}

// Go writes named groups (?P<name>...), Perl (?<name>...).
std::string without_go_names(std::string_view text) {
  std::string out(text);
  for (std::size_t at = 0; (at = out.find("(?P<", at)) != std::string::npos;) out.erase(at + 2, 1);
  return out;
}

}  // namespace

struct Pattern::Compiled {
  boost::wregex expression;
};

Pattern::Pattern(std::string text, std::unique_ptr<Compiled> compiled)
    : text_(std::move(text)), compiled_(std::move(compiled)) {}
Pattern::~Pattern() = default;

Result<std::shared_ptr<const Pattern>> Pattern::compile(std::string_view text) {
  if (text.size() > kMaxPatternBytes)
    return bad_request(
        fmt::format("expression of {} bytes is too long: the limit is {}", text.size(), kMaxPatternBytes));
  try {
    auto compiled = std::make_unique<Compiled>();
    compiled->expression.assign(to_wide(without_go_names(text)), boost::regex::perl | boost::regex::no_mod_m);
    return std::shared_ptr<const Pattern>(new Pattern(std::string(text), std::move(compiled)));
  } catch (const std::runtime_error& e) {
    return bad_request(fmt::format("error parsing regexp: {}", e.what()));
  }
}

bool Pattern::matches(std::string_view text) const {
  try {
    return boost::regex_search(to_wide(text), compiled_->expression,
                               boost::match_not_dot_newline | boost::match_single_line | boost::match_any);
  } catch (const std::runtime_error&) {
    return false;
  }
}

}  // namespace heirloom::schema
