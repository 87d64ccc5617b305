#include "base/cancellation.h"

#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "base/child.h"
#include "base/parking.h"

namespace heirloom {

bool is_cancellation(const std::exception_ptr& error) {
  if (!error) return false;
  // Looking into an exception_ptr takes a catch.
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& e) {
    return e.code() == boost::asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

void throw_cancelled() {
  throw boost::system::system_error(boost::asio::error::operation_aborted, "cancelled");
}

struct Canceller::State {
  bool cancelled = false;
  std::shared_ptr<detail::Child> running;
};

Canceller::Canceller() : state_(std::make_shared<State>()) {}

void Canceller::cancel() {
  state_->cancelled = true;
  if (state_->running) state_->running->cancel();
}

bool Canceller::cancelled() const { return state_->cancelled; }

Task<bool> run_cancellable(Task<void> task, std::shared_ptr<Canceller> canceller) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  const std::shared_ptr<Canceller::State> state = canceller->state_;
  auto parking = std::make_shared<Parking>(executor);
  auto error = std::make_shared<std::exception_ptr>();
  auto done = [parking, error, state](std::exception_ptr e) {
    *error = e;
    state->running = nullptr;
    parking->wake();
  };
  const std::shared_ptr<detail::Child> child = detail::start_child(executor, std::move(task), done);
  state->running = child;
  if (state->cancelled) child->cancel();
  bool parent_cancelled = false;
  std::function<void()> on_cancel = [child, &parent_cancelled] {
    parent_cancelled = true;
    child->cancel();
  };
  Task<int> ended = parking->wait_through_cancel(std::move(on_cancel));
  co_await std::move(ended);
  if (!*error) co_return true;
  if (state->cancelled && !parent_cancelled && is_cancellation(*error)) co_return false;
  std::rethrow_exception(*error);
}

}  // namespace heirloom
