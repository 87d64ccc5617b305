// TaskScope: the only place where coroutines are born. A scope owns what it spawned: stop() cancels and joins.
#pragma once

#include <memory>
#include <string>

#include "base/task.h"

namespace heirloom {

class TaskScope {
 public:
  explicit TaskScope(Executor executor);
  // Asserts that nothing is left: forgetting to stop is a bug, not a leak. Fine after abandon().
  ~TaskScope();
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  // Starts the task on the executor (never inline). An exception other than cancellation is logged under this name.
  // After stop() or abandon() began, the task is dropped unstarted.
  void spawn(std::string name, Task<void> task);
  // Cancels everything, then waits until nothing is left.
  Task<void> stop();
  // A simulated crash: nothing is cancelled or joined; the executor drops the frames.
  void abandon();

  std::size_t size() const;
  const Executor& executor() const { return executor_; }

 private:
  struct State;
  Executor executor_;
  std::shared_ptr<State> state_;
};

}  // namespace heirloom
