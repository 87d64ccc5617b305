// The one place that calls co_spawn. For base's own primitives (TaskScope, Canceller, deadlines, gather);
// everything else spawns through a TaskScope.
#pragma once

#include <exception>
#include <functional>
#include <memory>

#include "base/task.h"

namespace heirloom::detail {

class Child {
 public:
  virtual ~Child() = default;
  virtual void cancel() = 0;  // never resumes anything inline; nothing when it has ended
};

// Starts the task, never inline. `done` is called once, on the executor, with null or the exception that
// ended it; when the executor drops its frames it is destroyed uncalled.
std::shared_ptr<Child> start_child(const Executor& executor, Task<void> task,
                                   std::function<void(std::exception_ptr)> done);

}  // namespace heirloom::detail
