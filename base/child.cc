#include "base/child.h"

#include <utility>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/cancellation.h"

namespace heirloom::detail {
namespace {

namespace asio = boost::asio;

class SpawnedChild final : public Child {
 public:
  void cancel() override {
    cancelled = true;
    if (begun && !ended) signal.emit(asio::cancellation_type::terminal);
  }

  asio::cancellation_signal signal;
  bool cancelled = false;
  bool begun = false;
  bool ended = false;
};

// An event loop may start a coroutine inline when it is spawned from its own thread; the post prevents that.
// And a coroutine that is cancelled before its first suspension makes co_spawn itself (1.81) unwind without
// calling its handler: until then the cancellation is only noted.
Task<void> start_posted(Executor executor, Task<void> task, std::shared_ptr<SpawnedChild> child) {
  asio::use_awaitable_t<Executor> token;
  co_await asio::post(executor, token);
  child->begun = true;
  if (child->cancelled) throw_cancelled();
  co_await std::move(task);
}

// The completion handler. It keeps the signal alive as long as the frames that listen to it. Its slot is a
// member instead of bind_cancellation_slot: with that, co_spawn (1.81) would post the cancellation with a
// bare pointer to itself.
struct Ended {
  using cancellation_slot_type = asio::cancellation_slot;
  cancellation_slot_type get_cancellation_slot() const noexcept { return child->signal.slot(); }

  void operator()(std::exception_ptr error) const {
    child->ended = true;
    done(error);
  }

  std::shared_ptr<SpawnedChild> child;
  std::function<void(std::exception_ptr)> done;
};

}  // namespace

std::shared_ptr<Child> start_child(const Executor& executor, Task<void> task,
                                   std::function<void(std::exception_ptr)> done) {
  auto child = std::make_shared<SpawnedChild>();
  Ended ended{child, std::move(done)};
  asio::co_spawn(executor, start_posted(executor, std::move(task), child), std::move(ended));
  return child;
}

}  // namespace heirloom::detail
