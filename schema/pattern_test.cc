#include "schema/pattern.h"

#include <doctest/doctest.h>

namespace heirloom::schema {
namespace {

TEST_CASE("patterns match as Go's regexp does") {
  struct Row {
    const char* pattern;
    const char* text;
    bool matches;
    const char* because;
  };
  const Row rows[] = {
      {"^[a-z]([-a-z0-9]*[a-z0-9])?$", "web", true, "plain"},
      {"^[a-z]([-a-z0-9]*[a-z0-9])?$", "Bad Name", false, "plain"},
      {"b", "abc", true, "anywhere"},
      {"^a$", "a\n", false, "the end is the end of the text"},
      {"^a$", "b\na", false, "the start is the start of the text"},
      {"a.b", "a\nb", false, "a dot is no line break"},
      {"^.{3}$",
       "a\xc3\xa4"
       "b",
       true, "code points, not bytes"},
      {"(?P<year>\\d{4})", "in 2020", true, "Go's named groups"},
      {"(?i)abc", "xABC", true, "flags"},
      {"^[[:alpha:]]+$", "abc", true, "classes"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    const auto pattern = Pattern::compile(row.pattern);
    REQUIRE(pattern.ok());
    CHECK((*pattern)->matches(row.text) == row.matches);
    CHECK((*pattern)->text() == row.pattern);
  }
}

TEST_CASE("what does not compile is an error, what never ends is no match") {
  for (const char* bad : {"(", "a[", "*a", "[z-a]"}) CHECK_FALSE(Pattern::compile(bad).ok());
  CHECK_FALSE(Pattern::compile(std::string(kMaxPatternBytes + 1, 'a')).ok());
  const auto pattern = Pattern::compile("^((a|b)*)*c$");
  REQUIRE(pattern.ok());
  CHECK_FALSE((*pattern)->matches(std::string(5000, 'a')));
}

}  // namespace
}  // namespace heirloom::schema
