// Cancellation is an exception (boost::system::system_error with operation_aborted) that unwinds a coroutine
// from the co_await where it waits. Only TaskScope, Canceller and deadlines start it.
#pragma once

#include <exception>
#include <memory>

#include "base/task.h"

namespace heirloom {

bool is_cancellation(const std::exception_ptr& error);
[[noreturn]] void throw_cancelled();

// Lets somebody else cancel one task. Shared: by the one who runs the task and the one who may cancel it.
class Canceller {
 public:
  Canceller();
  void cancel();  // never inline; a task that runs later is cancelled at its first co_await. Idempotent.
  bool cancelled() const;

 private:
  friend Task<bool> run_cancellable(Task<void> task, std::shared_ptr<Canceller> canceller);
  struct State;
  std::shared_ptr<State> state_;
};

// Runs the task to its end: true, or false when the canceller unwound it. Other exceptions, and the caller's
// own cancellation (passed on to the task, then joined), unwind the caller.
Task<bool> run_cancellable(Task<void> task, std::shared_ptr<Canceller> canceller);

}  // namespace heirloom
