// Watchdog: the deadline of a connection. Closes the stream when its time comes, which is the one sure way to
// end a pending read or write. Moving the deadline costs an assignment; a timer is set only now and then.
#pragma once

#include "base/clock.h"
#include "base/signal.h"
#include "net/stream.h"

namespace heirloom::net {

class Watchdog {
 public:
  // `patience`: the shortest deadline it will be armed with, as a rule; a shorter one costs a wake-up.
  Watchdog(Executor executor, Clock* clock, Duration patience);

  void guard(ByteStream* stream);  // null: none. The stream outlives the guarding.
  void arm(MonotonicTime deadline);
  void disarm() { deadline_ = MonotonicTime::max(); }
  bool fired() const { return fired_; }
  // Makes run() return soon.
  void stop();

  // Runs beside the connection until stop(), or until it fired.
  Task<void> run();

 private:
  Clock* clock_;
  Duration patience_;
  Signal changed_;
  ByteStream* stream_ = nullptr;
  MonotonicTime deadline_ = MonotonicTime::max();
  MonotonicTime asleep_until_ = MonotonicTime::max();
  bool fired_ = false;
  bool stopped_ = false;
};

}  // namespace heirloom::net
