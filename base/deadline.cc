#include "base/deadline.h"

#include <exception>
#include <functional>

#include <boost/asio/this_coro.hpp>

#include "base/cancellation.h"
#include "base/child.h"
#include "base/parking.h"

namespace heirloom {
namespace {

struct Race {
  explicit Race(const Executor& executor) : both_ended(executor) {}
  void one_ended() {
    if (--running == 0) both_ended.wake();
  }

  Parking both_ended;
  int running = 2;
  bool timed_out = false;
  bool caller_cancelled = false;
  std::exception_ptr error;  // of the task
  std::shared_ptr<detail::Child> task;
  std::shared_ptr<detail::Child> sleeper;
};

Task<void> sleep(Clock* clock, MonotonicTime deadline) { return clock->sleep_until(deadline); }

}  // namespace

Task<bool> run_until(Clock* clock, MonotonicTime deadline, Task<void> task) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  const auto race = std::make_shared<Race>(executor);
  std::function<void(std::exception_ptr)> task_ended = [race](std::exception_ptr e) {
    race->error = e;
    race->sleeper->cancel();
    race->one_ended();
  };
  std::function<void(std::exception_ptr)> sleeper_ended = [race](std::exception_ptr e) {
    if (!e) {
      race->timed_out = true;
      race->task->cancel();
    }
    race->one_ended();
  };
  race->task = detail::start_child(executor, std::move(task), std::move(task_ended));
  race->sleeper = detail::start_child(executor, sleep(clock, deadline), std::move(sleeper_ended));
  std::function<void()> on_cancel = [race] {
    race->caller_cancelled = true;
    race->task->cancel();
    race->sleeper->cancel();
  };
  Task<int> ended = race->both_ended.wait_through_cancel(std::move(on_cancel));
  co_await std::move(ended);
  // The children's handlers own the race, and the race owns them.
  const std::exception_ptr error = race->error;
  race->task = nullptr;
  race->sleeper = nullptr;
  if (!error) co_return true;
  if (race->timed_out && !race->caller_cancelled && is_cancellation(error)) co_return false;
  std::rethrow_exception(error);
}

}  // namespace heirloom
