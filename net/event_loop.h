// EventLoop: the real single-threaded loop with the machine's clocks. One per program part; everything on its
// executor runs on the thread that calls run().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/store_result.h"
#include "base/task.h"

namespace heirloom::net {

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();  // frames that still wait are dropped
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  const Executor& executor() const;
  Clock& clock();

  // Runs everything until the task has ended; rethrows what it threw. May be called again.
  void run(Task<void> main);
  // From any thread: calls f soon on the loop's thread. Dropped when the loop is destroyed first.
  void post(std::function<void()> f);

  // Returns the signal's number at the next SIGINT or SIGTERM. Call once at a time.
  Task<int> wait_for_termination();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Runs the loop until the task has ended and gives its result; for main and tests.
template <class T>
T await(EventLoop& loop, Task<T> task) {
  auto result = std::make_shared<std::optional<T>>();
  loop.run(store_result(std::move(task), result));
  return std::move(**result);
}
inline void await(EventLoop& loop, Task<void> task) { loop.run(std::move(task)); }

}  // namespace heirloom::net
