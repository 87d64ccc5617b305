#include "net/event_loop.h"

#include <exception>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/child.h"

namespace heirloom::net {
namespace {

namespace asio = boost::asio;
using Token = asio::use_awaitable_t<Executor>;

Task<void> sleep(MonotonicTime time) {
  const Executor executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, time);
  const Token token;
  co_await timer.async_wait(token);
}

class MachineClock final : public Clock {
 public:
  WallTime now() const override { return std::chrono::system_clock::now(); }
  MonotonicTime monotonic() const override { return std::chrono::steady_clock::now(); }
  Task<void> sleep_until(MonotonicTime time) override { return sleep(time); }
};

Task<int> next_signal(Executor executor) {
  asio::signal_set signals(executor, SIGINT, SIGTERM);
  const Token token;
  const int number = co_await signals.async_wait(token);
  co_return number;
}

}  // namespace

struct EventLoop::State {
  MachineClock clock;  // outlives the frames that io drops when it goes
  asio::io_context io{1};
  Executor executor{io.get_executor()};
};

EventLoop::EventLoop() : state_(std::make_unique<State>()) {}
EventLoop::~EventLoop() = default;

const Executor& EventLoop::executor() const { return state_->executor; }
Clock& EventLoop::clock() { return state_->clock; }

void EventLoop::run(Task<void> main) {
  std::exception_ptr error;
  state_->io.restart();
  const auto guard = asio::make_work_guard(state_->io);
  detail::start_child(state_->executor, std::move(main), [this, &error](std::exception_ptr e) {
    error = e;
    state_->io.stop();
  });
  state_->io.run();
  if (error) std::rethrow_exception(error);
}

void EventLoop::post(std::function<void()> f) { asio::post(state_->io, std::move(f)); }

Task<int> EventLoop::wait_for_termination() { return next_signal(state_->executor); }

}  // namespace heirloom::net
