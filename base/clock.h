// Time as a seam: domain code never asks the machine for it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task.h"

namespace heirloom {

using Duration = std::chrono::nanoseconds;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;
using MonotonicTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;             // for timestamps people and other programs read; may jump
  virtual MonotonicTime monotonic() const = 0;  // for deadlines and durations; never jumps
  // Returns at the time or later; unwinds with operation_aborted when the task is cancelled.
  virtual Task<void> sleep_until(MonotonicTime time) = 0;
  Task<void> sleep_for(Duration duration) { return sleep_until(monotonic() + duration); }
};

// meta/v1 Time: RFC 3339, whole seconds, UTC ("2026-01-02T03:04:05Z"). MicroTime has six fractional digits.
std::string format_time(WallTime time);
std::string format_micro_time(WallTime time);
Result<WallTime> parse_time(std::string_view text);  // any RFC 3339 time

// Go durations ("5m", "1h30m", "250ms"). Error: BadRequest naming the text.
Result<Duration> parse_duration(std::string_view text);
std::string format_duration(Duration duration);

}  // namespace heirloom
