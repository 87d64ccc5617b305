// TaskScope, Signal, deadlines, gather, Turnstile: the tools with which coroutines are run.
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/cancellation.h"
#include "base/deadline.h"
#include "base/gather.h"
#include "base/signal.h"
#include "base/task_scope.h"
#include "base/testing/simulated_loop.h"
#include "base/turnstile.h"

namespace heirloom {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Sets a flag when its frame goes, and says whether it was unwound.
struct Trace {
  bool started = false;
  bool finished = false;
  bool gone = false;
};

struct TraceGuard {
  explicit TraceGuard(Trace* t) : trace(t) { trace->started = true; }
  ~TraceGuard() { trace->gone = true; }
  Trace* trace;
};

Task<void> sleep_traced(Clock* clock, Duration duration, Trace* trace) {
  TraceGuard guard(trace);
  co_await clock->sleep_for(duration);
  trace->finished = true;
}

Task<void> fail() {
  throw std::runtime_error("broken");
  co_return;
}

TEST_CASE("a scope runs what is spawned, later, and stop cancels and joins") {
  SimulatedLoop loop;
  TaskScope scope(loop.executor());
  Trace trace;
  scope.spawn("sleeper", sleep_traced(&loop.clock(), seconds(60), &trace));
  CHECK_FALSE(trace.started);
  CHECK(scope.size() == 1);
  loop.world().run_until_idle();
  CHECK(trace.started);
  await(loop, scope.stop());
  CHECK(trace.gone);
  CHECK_FALSE(trace.finished);
  CHECK(scope.size() == 0);
  Trace late;
  scope.spawn("late", sleep_traced(&loop.clock(), seconds(1), &late));
  loop.world().run_until_idle();
  CHECK_FALSE(late.started);
}

TEST_CASE("a task that fails does not disturb its scope") {
  SimulatedLoop loop;
  TaskScope scope(loop.executor());
  Trace trace;
  scope.spawn("failing", fail());
  scope.spawn("sleeper", sleep_traced(&loop.clock(), seconds(1), &trace));
  loop.world().run_for(seconds(2));
  CHECK(trace.finished);
  CHECK(scope.size() == 0);
}

TEST_CASE("a signal wakes those who wait now, not those who come later") {
  SimulatedLoop loop;
  Signal signal(loop.executor());
  Started<void> first = start(loop, signal.wait());
  Started<void> second = start(loop, signal.wait());
  loop.world().run_until_idle();
  signal.notify_all();
  CHECK_FALSE(first.done());
  Started<void> third = start(loop, signal.wait());
  loop.world().run_until_idle();
  CHECK(first.done());
  CHECK(second.done());
  CHECK_FALSE(third.done());
}

TEST_CASE("waiting for a signal ends at the deadline") {
  SimulatedLoop loop;
  auto owned = std::make_unique<Signal>(loop.executor());
  Signal& signal = *owned;
  const MonotonicTime deadline = loop.clock().monotonic() + seconds(5);
  Started<bool> late = start(loop, signal.wait_until(&loop.clock(), deadline));
  loop.world().run_for(seconds(4));
  CHECK_FALSE(late.done());
  loop.world().run_for(seconds(1));
  CHECK(late.done());
  CHECK_FALSE(late.value());

  Started<bool> timely = start(loop, signal.wait_until(&loop.clock(), deadline + seconds(5)));
  loop.world().run_until_idle();
  signal.notify_all();
  loop.world().run_until_idle();
  CHECK(timely.done());
  CHECK(timely.value());
  CHECK(loop.clock().sleepers() == 1);  // kept for the next who waits
  Started<bool> next = start(loop, signal.wait_until(&loop.clock(), deadline + seconds(6)));
  loop.world().run_for(seconds(6));
  CHECK(next.done());
  CHECK_FALSE(next.value());
  Started<bool> earlier = start(loop, signal.wait_until(&loop.clock(), deadline + seconds(9)));
  Started<bool> earliest = start(loop, signal.wait_until(&loop.clock(), deadline + seconds(8)));
  loop.world().run_for(seconds(2));
  CHECK(earliest.done());
  CHECK_FALSE(earlier.done());
  signal.notify_all();
  loop.world().run_until_idle();
  CHECK(earlier.value());
  owned.reset();
  loop.world().run_until_idle();
  CHECK(loop.clock().sleepers() == 0);  // goes with the signal
}

TEST_CASE("destroying a signal unwinds its waiters") {
  SimulatedLoop loop;
  auto signal = std::make_unique<Signal>(loop.executor());
  Started<void> waiting = start(loop, signal->wait());
  loop.world().run_until_idle();
  signal.reset();
  loop.world().run_until_idle();
  CHECK(waiting.done());
  bool cancelled = false;
  try {
    waiting.value();
  } catch (...) {
    cancelled = is_cancellation(std::current_exception());
  }
  CHECK(cancelled);
}

Task<Result<int>> answer_after(Clock* clock, Duration duration, Trace* trace) {
  TraceGuard guard(trace);
  co_await clock->sleep_for(duration);
  trace->finished = true;
  co_return 42;
}

TEST_CASE("a deadline gives the result, or Timeout once the task is cancelled and gone") {
  SimulatedLoop loop;
  Trace quick;
  const MonotonicTime start_time = loop.clock().monotonic();
  Result<int> in_time = await(loop, with_deadline(&loop.clock(), start_time + seconds(2), "reading",
                                                  answer_after(&loop.clock(), seconds(1), &quick)));
  REQUIRE(in_time.ok());
  CHECK(*in_time == 42);
  CHECK(loop.clock().monotonic() == start_time + seconds(1));

  Trace slow;
  Result<int> late = await(loop, with_deadline(&loop.clock(), loop.clock().monotonic() + seconds(2),
                                               "reading", answer_after(&loop.clock(), seconds(60), &slow)));
  CHECK(late.status().has_reason(reasons::kTimeout));
  CHECK(late.status().message() == "reading took too long");
  CHECK(slow.gone);
  CHECK_FALSE(slow.finished);
}

TEST_CASE("cancelling whoever waits with a deadline cancels and joins the task") {
  SimulatedLoop loop;
  TaskScope scope(loop.executor());
  Trace trace;
  Task<void> inner = sleep_traced(&loop.clock(), seconds(60), &trace);
  const MonotonicTime deadline = loop.clock().monotonic() + seconds(30);
  auto place = std::make_shared<std::optional<bool>>();
  scope.spawn("outer", store_result(run_until(&loop.clock(), deadline, std::move(inner)), place));
  loop.world().run_until_idle();
  await(loop, scope.stop());
  CHECK(trace.gone);
  CHECK_FALSE(place->has_value());
}

TEST_CASE("a canceller ends one task and its caller goes on") {
  SimulatedLoop loop;
  Trace trace;
  const auto canceller = std::make_shared<Canceller>();
  Started<bool> running =
      start(loop, run_cancellable(sleep_traced(&loop.clock(), seconds(60), &trace), canceller));
  loop.world().run_until_idle();
  CHECK(trace.started);
  canceller->cancel();
  loop.world().run_until_idle();
  CHECK(running.done());
  CHECK_FALSE(running.value());
  CHECK(trace.gone);

  Trace again;
  const bool ended = await(loop, run_cancellable(sleep_traced(&loop.clock(), seconds(1), &again), canceller));
  CHECK_FALSE(ended);  // cancelled before it began
  CHECK_FALSE(again.finished);
}

struct Load {
  int now = 0;
  int most = 0;
};

Task<int> count_load(Clock* clock, Load* load, int i) {
  load->most = std::max(load->most, ++load->now);
  co_await clock->sleep_for(milliseconds(100 - i));
  --load->now;
  co_return i* i;
}

TEST_CASE("gather runs so many at once and keeps the order of results") {
  SimulatedLoop loop;
  Load load;
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back(count_load(&loop.clock(), &load, i));
  const std::vector<int> squares = await(loop, gather(std::move(tasks), 3));
  CHECK(squares == std::vector<int>{0, 1, 4, 9, 16, 25, 36, 49, 64, 81});
  CHECK(load.most == 3);
  const std::vector<int> none = await(loop, gather(std::vector<Task<int>>(), 3));
  CHECK(none.empty());
}

TEST_CASE("the first failure of a gather cancels the others") {
  SimulatedLoop loop;
  Trace running, waiting;
  std::vector<Task<void>> tasks;
  tasks.push_back(sleep_traced(&loop.clock(), seconds(60), &running));
  tasks.push_back(fail());
  tasks.push_back(sleep_traced(&loop.clock(), seconds(60), &waiting));
  Started<void> all = start(loop, gather(std::move(tasks), 2));
  loop.world().run_until_idle();
  REQUIRE(all.done());
  CHECK_THROWS_AS(all.value(), std::runtime_error);
  CHECK_FALSE(running.finished);
  CHECK_FALSE(waiting.started);
}

Task<void> pass_through(Turnstile* turnstile, Clock* clock, std::vector<int>* order, Load* load, int i) {
  Turnstile::Pass pass = co_await turnstile->enter();
  load->most = std::max(load->most, ++load->now);
  order->push_back(i);
  co_await clock->sleep_for(milliseconds(1));
  --load->now;
}

TEST_CASE("a turnstile lets one through at a time, in arrival order") {
  SimulatedLoop loop;
  Turnstile turnstile(loop.executor());
  TaskScope scope(loop.executor());
  std::vector<int> order;
  Load load;
  for (int i = 0; i < 5; ++i) {
    scope.spawn("visitor", pass_through(&turnstile, &loop.clock(), &order, &load, i));
    loop.world().run_until_idle();
  }
  CHECK(turnstile.waiting() == 4);
  loop.world().run_for(seconds(1));
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(load.most == 1);
  CHECK(turnstile.idle());
}

TEST_CASE("one who gives up in the line does not hold up the others") {
  SimulatedLoop loop;
  Turnstile turnstile(loop.executor());
  TaskScope first(loop.executor());
  TaskScope second(loop.executor());
  std::vector<int> order;
  Load load;
  Turnstile::Pass held = await(loop, turnstile.enter());
  first.spawn("gives up", pass_through(&turnstile, &loop.clock(), &order, &load, 1));
  loop.world().run_until_idle();
  second.spawn("stays", pass_through(&turnstile, &loop.clock(), &order, &load, 2));
  loop.world().run_until_idle();
  SUBCASE("while it waits") {
    await(loop, first.stop());
    held.release();
  }
  SUBCASE("when it was just let in") {
    held.release();
    await(loop, first.stop());
  }
  loop.world().run_for(seconds(1));
  CHECK(order.back() == 2);
  CHECK(turnstile.idle());
}

TEST_CASE("keys do not wait for each other") {
  SimulatedLoop loop;
  KeyedTurnstile keyed(loop.executor());
  KeyedTurnstile::Pass a = await(loop, keyed.enter("a"));
  KeyedTurnstile::Pass b = await(loop, keyed.enter("b"));
  Started<KeyedTurnstile::Pass> second_a = start(loop, keyed.enter("a"));
  loop.world().run_until_idle();
  CHECK_FALSE(second_a.done());
  a = KeyedTurnstile::Pass();
  loop.world().run_until_idle();
  CHECK(second_a.done());
  CHECK(keyed.keys() == 2);
  b = KeyedTurnstile::Pass();
  CHECK(keyed.keys() == 1);
}

}  // namespace
}  // namespace heirloom
