// Running a task with a deadline: when the time comes first the task is cancelled and joined.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "base/store_result.h"
#include "base/task.h"

namespace heirloom {

// True when the task ended by itself (even if just then the time came), false when the deadline cancelled it.
// The clock outlives the call. Cancelling the caller cancels and joins the task.
Task<bool> run_until(Clock* clock, MonotonicTime deadline, Task<void> task);

// The task's result, or Timeout (504) "<what> took too long". The task may have had effects.
template <class T>
Task<Result<T>> with_deadline(Clock* clock, MonotonicTime deadline, std::string what, Task<Result<T>> task) {
  auto place = std::make_shared<std::optional<Result<T>>>();
  Task<void> body = store_result(std::move(task), place);
  const bool ended = co_await run_until(clock, deadline, std::move(body));
  if (!ended) co_return timed_out(what + " took too long");
  co_return std::move(**place);
}

inline Task<Status> with_deadline(Clock* clock, MonotonicTime deadline, std::string what, Task<Status> task) {
  auto place = std::make_shared<std::optional<Status>>();
  Task<void> body = store_result(std::move(task), place);
  const bool ended = co_await run_until(clock, deadline, std::move(body));
  if (!ended) co_return timed_out(what + " took too long");
  co_return std::move(**place);
}

}  // namespace heirloom
