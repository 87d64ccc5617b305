#include "kube/workqueue.h"

#include <doctest/doctest.h>

#include "base/testing/simulated_loop.h"

namespace heirloom::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct QueueFixture {
  SimulatedLoop loop;
  Metrics metrics;
  WorkQueueOptions options = named();
  WorkQueue<std::string> queue{loop.executor(), &loop.clock(), &metrics, options};

  static WorkQueueOptions named() {
    WorkQueueOptions o;
    o.name = "test";
    return o;
  }
  std::string take() {
    std::optional<std::string> key = await(loop, queue.get());
    return key.value_or("(shut down)");
  }
  double metric(std::string_view name) const { return metrics.counter_value(name, {{"name", "test"}}); }
};

TEST_CASE("keys are handed out in the order they came") {
  QueueFixture f;
  for (const char* key : {"c", "a", "b"}) f.queue.add(key);
  CHECK(f.take() == "c");
  CHECK(f.take() == "a");
  CHECK(f.take() == "b");
}

TEST_CASE("a key waiting twice is handed out once") {
  QueueFixture f;
  f.queue.add("a");
  f.queue.add("a");
  CHECK(f.queue.ready_count() == 1);
  CHECK(f.metric("workqueue_adds_total") == 1);
}

TEST_CASE("an item added while being processed is handed out again after done") {
  QueueFixture f;
  f.queue.add("a");
  const std::string first = f.take();
  f.queue.add("a");
  f.queue.add("a");
  CHECK(f.queue.ready_count() == 0);  // never two workers on one key
  f.queue.done(first);
  CHECK(f.queue.ready_count() == 1);
  CHECK(f.take() == "a");
  f.queue.done("a");
  CHECK(f.queue.idle());
}

TEST_CASE("a worker that waits is woken by an add") {
  QueueFixture f;
  Started<std::optional<std::string>> worker = start(f.loop, f.queue.get());
  f.loop.world().run_until_idle();
  CHECK(!worker.done());
  f.queue.add("a");
  f.loop.world().run_until_idle();
  REQUIRE(worker.done());
  CHECK(worker.value() == "a");
}

TEST_CASE("of two delays for one key the earlier wins") {
  QueueFixture f;
  f.queue.add_after("a", seconds(10));
  f.queue.add_after("a", seconds(3));
  f.queue.add_after("a", seconds(20));
  const MonotonicTime began = f.loop.clock().monotonic();
  CHECK(f.take() == "a");
  CHECK(f.loop.clock().monotonic() - began == seconds(3));
  f.queue.done("a");
  CHECK(f.queue.waiting_count() == 0);  // it is not handed out at 10 s again
}

TEST_CASE("a waiting worker notices a delay that is shorter than the one it waits for") {
  QueueFixture f;
  f.queue.add_after("late", seconds(60));
  const MonotonicTime began = f.loop.clock().monotonic();
  Started<std::optional<std::string>> worker = start(f.loop, f.queue.get());
  f.loop.world().run_until_idle();
  f.queue.add_after("soon", seconds(1));
  f.loop.world().run_until([&] { return worker.done(); });
  CHECK(worker.value() == "soon");
  CHECK(f.loop.clock().monotonic() - began == seconds(1));
}

TEST_CASE("add cancels a delay") {
  QueueFixture f;
  f.queue.add_after("a", seconds(10));
  f.queue.add("a");
  CHECK(f.queue.waiting_count() == 0);
  CHECK(f.take() == "a");
}

TEST_CASE("a delay for a key that is queued already adds nothing") {
  QueueFixture f;
  f.queue.add("a");
  f.queue.add_after("a", seconds(10));
  CHECK(f.queue.waiting_count() == 0);
}

TEST_CASE("a key that is being processed may come back after a delay") {
  QueueFixture f;
  f.queue.add("a");
  const std::string key = f.take();
  f.queue.add_after(key, seconds(5));
  f.queue.done(key);
  CHECK(f.queue.ready_count() == 0);
  const MonotonicTime began = f.loop.clock().monotonic();
  CHECK(f.take() == "a");
  CHECK(f.loop.clock().monotonic() - began == seconds(5));
}

TEST_CASE("failures back off from 5 ms, doubling, to 1000 s, and forget starts over") {
  QueueFixture f;
  for (int i = 0; i < 3; ++i) {
    const MonotonicTime began = f.loop.clock().monotonic();
    f.queue.add_rate_limited("a");
    const std::string key = f.take();
    CHECK(f.loop.clock().monotonic() - began == milliseconds(5 << i));
    f.queue.done(key);
  }
  CHECK(f.queue.failures("a") == 3);
  f.queue.forget("a");
  CHECK(f.queue.failures("a") == 0);
  CHECK(exponential_backoff(milliseconds(5), seconds(1000), 17) == milliseconds(5 << 17));
  CHECK(exponential_backoff(milliseconds(5), seconds(1000), 18) == seconds(1000));
  CHECK(exponential_backoff(milliseconds(5), seconds(1000), 1'000'000) == seconds(1000));
}

TEST_CASE(
    "after shut_down ready keys are still handed out, waiting ones are dropped, and workers are sent home") {
  QueueFixture f;
  f.queue.add("a");
  f.queue.add_after("b", seconds(1));
  f.queue.shut_down();
  f.queue.add("c");
  f.queue.add_after("d", seconds(1));
  CHECK(f.take() == "a");
  CHECK(f.take() == "(shut down)");
}

TEST_CASE("a worker that waits is sent home by shut_down") {
  QueueFixture f;
  f.queue.add_after("b", seconds(1));
  Started<std::optional<std::string>> worker = start(f.loop, f.queue.get());
  f.loop.world().run_until_idle();
  f.queue.shut_down();
  f.loop.world().run_until_idle();
  REQUIRE(worker.done());
  CHECK(!worker.value().has_value());
}

TEST_CASE("every waiting worker gets a key of its own") {
  QueueFixture f;
  Started<std::optional<std::string>> one = start(f.loop, f.queue.get());
  Started<std::optional<std::string>> two = start(f.loop, f.queue.get());
  f.loop.world().run_until_idle();
  f.queue.add("a");
  f.queue.add("b");
  f.loop.world().run_until_idle();
  REQUIRE(one.done());
  REQUIRE(two.done());
  CHECK(one.value() != two.value());
}

}  // namespace
}  // namespace heirloom::kube
