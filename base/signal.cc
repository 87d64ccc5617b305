#include "base/signal.h"

#include <exception>
#include <list>
#include <optional>
#include <utility>

#include "base/cancellation.h"
#include "base/child.h"
#include "base/parking.h"

namespace heirloom {
namespace {

constexpr int kNotified = 0;
constexpr int kTimedOut = 1;
constexpr int kClosed = 2;

struct Waiter {
  Parking* parking;  // in its own frame
  std::optional<MonotonicTime> deadline;
};

// One sleeper serves all who wait with a deadline, and sleeps on when they are notified before it comes: whoever
// waits again and again (a watch for its next event) would otherwise start and cancel one each time, and
// cancelling unwinds its frames by exceptions.
struct Sleeper {
  std::shared_ptr<detail::Child> child;  // null: nobody sleeps
  MonotonicTime until;
};

}  // namespace

struct Signal::State {
  explicit State(Executor e) : executor(std::move(e)) {}

  // Waking posts, so nobody comes or goes meanwhile; each takes itself off the list when it resumes.
  void wake_all(int value) {
    for (const Waiter& waiter : waiters) waiter.parking->wake(value);
  }

  void wake_due(MonotonicTime now) {
    for (const Waiter& waiter : waiters)
      if (waiter.deadline && *waiter.deadline <= now) waiter.parking->wake(kTimedOut);
  }

  std::optional<MonotonicTime> next_deadline() const {
    std::optional<MonotonicTime> next;
    for (const Waiter& waiter : waiters) {
      if (!waiter.deadline || waiter.parking->woken()) continue;
      if (!next || *waiter.deadline < *next) next = waiter.deadline;
    }
    return next;
  }

  // Who was cancelled does not come back: nothing of it stays behind.
  void cancel_idle_sleeper() {
    if (sleeper.child && !next_deadline()) sleeper.child->cancel();
  }

  Executor executor;
  std::list<Waiter> waiters;
  Sleeper sleeper;
  bool closed = false;
};

namespace {

class Enlisted {
 public:
  Enlisted(std::list<Waiter>* list, Waiter waiter)
      : list_(list), position_(list->insert(list->end(), waiter)) {}
  ~Enlisted() { list_->erase(position_); }
  Enlisted(const Enlisted&) = delete;
  Enlisted& operator=(const Enlisted&) = delete;

 private:
  std::list<Waiter>* list_;
  std::list<Waiter>::iterator position_;
};

template <class State>
Task<void> wait_on(std::shared_ptr<State> state) {
  if (state->closed) throw_cancelled();
  Parking parking(state->executor);
  Enlisted enlisted(&state->waiters, {&parking, std::nullopt});
  const int value = co_await parking.wait();
  if (value == kClosed) throw_cancelled();
}

// Ends when nobody waits for a time any more.
template <class State>
Task<void> sleep_for_all(std::shared_ptr<State> state, Clock* clock) {
  std::optional<MonotonicTime> next = state->sleeper.until;
  while (next) {
    state->sleeper.until = *next;
    co_await clock->sleep_until(*next);
    state->wake_due(*next);
    next = state->next_deadline();
  }
  state->sleeper.child = nullptr;
}

template <class State>
void wake_at(const std::shared_ptr<State>& state, Clock* clock, MonotonicTime time) {
  Sleeper& sleeper = state->sleeper;
  if (sleeper.child) {
    if (sleeper.until <= time) return;
    sleeper.child->cancel();
  }
  sleeper.until = time;
  sleeper.child =
      detail::start_child(state->executor, sleep_for_all(state, clock), [](std::exception_ptr) {});
}

template <class State>
class UnlessReturned {
 public:
  explicit UnlessReturned(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~UnlessReturned() {
    if (state_) state_->cancel_idle_sleeper();
  }
  UnlessReturned(const UnlessReturned&) = delete;
  UnlessReturned& operator=(const UnlessReturned&) = delete;
  void returned() { state_ = nullptr; }

 private:
  std::shared_ptr<State> state_;
};

template <class State>
Task<bool> wait_on_until(std::shared_ptr<State> state, Clock* clock, MonotonicTime deadline) {
  if (state->closed) throw_cancelled();
  UnlessReturned<State> cancelled(state);
  Parking parking(state->executor);
  Enlisted enlisted(&state->waiters, {&parking, deadline});
  wake_at(state, clock, deadline);
  const int value = co_await parking.wait();
  if (value == kClosed) throw_cancelled();
  cancelled.returned();
  co_return value == kNotified;
}

}  // namespace

Signal::Signal(Executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

Signal::~Signal() {
  state_->closed = true;
  state_->wake_all(kClosed);
  if (state_->sleeper.child) state_->sleeper.child->cancel();
}

void Signal::notify_all() { state_->wake_all(kNotified); }

Task<void> Signal::wait() { return wait_on(state_); }

Task<bool> Signal::wait_until(Clock* clock, MonotonicTime deadline) {
  return wait_on_until(state_, clock, deadline);
}

}  // namespace heirloom
