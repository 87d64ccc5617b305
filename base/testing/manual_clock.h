// A clock that moves only when told. Sleepers become ready through their own executors.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "base/clock.h"

namespace heirloom {

class ManualClock final : public Clock {
 public:
  // Wall time starts at 2026-01-01T00:00:00Z.
  ManualClock();
  ~ManualClock() override;  // outlives everything that sleeps on it

  WallTime now() const override;
  MonotonicTime monotonic() const override;
  Task<void> sleep_until(MonotonicTime time) override;

  void advance(Duration duration);      // both clocks; wakes sleepers whose time has come
  void jump_wall(Duration difference);  // the wall clock alone, forwards or back, as after an NTP step
  std::optional<MonotonicTime> next_timer() const;
  std::size_t sleepers() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace heirloom
