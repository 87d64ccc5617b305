#include "base/gather.h"

#include <exception>
#include <functional>

#include <boost/asio/this_coro.hpp>

#include "base/assert.h"
#include "base/child.h"
#include "base/parking.h"

namespace heirloom {
namespace {

struct Gathering : std::enable_shared_from_this<Gathering> {
  Gathering(const Executor& e, std::vector<Task<void>> t)
      : executor(e), tasks(std::move(t)), children(tasks.size()), all_ended(e) {}

  void start_next() {
    const std::size_t index = next++;
    ++running;
    auto ended = [self = shared_from_this(), index](std::exception_ptr e) { self->child_ended(index, e); };
    children[index] = detail::start_child(executor, std::move(tasks[index]), ended);
  }

  void child_ended(std::size_t index, std::exception_ptr e) {
    children[index] = nullptr;
    --running;
    if (e && !error) {
      error = e;
      cancel();
    }
    if (next < tasks.size()) start_next();
    if (running == 0) all_ended.wake();
  }

  void cancel() {
    tasks.resize(next);  // what has not started never will
    for (const auto& child : children) {
      if (child) child->cancel();
    }
  }

  Executor executor;
  std::vector<Task<void>> tasks;
  std::vector<std::shared_ptr<detail::Child>> children;
  Parking all_ended;
  std::size_t next = 0;
  std::size_t running = 0;
  std::exception_ptr error;
};

}  // namespace

Task<void> gather(std::vector<Task<void>> tasks, std::size_t at_once) {
  HEIRLOOM_ASSERT(at_once > 0);
  if (tasks.empty()) co_return;
  const Executor executor = co_await boost::asio::this_coro::executor;
  const auto gathering = std::make_shared<Gathering>(executor, std::move(tasks));
  while (gathering->next < gathering->tasks.size() && gathering->running < at_once) gathering->start_next();
  std::function<void()> on_cancel = [gathering] { gathering->cancel(); };
  Task<int> ended = gathering->all_ended.wait_through_cancel(std::move(on_cancel));
  co_await std::move(ended);
  if (gathering->error) std::rethrow_exception(gathering->error);
}

}  // namespace heirloom
