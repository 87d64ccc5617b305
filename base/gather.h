// Bounded concurrency: many tasks, at most so many at once, results in order.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/store_result.h"
#include "base/task.h"

namespace heirloom {

// Runs all tasks, at most `at_once` (>= 1) at a time, started in order. The first exception cancels the
// others and, when all have ended, unwinds the caller. Cancelling the caller cancels and joins them all.
Task<void> gather(std::vector<Task<void>> tasks, std::size_t at_once);

template <class T>
Task<std::vector<T>> gather(std::vector<Task<T>> tasks, std::size_t at_once) {
  std::vector<std::shared_ptr<std::optional<T>>> places;
  std::vector<Task<void>> bodies;
  places.reserve(tasks.size());
  bodies.reserve(tasks.size());
  for (Task<T>& task : tasks) {
    places.push_back(std::make_shared<std::optional<T>>());
    bodies.push_back(store_result(std::move(task), places.back()));
  }
  co_await gather(std::move(bodies), at_once);
  std::vector<T> results;
  results.reserve(places.size());
  for (auto& place : places) results.push_back(std::move(**place));
  co_return results;
}

}  // namespace heirloom
