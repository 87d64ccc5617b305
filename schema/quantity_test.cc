#include "schema/quantity.h"

#include <doctest/doctest.h>

namespace heirloom::schema {
namespace {

TEST_CASE("quantities compare by value, exactly") {
  struct Row {
    const char* left;
    const char* right;
    int order;  // sign of left - right
    const char* because;
  };
  const Row rows[] = {
      {"1000m", "1", 0, "milli"},
      {"1", "1.0", 0, "a fraction of zero"},
      {"1Gi", "1024Mi", 0, "binary suffixes"},
      {"1Gi", "1073741824", 0, "binary and plain"},
      {"1G", "1Gi", -1, "decimal is less than binary"},
      {"1e3", "1k", 0, "exponent and suffix"},
      {"1E3", "1000", 0, "E with digits is an exponent"},
      {"1E", "1000000000000000000", 0, "E alone is exa"},
      {"0.1", "100m", 0, "no floating point"},
      {"0", "-0", 0, "zero has no sign"},
      {"0Gi", "0", 0, "zero has no unit"},
      {"-1", "1", -1, "signs"},
      {"-2", "-1", -1, "negative order"},
      {"1500m", "2", -1, "half"},
      {"0.5Mi", "512Ki", 0, "fraction with binary suffix"},
      {"1n", "0.1n", 0, "finer than nano rounds up"},
      {"+5", "5", 0, "explicit plus"},
      {".5", "500m", 0, "no leading digit"},
      {"5.", "5", 0, "no fraction digit"},
      {"123456789012345678901234567890", "123456789012345678901234567891", -1, "beyond 64 bits"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    const auto left = Quantity::parse(std::string_view(row.left)),
               right = Quantity::parse(std::string_view(row.right));
    REQUIRE(left.has_value());
    REQUIRE(right.has_value());
    CHECK((*left <=> *right == 0) == (row.order == 0));
    CHECK((*left < *right) == (row.order < 0));
  }
}

TEST_CASE("what is no quantity is refused") {
  for (const char* text : {"", "abc", "1 Gi", "1gi", "1KB", "--1", "1e", "1e+", "1.2.3", ".", "Gi",
                           "1e99999999999", "0x10", "1Gi "}) {
    CAPTURE(text);
    CHECK_FALSE(Quantity::parse(std::string_view(text)).has_value());
  }
  CHECK_FALSE(Quantity::parse(std::string(kMaxQuantityBytes + 1, '1')).has_value());
}

TEST_CASE("a JSON number is a quantity too") {
  const Json number = Json::int64(2);
  const Json text = Json::string("2000m");
  CHECK(*Quantity::parse(number.view()) == *Quantity::parse(text.view()));
  CHECK_FALSE(Quantity::parse(Json::boolean(true).view()).has_value());
}

}  // namespace
}  // namespace heirloom::schema
