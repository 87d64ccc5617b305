// Parking: the place where one coroutine waits for one wake-up. Signal, Turnstile, deadlines and the manual
// clock are made of it; domain code uses those.
#pragma once

#include <functional>
#include <memory>

#include "base/task.h"

namespace heirloom {

class Parking {
 public:
  explicit Parking(const Executor& executor);
  ~Parking();
  Parking(Parking&&) noexcept = default;
  Parking& operator=(Parking&&) noexcept = default;

  // Lets wait() return `value`, through the executor, never inline; also when it was not called yet. The
  // first counts.
  void wake(int value = 0);
  bool woken() const;

  // At most once. Unwinds with operation_aborted when the task is cancelled.
  Task<int> wait();
  // As wait(), but cancelling the task calls `on_cancel` (perhaps inline) and keeps waiting: for those who
  // must join children first.
  Task<int> wait_through_cancel(std::function<void()> on_cancel);

  struct State;  // of parking.cc

 private:
  std::shared_ptr<State> state_;
};

namespace detail {
// What is parked on one execution context.
struct ParkingLot;
std::shared_ptr<ParkingLot> parking_lot(const Executor& executor);
// True once the context's frames were dropped (a simulated crash, or the end of its loop): nothing runs on it
// again.
bool is_abandoned(const ParkingLot& lot);
// For loops: drops every parked frame and marks the lot abandoned.
void abandon(ParkingLot& lot);
}  // namespace detail

}  // namespace heirloom
