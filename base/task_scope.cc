#include "base/task_scope.h"

#include <exception>
#include <functional>
#include <list>
#include <utility>

#include "base/assert.h"
#include "base/cancellation.h"
#include "base/child.h"
#include "base/log.h"
#include "base/parking.h"
#include "base/signal.h"

namespace heirloom {

struct TaskScope::State {
  explicit State(const Executor& executor) : lot(detail::parking_lot(executor)), changed(executor) {}

  std::shared_ptr<detail::ParkingLot> lot;
  std::list<std::shared_ptr<detail::Child>> children;
  Signal changed;
  bool closed = false;
  bool abandoned = false;
};

namespace {

std::string what(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown exception";
  }
}

template <class State>
Task<void> wait_until_empty(std::shared_ptr<State> state) {
  while (!state->children.empty()) co_await state->changed.wait();
}

}  // namespace

TaskScope::TaskScope(Executor executor)
    : executor_(std::move(executor)), state_(std::make_shared<State>(executor_)) {}

TaskScope::~TaskScope() {
  HEIRLOOM_ASSERT(state_->children.empty() || state_->abandoned || detail::is_abandoned(*state_->lot));
}

void TaskScope::spawn(std::string name, Task<void> task) {
  if (state_->closed || detail::is_abandoned(*state_->lot)) return;
  const auto position = state_->children.emplace(state_->children.end());
  auto ended = [state = state_, position, name = std::move(name)](std::exception_ptr error) {
    state->children.erase(position);
    state->changed.notify_all();
    if (error && !is_cancellation(error)) log::error("task failed", {{"task", name}, {"error", what(error)}});
  };
  *position = detail::start_child(executor_, std::move(task), std::move(ended));
}

Task<void> TaskScope::stop() {
  state_->closed = true;
  for (const auto& child : state_->children) child->cancel();
  return wait_until_empty(state_);
}

void TaskScope::abandon() {
  state_->closed = true;
  state_->abandoned = true;
}

std::size_t TaskScope::size() const { return state_->children.size(); }

}  // namespace heirloom
