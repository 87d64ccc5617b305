// Regular expressions of schemas, matched anywhere in the text as Go's regexp does, code point by code point.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace heirloom::schema {

inline constexpr std::size_t kMaxPatternBytes = 4096;

class Pattern {
 public:
  // Error: BadRequest with the reason the expression does not compile.
  static Result<std::shared_ptr<const Pattern>> compile(std::string_view text);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  // Bounded work: an expression that backtracks without end on this text counts as not matching.
  bool matches(std::string_view text) const;
  const std::string& text() const { return text_; }

 private:
  struct Compiled;
  Pattern(std::string text, std::unique_ptr<Compiled> compiled);
  std::string text_;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace heirloom::schema
