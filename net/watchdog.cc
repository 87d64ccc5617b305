#include "net/watchdog.h"

#include <algorithm>
#include <utility>

namespace heirloom::net {

Watchdog::Watchdog(Executor executor, Clock* clock, Duration patience)
    : clock_(clock), patience_(patience), changed_(std::move(executor)) {}

void Watchdog::guard(ByteStream* stream) { stream_ = stream; }

void Watchdog::arm(MonotonicTime deadline) {
  deadline_ = deadline;
  if (deadline < asleep_until_) changed_.notify_all();
}

void Watchdog::stop() {
  stopped_ = true;
  changed_.notify_all();
}

Task<void> Watchdog::run() {
  while (!stopped_) {
    const MonotonicTime now = clock_->monotonic();
    if (now >= deadline_) {
      fired_ = true;
      if (stream_ != nullptr) stream_->close();
      co_return;
    }
    if (deadline_ == MonotonicTime::max()) {
      asleep_until_ = MonotonicTime::max();
      co_await changed_.wait();
    } else {
      // Not until the deadline itself: an earlier one may be set meanwhile, and should not need to wake us.
      asleep_until_ = std::min(deadline_, now + patience_);
      co_await changed_.wait_until(clock_, asleep_until_);
    }
  }
}

}  // namespace heirloom::net
