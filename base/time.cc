// Times and durations as text: RFC 3339 for times, Go's notation for durations, as the Kubernetes API has
// them.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <span>

#include "base/clock.h"

namespace heirloom {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// The last digits of `value`, as many as fit.
void put(std::span<char> digits, unsigned value) {
  for (auto at = digits.rbegin(); at != digits.rend(); ++at, value /= 10) *at = static_cast<char>('0' + value % 10);
}

// Civil date and time of day, UTC. By hand: every write of an object formats a few, and nanoseconds of 64 bits stay
// between the years 1677 and 2262.
std::string format_seconds(WallTime time) {
  const auto day = floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(floor<seconds>(time - day));
  std::string text = "YYYY-MM-DDThh:mm:ss";
  const std::span<char> all(text);
  put(all.subspan(0, 4), static_cast<unsigned>(static_cast<int>(date.year())));
  put(all.subspan(5, 2), static_cast<unsigned>(date.month()));
  put(all.subspan(8, 2), static_cast<unsigned>(date.day()));
  put(all.subspan(11, 2), static_cast<unsigned>(clock.hours().count()));
  put(all.subspan(14, 2), static_cast<unsigned>(clock.minutes().count()));
  put(all.subspan(17, 2), static_cast<unsigned>(clock.seconds().count()));
  return text;
}

// Reads front to back; after the first mismatch everything fails.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool accept(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(std::string_view any_of) { ok_ = accept(any_of) && ok_; }
  int number(std::size_t digits, int low, int high) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) value = value * 10 + digit();
    if (value < low || value > high) ok_ = false;
    return value;
  }
  bool at_digit() const { return peek() >= '0' && peek() <= '9'; }
  int digit() {
    if (!at_digit()) {
      ok_ = false;
      return 0;
    }
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }
  std::string_view rest() const { return rest_; }
  void skip(std::size_t n) { rest_.remove_prefix(n); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

nanoseconds scan_fraction(Scanner& scan) {
  std::int64_t value = 0;
  std::int64_t unit = 100'000'000;
  value += scan.digit() * unit;
  while (scan.at_digit()) {  // beyond nanoseconds digits are read and dropped
    unit /= 10;
    value += scan.digit() * unit;
  }
  return nanoseconds(value);
}

struct Unit {
  std::string_view name;
  std::uint64_t nanos;
};
// Longer names first where one begins another.
constexpr Unit kUnits[] = {
    {"ns", 1},         {"us", 1'000},        {"\u00B5s", 1'000},    {"\u03BCs", 1'000},
    {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};

// One "12.5m" of a duration in nanoseconds; nothing when malformed or too large.
std::optional<std::uint64_t> scan_part(Scanner& scan) {
  constexpr std::uint64_t kMax = std::uint64_t{1} << 63;
  std::uint64_t whole = 0;
  std::uint64_t fraction = 0;
  double scale = 1;
  bool digits = false;
  for (; scan.at_digit(); digits = true) {
    if (whole > kMax / 10) return std::nullopt;
    whole = whole * 10 + static_cast<std::uint64_t>(scan.digit());
    if (whole > kMax) return std::nullopt;
  }
  if (scan.accept(".")) {
    for (; scan.at_digit(); digits = true) {
      const auto digit = static_cast<std::uint64_t>(scan.digit());
      if (fraction > (kMax - 1) / 10 - 1) continue;  // finer than any nanosecond
      fraction = fraction * 10 + digit;
      scale *= 10;
    }
  }
  if (!digits) return std::nullopt;
  const auto* unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                  [&](const Unit& u) { return scan.rest().starts_with(u.name); });
  if (unit == std::end(kUnits)) return std::nullopt;
  scan.skip(unit->name.size());
  if (whole > kMax / unit->nanos) return std::nullopt;
  const double part = static_cast<double>(fraction) * (static_cast<double>(unit->nanos) / scale);
  return whole * unit->nanos + static_cast<std::uint64_t>(part);
}

// "1.5" of 1500000 and 10^6: without trailing zeros.
std::string with_fraction(std::uint64_t value, std::uint64_t unit) {
  std::string text = std::to_string(value / unit);
  std::uint64_t rest = value % unit;
  if (rest == 0) return text;
  text += '.';
  while (rest != 0) {
    rest *= 10;
    text += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return text;
}

}  // namespace

std::string format_time(WallTime time) { return format_seconds(time) + "Z"; }

std::string format_micro_time(WallTime time) {
  const auto micros = floor<std::chrono::microseconds>(time - floor<seconds>(time));
  return fmt::format("{}.{:06}Z", format_seconds(time), micros.count());
}

Result<WallTime> parse_time(std::string_view text) {
  Scanner scan(text);
  const std::chrono::year year(scan.number(4, 0, 9999));
  scan.expect("-");
  const std::chrono::month month(static_cast<unsigned>(scan.number(2, 1, 12)));
  scan.expect("-");
  const std::chrono::day day(static_cast<unsigned>(scan.number(2, 1, 31)));
  scan.expect("Tt");
  seconds clock = hours(scan.number(2, 0, 23));
  scan.expect(":");
  clock += minutes(scan.number(2, 0, 59));
  scan.expect(":");
  clock += seconds(scan.number(2, 0, 59));  // no leap seconds, as in Go
  const nanoseconds fraction = scan.accept(".") ? scan_fraction(scan) : nanoseconds(0);
  seconds offset(0);
  if (!scan.accept("Zz")) {
    const bool west = scan.peek() == '-';
    scan.expect("+-");
    offset = hours(scan.number(2, 0, 23));
    scan.expect(":");
    offset += minutes(scan.number(2, 0, 59));
    if (west) offset = -offset;
  }
  const std::chrono::year_month_day date(year, month, day);
  if (!scan.done() || !date.ok())
    return bad_request(fmt::format("\"{}\" is not an RFC 3339 time such as 2026-01-02T03:04:05Z", text));
  const auto whole =
      std::chrono::time_point<std::chrono::system_clock, seconds>(std::chrono::sys_days(date)) + clock -
      offset;
  // What 64 bits of nanoseconds can hold, less a second at both ends.
  constexpr auto kLimit = std::chrono::duration_cast<seconds>(nanoseconds::max()) - seconds(1);
  if (whole.time_since_epoch() > kLimit || whole.time_since_epoch() < -kLimit)
    return bad_request(
        fmt::format("the time \"{}\" is out of range: years 1678 to 2261 can be represented", text));
  return WallTime(whole) + fraction;
}

Result<Duration> parse_duration(std::string_view text) {
  const Status malformed =
      bad_request(fmt::format("\"{}\" is not a duration such as 5m, 1h30m or 250ms, or is too long", text));
  constexpr std::uint64_t kMax = std::uint64_t{1} << 63;
  Scanner scan(text);
  const bool negative = scan.peek() == '-';
  scan.accept("+-");
  if (scan.rest() == "0") return Duration(0);
  if (scan.rest().empty()) return malformed;
  std::uint64_t total = 0;
  while (!scan.done()) {
    const std::optional<std::uint64_t> part = scan_part(scan);
    if (!part || *part > kMax - total) return malformed;
    total += *part;
  }
  if (negative) return Duration(static_cast<std::int64_t>(~total + 1));
  if (total == kMax) return malformed;
  return Duration(static_cast<std::int64_t>(total));
}

std::string format_duration(Duration duration) {
  if (duration.count() == 0) return "0s";
  const bool negative = duration.count() < 0;
  const auto bits = static_cast<std::uint64_t>(duration.count());
  const std::uint64_t value = negative ? ~bits + 1 : bits;
  std::string text = negative ? "-" : "";
  if (value < 1'000) return text + std::to_string(value) + "ns";
  if (value < 1'000'000) return text + with_fraction(value, 1'000) + "\u00B5s";
  if (value < 1'000'000'000) return text + with_fraction(value, 1'000'000) + "ms";
  constexpr std::uint64_t kMinute = 60'000'000'000;
  const std::uint64_t total_minutes = value / kMinute;
  if (total_minutes >= 60) text += std::to_string(total_minutes / 60) + "h";
  if (total_minutes > 0) text += std::to_string(total_minutes % 60) + "m";
  return text + with_fraction(value % kMinute, 1'000'000'000) + "s";
}

}  // namespace heirloom
