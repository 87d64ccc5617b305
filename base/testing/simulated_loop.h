// Deterministic execution for tests and simulation. A SimulatedWorld has one manual clock and one seeded
// draw; the SimulatedLoops made on it ("instances": a server, a controller) are single-threaded executors
// whose ready handlers are drawn in random order, one per step. The same seed and the same code give the same
// run.
//
// A crash: abandon() drops every frame of one instance; nothing of it runs again, no call of it reaches a
// seam; the other instances live on. Crash first, then destroy the objects that the frames used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/random.h"
#include "base/store_result.h"
#include "base/task.h"
#include "base/testing/manual_clock.h"

namespace heirloom {

class SimulatedLoop;

struct RunLimits {
  std::uint64_t steps = 10'000'000;              // handler executions of this call
  Duration time = std::chrono::hours(24 * 365);  // how far this call may move the clock
};

class SimulatedWorld {
 public:
  explicit SimulatedWorld(std::uint64_t seed = 1);
  ~SimulatedWorld();  // after its loops
  SimulatedWorld(const SimulatedWorld&) = delete;
  SimulatedWorld& operator=(const SimulatedWorld&) = delete;

  ManualClock& clock();
  Random& random();  // for the draw, and for whoever wants the run's randomness

  // Runs one ready handler; false when none is ready.
  bool step();
  // Runs until no handler is ready, or so many ran. Does not move the clock. Returns the number run.
  std::uint64_t run_until_idle(std::uint64_t max_steps = 10'000'000);
  // Moves the clock to the next timer, making its sleeper ready; false when there is none.
  bool advance_to_next_timer();
  // Runs, moving the clock whenever nothing is ready, until the predicate (asked before every step) holds:
  // true. False at a limit, or when nothing is ready and no timer is left.
  bool run_until(const std::function<bool()>& predicate, RunLimits limits = {});
  // Runs everything within the next `duration`, and leaves the clock there.
  void run_for(Duration duration, std::uint64_t max_steps = 10'000'000);

  std::uint64_t steps() const;  // handlers run since the start: "the k-th await"
  std::size_t ready_count() const;

 private:
  friend class SimulatedLoop;
  struct State;
  std::shared_ptr<State> state_;
};

class SimulatedLoop {
 public:
  explicit SimulatedLoop(SimulatedWorld& world, std::string name = {});
  explicit SimulatedLoop(std::uint64_t seed = 1);  // with a world of its own
  ~SimulatedLoop();                                // abandons
  SimulatedLoop(const SimulatedLoop&) = delete;
  SimulatedLoop& operator=(const SimulatedLoop&) = delete;

  const Executor& executor() const;
  SimulatedWorld& world();
  ManualClock& clock() { return world().clock(); }
  const std::string& name() const;

  // A crash. Not from inside a handler of this loop. Idempotent.
  void abandon();
  bool abandoned() const;
  // SIGSTOP and SIGCONT: nothing of it runs between the two; the others, and time, go on.
  void pause();
  void resume();
  bool paused() const;
  std::uint64_t steps() const;  // handlers of this loop run since the start

  // Starts a task that nobody cancels; `done` gets null or its exception.
  void start(Task<void> task, std::function<void(std::exception_ptr)> done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A task that was started and is looked at from outside, between steps.
template <class T>
class Started {
 public:
  Started(SimulatedLoop& loop, Task<T> task) {
    loop.start(store_result(std::move(task), place_),
               [ended = ended_](std::exception_ptr error) { ended->emplace(error); });
  }
  bool done() const { return ended_->has_value(); }
  // The value (once); rethrows the task's exception. Only when done.
  T value() {
    HEIRLOOM_ASSERT(done());
    if (**ended_) std::rethrow_exception(**ended_);
    return std::move(**place_);
  }

 private:
  std::shared_ptr<std::optional<T>> place_ = std::make_shared<std::optional<T>>();
  std::shared_ptr<std::optional<std::exception_ptr>> ended_ =
      std::make_shared<std::optional<std::exception_ptr>>();
};

template <>
class Started<void> {
 public:
  Started(SimulatedLoop& loop, Task<void> task) {
    loop.start(std::move(task), [ended = ended_](std::exception_ptr error) { ended->emplace(error); });
  }
  bool done() const { return ended_->has_value(); }
  void value() {
    HEIRLOOM_ASSERT(done());
    if (**ended_) std::rethrow_exception(**ended_);
  }

 private:
  std::shared_ptr<std::optional<std::exception_ptr>> ended_ =
      std::make_shared<std::optional<std::exception_ptr>>();
};

template <class T>
Started<T> start(SimulatedLoop& loop, Task<T> task) {
  return Started<T>(loop, std::move(task));
}

// Runs the world until the task has ended (moving the clock when nothing is ready) and gives its value.
// Asserts when it can never end. For tests: auto object = await(loop, api.get(ref, {}));
template <class T>
T await(SimulatedLoop& loop, Task<T> task) {
  Started<T> started(loop, std::move(task));
  const bool ended = loop.world().run_until([&started] { return started.done(); });
  HEIRLOOM_ASSERT(ended);
  return started.value();
}

}  // namespace heirloom
