#include "base/signal.h"

#include <functional>
#include <list>
#include <utility>

#include "base/cancellation.h"
#include "base/child.h"
#include "base/parking.h"

namespace heirloom {
namespace {

constexpr int kNotified = 0;
constexpr int kTimedOut = 1;
constexpr int kClosed = 2;

}  // namespace

struct Signal::State {
  explicit State(Executor e) : executor(std::move(e)) {}

  void wake_all(int value) {
    // Waking posts, so nobody comes or goes meanwhile; each takes itself off the list when it resumes.
    for (Parking* waiter : waiters) waiter->wake(value);
  }

  Executor executor;
  std::list<Parking*> waiters;  // in their own frames
  bool closed = false;
};

namespace {

template <class List>
class Enlisted {
 public:
  Enlisted(List* list, Parking* parking) : list_(list), position_(list->insert(list->end(), parking)) {}
  ~Enlisted() { list_->erase(position_); }
  Enlisted(const Enlisted&) = delete;
  Enlisted& operator=(const Enlisted&) = delete;

 private:
  List* list_;
  typename List::iterator position_;
};

template <class State>
Task<void> wait_on(std::shared_ptr<State> state) {
  if (state->closed) throw_cancelled();
  Parking parking(state->executor);
  Enlisted enlisted(&state->waiters, &parking);
  const int value = co_await parking.wait();
  if (value == kClosed) throw_cancelled();
}

Task<void> sleep(Clock* clock, MonotonicTime deadline) { return clock->sleep_until(deadline); }

// Cancels the sleeper on every way out.
struct SleeperGuard {
  std::shared_ptr<detail::Child> sleeper;
  ~SleeperGuard() { sleeper->cancel(); }
};

template <class State>
Task<bool> wait_on_until(std::shared_ptr<State> state, Clock* clock, MonotonicTime deadline) {
  if (state->closed) throw_cancelled();
  const auto parking = std::make_shared<Parking>(state->executor);
  Enlisted enlisted(&state->waiters, parking.get());
  std::function<void(std::exception_ptr)> slept = [parking](std::exception_ptr error) {
    if (!error) parking->wake(kTimedOut);
  };
  SleeperGuard guard;
  guard.sleeper = detail::start_child(state->executor, sleep(clock, deadline), std::move(slept));
  const int value = co_await parking->wait();
  if (value == kClosed) throw_cancelled();
  co_return value == kNotified;
}

}  // namespace

Signal::Signal(Executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

Signal::~Signal() {
  state_->closed = true;
  state_->wake_all(kClosed);
}

void Signal::notify_all() { state_->wake_all(kNotified); }

Task<void> Signal::wait() { return wait_on(state_); }

Task<bool> Signal::wait_until(Clock* clock, MonotonicTime deadline) {
  return wait_on_until(state_, clock, deadline);
}

}  // namespace heirloom
