#include "base/testing/simulated_loop.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/gather.h"
#include "base/signal.h"
#include "base/task_scope.h"
#include "base/turnstile.h"

namespace heirloom {
namespace {

using std::chrono::seconds;

Task<void> append(std::vector<int>* log, int value) {
  log->push_back(value);
  co_return;
}

Task<void> sleep_and_append(Clock* clock, Duration duration, std::vector<int>* log, int value) {
  co_await clock->sleep_for(duration);
  log->push_back(value);
}

std::vector<int> order_of_eight(std::uint64_t seed) {
  SimulatedLoop loop(seed);
  std::vector<int> log;
  TaskScope scope(loop.executor());
  for (int i = 0; i < 8; ++i) scope.spawn("append", append(&log, i));
  loop.world().run_until_idle();
  return log;
}

TEST_CASE("the same seed gives the same order and other seeds give others") {
  CHECK(order_of_eight(7) == order_of_eight(7));
  bool differs = false;
  for (std::uint64_t seed = 1; seed < 10; ++seed) differs |= order_of_eight(seed) != order_of_eight(7);
  CHECK(differs);
  CHECK(order_of_eight(3).size() == 8);
}

TEST_CASE("sleepers wake in the order of their times and only when the clock moves") {
  SimulatedLoop loop;
  std::vector<int> log;
  TaskScope scope(loop.executor());
  scope.spawn("late", sleep_and_append(&loop.clock(), seconds(20), &log, 2));
  scope.spawn("early", sleep_and_append(&loop.clock(), seconds(10), &log, 1));
  loop.world().run_until_idle();
  CHECK(log.empty());
  CHECK(loop.clock().sleepers() == 2);
  CHECK(loop.world().advance_to_next_timer());
  loop.world().run_until_idle();
  CHECK(log == std::vector<int>{1});
  loop.world().run_for(seconds(9));
  CHECK(log.size() == 1);
  loop.world().run_for(seconds(1));
  CHECK(log == std::vector<int>{1, 2});
  CHECK_FALSE(loop.world().advance_to_next_timer());
}

TEST_CASE("the wall clock jumps without waking anybody") {
  SimulatedLoop loop;
  std::vector<int> log;
  TaskScope scope(loop.executor());
  scope.spawn("sleeper", sleep_and_append(&loop.clock(), seconds(5), &log, 1));
  loop.world().run_until_idle();
  const WallTime before = loop.clock().now();
  loop.clock().jump_wall(std::chrono::hours(-1));
  loop.world().run_until_idle();
  CHECK(loop.clock().now() == before - std::chrono::hours(1));
  CHECK(log.empty());
  loop.world().run_for(seconds(5));
  CHECK(log.size() == 1);
}

Task<std::string> greet(Clock* clock) {
  co_await clock->sleep_for(std::chrono::minutes(3));
  co_return std::string("hello");
}

TEST_CASE("await runs a task to its end and moves the clock for it") {
  SimulatedLoop loop;
  const MonotonicTime before = loop.clock().monotonic();
  const std::string text = await(loop, greet(&loop.clock()));
  CHECK(text == "hello");
  CHECK(loop.clock().monotonic() == before + std::chrono::minutes(3));
}

TEST_CASE("run_until gives up when nothing can happen any more") {
  SimulatedLoop loop;
  Signal never(loop.executor());
  Started<void> waiting = start(loop, never.wait());
  CHECK_FALSE(loop.world().run_until([&] { return waiting.done(); }));
}

// Frames alive, and whether anything ran after the crash.
struct Census {
  int alive = 0;
  std::uint64_t ran = 0;
};

struct Member {
  explicit Member(Census* c) : census(c) { ++census->alive; }
  ~Member() { --census->alive; }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  Census* census;
};

// Objects that a controller would own: the frames below use all of them in all ways.
struct Graph {
  Graph(SimulatedLoop& loop, Census* c)
      : clock(&loop.clock()),
        census(c),
        changed(loop.executor()),
        turnstile(loop.executor()),
        keyed(loop.executor()),
        scope(loop.executor()) {}
  Clock* clock;
  Census* census;
  Signal changed;
  Turnstile turnstile;
  KeyedTurnstile keyed;
  TaskScope scope;
};

Task<int> leaf(Graph* graph, int i) {
  Member member(graph->census);
  co_await graph->clock->sleep_for(std::chrono::milliseconds(i));
  ++graph->census->ran;
  co_return i;
}

// A frame that owns the signal on which it waits: only dropping it from outside can free it.
Task<void> waits_on_its_own(Graph* graph, Executor executor) {
  Member member(graph->census);
  const auto own = std::make_shared<Signal>(executor);
  co_await own->wait_until(graph->clock, graph->clock->monotonic() + std::chrono::hours(1));
}

Task<void> worker(Graph* graph, int i) {
  Member member(graph->census);
  for (int round = 0; round < 3; ++round) {
    Turnstile::Pass pass = co_await graph->turnstile.enter();
    KeyedTurnstile::Pass key = co_await graph->keyed.enter(i % 2 == 0 ? "even" : "odd");
    std::vector<Task<int>> leaves;
    for (int k = 0; k < 3; ++k) leaves.push_back(leaf(graph, k + i));
    const std::vector<int> values = co_await gather(std::move(leaves), 2);
    graph->census->ran += values.size();
    graph->changed.notify_all();
    pass.release();
    co_await graph->changed.wait_until(graph->clock,
                                       graph->clock->monotonic() + std::chrono::milliseconds(5));
  }
}

void build(Graph& graph, const Executor& executor) {
  for (int i = 0; i < 4; ++i) graph.scope.spawn("worker", worker(&graph, i));
  graph.scope.spawn("own", waits_on_its_own(&graph, executor));
}

std::uint64_t steps_of_a_whole_run() {
  SimulatedWorld world(3);
  Census census;
  SimulatedLoop loop(world);
  Graph graph(loop, &census);
  build(graph, loop.executor());
  world.run_for(std::chrono::hours(2));
  CHECK(graph.scope.size() == 0);
  CHECK(census.alive == 0);
  CHECK(graph.keyed.keys() == 0);
  return world.steps();
}

TEST_CASE("a crash at any step drops every frame and nothing of the instance runs again") {
  const std::uint64_t total = steps_of_a_whole_run();
  CHECK(total > 100);
  for (std::uint64_t crash_at = 0; crash_at <= total; ++crash_at) {
    CAPTURE(crash_at);
    SimulatedWorld world(3);
    Census census;
    Census survivor;
    SimulatedLoop other(world, "survivor");
    SimulatedLoop loop(world, "crashing");
    Graph graph(loop, &census);
    Graph other_graph(other, &survivor);
    build(graph, loop.executor());
    while (world.steps() < crash_at && (world.step() || world.advance_to_next_timer())) {
    }
    build(other_graph, other.executor());
    loop.abandon();
    CHECK(census.alive == 0);
    const std::uint64_t ran = census.ran;
    graph.changed.notify_all();
    graph.scope.spawn("too late", worker(&graph, 0));
    world.run_for(std::chrono::hours(2));
    CHECK(census.ran == ran);
    CHECK(census.alive == 0);
    CHECK(survivor.alive == 0);  // ran to its end
    CHECK(survivor.ran > 0);
  }
}

TEST_CASE("a paused instance does nothing until it is resumed, whatever time passes") {
  for (std::uint64_t pause_at = 0; pause_at <= steps_of_a_whole_run(); pause_at += 7) {
    CAPTURE(pause_at);
    SimulatedWorld world(3);
    Census census;
    SimulatedLoop loop(world, "paused");
    Graph graph(loop, &census);
    build(graph, loop.executor());
    while (world.steps() < pause_at && (world.step() || world.advance_to_next_timer())) {
    }
    loop.pause();
    const std::uint64_t ran = census.ran;
    graph.changed.notify_all();
    world.run_for(std::chrono::hours(2));
    CHECK(census.ran == ran);
    if (pause_at % 2 == 1) {
      loop.abandon();
    } else {
      loop.resume();
      world.run_for(std::chrono::hours(2));
    }
    CHECK(census.alive == 0);
    if (pause_at % 2 == 1) CHECK(census.ran == ran);
  }
}

TEST_CASE("stopping at any step ends every task and leaves nothing behind") {
  const std::uint64_t total = steps_of_a_whole_run();
  for (std::uint64_t stop_at = 0; stop_at <= total; ++stop_at) {
    CAPTURE(stop_at);
    SimulatedWorld world(3);
    Census census;
    SimulatedLoop loop(world);
    auto graph = std::make_unique<Graph>(loop, &census);
    build(*graph, loop.executor());
    while (world.steps() < stop_at && (world.step() || world.advance_to_next_timer())) {
    }
    await(loop, graph->scope.stop());
    CHECK(graph->scope.size() == 0);
    CHECK(census.alive == 0);
    CHECK(graph->turnstile.idle());
    CHECK(graph->keyed.keys() == 0);
    graph.reset();
    world.run_until_idle();
    CHECK(loop.clock().sleepers() == 0);
  }
}

}  // namespace
}  // namespace heirloom
