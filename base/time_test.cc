#include <limits>

#include <doctest/doctest.h>

#include "base/clock.h"

namespace heirloom {
namespace {

WallTime at(std::int64_t nanos) { return WallTime(Duration(nanos)); }

TEST_CASE("times are read whatever their offset and fraction, and written in UTC") {
  struct Case {
    std::string_view text, whole, micro;
  };
  const Case cases[] = {
      {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"},
      {"2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"},
      {"2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456Z"},
      {"2026-01-02T03:04:05.9999999999999Z", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.999999Z"},
      {"2026-01-01T01:30:00+02:00", "2025-12-31T23:30:00Z", "2025-12-31T23:30:00.000000Z"},
      {"2024-02-29T23:59:59-00:30", "2024-03-01T00:29:59Z", "2024-03-01T00:29:59.000000Z"},
      {"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.500000Z"},
      {"1900-06-15t12:00:00z", "1900-06-15T12:00:00Z", "1900-06-15T12:00:00.000000Z"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const Result<WallTime> time = parse_time(c.text);
    REQUIRE(time.ok());
    CHECK(format_time(*time) == c.whole);
    CHECK(format_micro_time(*time) == c.micro);
  }
  CHECK(*parse_time("1970-01-01T00:00:01.000000001Z") == at(1'000'000'001));
}

TEST_CASE("what is no time is refused") {
  const std::string_view cases[] = {"",
                                    "2026",
                                    "2026-01-02",
                                    "2026-01-02T03:04:05",
                                    "2026-01-02 03:04:05Z",
                                    "2026-13-02T03:04:05Z",
                                    "2026-02-30T03:04:05Z",
                                    "2023-02-29T00:00:00Z",
                                    "2026-01-02T24:00:00Z",
                                    "2026-01-02T03:60:05Z",
                                    "2026-01-02T03:04:60Z",
                                    "2026-01-02T03:04:05.Z",
                                    "2026-01-02T03:04:05+0200",
                                    "2026-01-02T03:04:05Zx",
                                    "2026-1-2T03:04:05Z",
                                    "+026-01-02T03:04:05Z",
                                    "0001-01-01T00:00:00Z",
                                    "9999-12-31T23:59:59Z"};
  for (const std::string_view text : cases) {
    CAPTURE(text);
    CHECK_FALSE(parse_time(text).ok());
  }
}

TEST_CASE("durations read and print as in Go") {
  struct Case {
    std::string_view text;
    std::int64_t nanos;
    std::string_view printed;
  };
  constexpr std::int64_t kSecond = 1'000'000'000;
  const Case cases[] = {
      {"0", 0, "0s"},
      {"0s", 0, "0s"},
      {"5m", 300 * kSecond, "5m0s"},
      {"1h30m", 5400 * kSecond, "1h30m0s"},
      {"250ms", kSecond / 4, "250ms"},
      {"1.5s", kSecond * 3 / 2, "1.5s"},
      {"-1.5h", -5400 * kSecond, "-1h30m0s"},
      {"+5s", 5 * kSecond, "5s"},
      {".5s", kSecond / 2, "500ms"},
      {"1.s", kSecond, "1s"},
      {"1us", 1000, "1\u00B5s"},
      {"1.001\u00B5s", 1001, "1.001\u00B5s"},
      {"2\u03BCs", 2000, "2\u00B5s"},
      {"7ns", 7, "7ns"},
      {"1h", 3600 * kSecond, "1h0m0s"},
      {"100h0.000000001s", 360'000 * kSecond + 1, "100h0m0.000000001s"},
      {"1m1m", 120 * kSecond, "2m0s"},
      {"0.3333333333333333333h", 1'200 * kSecond, "20m0s"},
      {"9223372036854775807ns", std::numeric_limits<std::int64_t>::max(), "2562047h47m16.854775807s"},
      {"-9223372036854775808ns", std::numeric_limits<std::int64_t>::min(), "-2562047h47m16.854775808s"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const Result<Duration> duration = parse_duration(c.text);
    REQUIRE(duration.ok());
    CHECK(duration->count() == c.nanos);
    CHECK(format_duration(*duration) == c.printed);
    CHECK(*parse_duration(format_duration(*duration)) == *duration);
  }
}

TEST_CASE("what is no duration is refused") {
  const std::string_view cases[] = {"",
                                    "-",
                                    "s",
                                    "3",
                                    "5 m",
                                    "5d",
                                    ".s",
                                    "+.s",
                                    "1e3s",
                                    "-+1s",
                                    "1h-1m",
                                    "0.0",
                                    "1x",
                                    "9223372036854775808ns",
                                    "2562048h",
                                    "1hh",
                                    "99999999999999999999s",
                                    "9223372036854775807ns1ns"};
  for (const std::string_view text : cases) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text).ok());
  }
}

}  // namespace
}  // namespace heirloom
