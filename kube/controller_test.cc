#include "kube/controller.h"

#include <stdexcept>

#include <doctest/doctest.h>

#include "apis/resource_names.h"
#include "base/cancellation.h"
#include "base/testing/simulated_loop.h"

namespace heirloom::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Plays a list of outcomes, one per reconciliation, then success.
struct Script {
  explicit Script(SimulatedLoop& loop_in, int workers = 1)
      : loop(loop_in),
        scope(loop.executor()),
        controller(loop.executor(), &loop.clock(), &metrics, options(workers),
                   [this](NamespacedName key) { return reconcile(std::move(key)); }) {
    controller.start(&scope);
  }
  ~Script() { static_cast<void>(await(loop, stop())); }

  static ControllerOptions options(int workers) {
    ControllerOptions o;
    o.name = "test";
    o.workers = workers;
    return o;
  }
  Task<bool> stop() {
    co_await scope.stop();
    co_return true;
  }
  Task<Result<Requeue>> reconcile(NamespacedName key) {
    ++running;
    most_running = std::max(most_running, running);
    visits.push_back({key.to_string(), loop.clock().monotonic() - began});
    if (duration > Duration::zero()) co_await loop.clock().sleep_for(duration);
    --running;
    if (throw_next) {
      throw_next = false;
      throw std::runtime_error("a bug");
    }
    if (abort_next) {
      abort_next = false;
      throw_cancelled();
    }
    if (outcomes.empty()) co_return Requeue::none();
    Result<Requeue> next = outcomes.front();
    outcomes.erase(outcomes.begin());
    co_return next;
  }
  std::vector<Duration> times() const {
    std::vector<Duration> all;
    for (const auto& visit : visits) all.push_back(visit.second);
    return all;
  }
  double total(const char* result) const {
    return metrics.counter_value("controller_runtime_reconcile_total",
                                 {{"controller", "test"}, {"result", result}});
  }

  SimulatedLoop& loop;
  MonotonicTime began = loop.clock().monotonic();
  Metrics metrics;
  TaskScope scope;
  std::vector<Result<Requeue>> outcomes;
  std::vector<std::pair<std::string, Duration>> visits;
  Duration duration = Duration::zero();
  bool throw_next = false;
  bool abort_next = false;
  int running = 0;
  int most_running = 0;
  Controller<NamespacedName> controller;
};

const NamespacedName kWeb{"default", "web"};

TEST_CASE("success is one visit, an error comes back with growing pauses, and success forgets them") {
  SimulatedLoop loop;
  Script s(loop);
  s.outcomes = {internal_error("x"), internal_error("x"), Requeue::none()};
  s.controller.queue().add(kWeb);
  loop.world().run_for(seconds(60));
  CHECK(s.times() == std::vector<Duration>{milliseconds(0), milliseconds(5), milliseconds(15)});
  CHECK(s.controller.queue().failures(kWeb) == 0);
  CHECK(s.total("error") == 2);
  CHECK(s.total("success") == 1);
}

TEST_CASE("Requeue::after comes back at that time") {
  SimulatedLoop loop;
  Script s(loop);
  s.outcomes = {Requeue::after(seconds(7))};
  s.controller.queue().add(kWeb);
  loop.world().run_for(seconds(60));
  CHECK(s.times() == std::vector<Duration>{seconds(0), seconds(7)});
  CHECK(s.total("requeue_after") == 1);
}

TEST_CASE("an Invalid outcome waits for a change") {
  SimulatedLoop loop;
  Script s(loop);
  s.outcomes = {invalid("spec is wrong", "spec")};
  s.controller.queue().add(kWeb);
  loop.world().run_for(std::chrono::hours(1));
  CHECK(s.visits.size() == 1);
  CHECK(s.metrics.counter_value("controller_runtime_terminal_reconcile_errors_total",
                                {{"controller", "test"}}) == 1);
}

TEST_CASE("an exception is counted and tried again, and the worker lives on") {
  SimulatedLoop loop;
  Script s(loop);
  s.throw_next = true;
  s.controller.queue().add(kWeb);
  loop.world().run_for(seconds(1));
  CHECK(s.visits.size() == 2);
  CHECK(s.metrics.counter_value("controller_runtime_reconcile_panics_total", {{"controller", "test"}}) == 1);
}

TEST_CASE("workers run at the same time, but never two on one key") {
  SimulatedLoop loop;
  Script s(loop, 3);
  s.duration = seconds(1);
  for (const char* name : {"a", "b", "c", "d"}) s.controller.queue().add(NamespacedName{"default", name});
  s.controller.queue().add(NamespacedName{"default", "a"});
  loop.world().run_for(seconds(10));
  CHECK(s.most_running == 3);
  CHECK(s.visits.size() == 4);
  s.most_running = 0;
  s.controller.queue().add(kWeb);
  loop.world().run_until_idle();
  s.controller.queue().add(kWeb);  // while it runs
  loop.world().run_for(seconds(10));
  CHECK(s.most_running == 1);
  CHECK(s.visits.size() == 6);
}

TEST_CASE("stopping the scope unwinds a reconciliation without counting it as a bug") {
  SimulatedLoop loop;
  Script s(loop);
  s.duration = std::chrono::hours(1);
  s.controller.queue().add(kWeb);
  loop.world().run_until_idle();
  CHECK(await(loop, s.stop()));
  CHECK(s.metrics.counter_sum("controller_runtime_reconcile_panics_total") == 0);
  CHECK(s.scope.size() == 0);
}

TEST_CASE("operation_aborted that nobody asked for is a bug like any other") {
  SimulatedLoop loop;
  Script s(loop);
  s.abort_next = true;
  s.controller.queue().add(kWeb);
  loop.world().run_for(seconds(1));
  CHECK(s.visits.size() == 2);
  CHECK(s.metrics.counter_sum("controller_runtime_reconcile_panics_total") == 1);
}

TEST_CASE("drain finishes what runs, and waits no longer than it is given") {
  SimulatedLoop loop;
  Script s(loop);
  s.duration = seconds(5);
  s.controller.queue().add(kWeb);
  loop.world().run_until_idle();
  SUBCASE("in time") {
    CHECK(await(loop, s.controller.drain(loop.clock().monotonic() + seconds(6))));
    CHECK(s.running == 0);
    CHECK(s.total("success") == 1);
  }
  SUBCASE("not in time") {
    const MonotonicTime deadline = loop.clock().monotonic() + seconds(4);
    CHECK(!await(loop, s.controller.drain(deadline)));
    CHECK(loop.clock().monotonic() == deadline);
    CHECK(s.running == 1);
  }
}

TEST_CASE("of two requests to come back the sooner one counts") {
  struct Row {
    Requeue a, b, want;
  };
  const Row rows[] = {
      {Requeue::none(), Requeue::none(), Requeue::none()},
      {Requeue::after(seconds(1)), Requeue::none(), Requeue::after(seconds(1))},
      {Requeue::after(seconds(2)), Requeue::after(seconds(1)), Requeue::after(seconds(1))},
      {Requeue::with_backoff(), Requeue::after(seconds(1)), Requeue::with_backoff()},
  };
  for (const Row& row : rows) {
    CHECK(Requeue::sooner(row.a, row.b) == row.want);
    CHECK(Requeue::sooner(row.b, row.a) == row.want);
  }
}

}  // namespace
}  // namespace heirloom::kube
