// Signal: wakes coroutines of one thread that wait for a condition. Always wait in a loop on the condition itself:
//   while (queue_.empty()) co_await changed_.wait();
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/task.h"

namespace heirloom {

class Signal {
 public:
  explicit Signal(Executor executor);
  ~Signal();  // waiters, if any, are unwound with operation_aborted
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void notify_all();  // resumes every current waiter, through the executor, never inline
  Task<void> wait();  // unwinds with operation_aborted when the task is cancelled
  // False when the time came first.
  Task<bool> wait_until(Clock* clock, MonotonicTime deadline);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace heirloom
