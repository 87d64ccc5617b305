// Turns a Task<T> into a Task<void> that leaves its value in a shared place, so that everything which runs
// tasks (scopes, deadlines, gather, loops) exists once, for Task<void>.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/task.h"

namespace heirloom {

template <class T>
Task<void> store_result(Task<T> task, std::shared_ptr<std::optional<T>> place) {
  T value = co_await std::move(task);
  place->emplace(std::move(value));
}

}  // namespace heirloom
