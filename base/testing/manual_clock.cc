#include "base/testing/manual_clock.h"

#include <map>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "base/assert.h"
#include "base/parking.h"

namespace heirloom {
namespace {

using Timers = std::multimap<MonotonicTime, Parking*>;  // parked in their own frames

class Enlisted {
 public:
  Enlisted(std::shared_ptr<Timers> timers, MonotonicTime time, Parking* parking)
      : timers_(std::move(timers)), position_(timers_->emplace(time, parking)) {}
  ~Enlisted() { timers_->erase(position_); }
  Enlisted(const Enlisted&) = delete;
  Enlisted& operator=(const Enlisted&) = delete;

 private:
  std::shared_ptr<Timers> timers_;
  Timers::iterator position_;
};

Task<void> sleep_on(std::shared_ptr<Timers> timers, MonotonicTime time, bool over) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Parking parking(executor);
  if (over) {
    parking.wake();  // a sleep that is over still lets others run
    co_await parking.wait();
    co_return;
  }
  Enlisted enlisted(std::move(timers), time, &parking);
  co_await parking.wait();
}

}  // namespace

struct ManualClock::State {
  // 2026-01-01T00:00:00Z
  WallTime wall{std::chrono::seconds(1767225600)};
  // Not zero, so that "an hour ago" is representable and nobody takes the epoch for now.
  MonotonicTime monotonic{std::chrono::hours(1000)};
  std::shared_ptr<Timers> timers = std::make_shared<Timers>();
};

ManualClock::ManualClock() : state_(std::make_shared<State>()) {}
ManualClock::~ManualClock() = default;

WallTime ManualClock::now() const { return state_->wall; }
MonotonicTime ManualClock::monotonic() const { return state_->monotonic; }

Task<void> ManualClock::sleep_until(MonotonicTime time) {
  return sleep_on(state_->timers, time, time <= state_->monotonic);
}

void ManualClock::advance(Duration duration) {
  HEIRLOOM_ASSERT(duration >= Duration::zero());
  state_->wall += duration;
  state_->monotonic += duration;
  for (auto& [time, parking] : *state_->timers) {
    if (time > state_->monotonic) break;
    parking->wake();  // takes itself off the list when it runs
  }
}

void ManualClock::jump_wall(Duration difference) { state_->wall += difference; }

std::optional<MonotonicTime> ManualClock::next_timer() const {
  for (const auto& [time, parking] : *state_->timers) {
    if (!parking->woken()) return time;
  }
  return std::nullopt;
}

std::size_t ManualClock::sleepers() const { return state_->timers->size(); }

}  // namespace heirloom
