#include "kube/retry.h"

#include <doctest/doctest.h>

#include "base/task_scope.h"
#include "base/testing/simulated_loop.h"
#include "kube/testing/scripted_api.h"

namespace heirloom::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ScriptedApi;

Status after(int code, std::string_view reason, int seconds_told) {
  Status s(code, reason, "m");
  s.mutable_details().retry_after_seconds = seconds_told;
  return s;
}

TEST_CASE("what is asked again, and when") {
  struct Row {
    const char* because;
    Status status;
    bool repeatable;
    int attempt;
    std::optional<Duration> want;
  };
  const Row rows[] = {
      {"a read whose connection broke", unreachable("reset"), true, 1, milliseconds(100)},
      {"the pause doubles", unreachable("reset"), true, 4, milliseconds(800)},
      {"but not for ever", unreachable("reset"), true, 6, std::nullopt},
      {"a write whose connection broke: its outcome is unknown", unreachable("reset"), false, 1,
       std::nullopt},
      {"a write that timed out: its outcome is unknown", timed_out("x"), false, 1, std::nullopt},
      {"a write met 500", internal_error("x"), false, 1, std::nullopt},
      {"a write met 503 from somewhere", after(503, reasons::kServiceUnavailable, 1), false, 1, std::nullopt},
      {"a write the server turned away before doing anything", after(429, reasons::kTooManyRequests, 0),
       false, 1, milliseconds(100)},
      {"Retry-After is obeyed", after(429, reasons::kTooManyRequests, 7), false, 1, seconds(7)},
      {"unless it is too long for us", after(429, reasons::kTooManyRequests, 3600), false, 1, std::nullopt},
      {"a read met 500", internal_error("x"), true, 1, milliseconds(100)},
      {"a read met 504", timed_out("x"), true, 2, milliseconds(200)},
      {"NotFound is an answer", {404, reasons::kNotFound, "m"}, true, 1, std::nullopt},
      {"Conflict is an answer", {409, reasons::kConflict, "m"}, false, 1, std::nullopt},
      {"Expired is an answer", {410, reasons::kExpired, "m"}, true, 1, std::nullopt},
      {"success", {}, true, 1, std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    CHECK(retry_pause(row.status, row.repeatable, row.attempt, RetryOptions()) == row.want);
  }
}

const ObjectRef kWeb{{"", "v1", "configmaps"}, "default", "web"};

struct Fixture {
  ~Fixture() { loop.abandon(); }  // calls that still wait go before what they use
  SimulatedLoop loop;
  ScriptedApi below{&loop.clock()};
  Metrics metrics;
  RetryOptions options;
  std::unique_ptr<RetryingApi> api = make();
  std::unique_ptr<RetryingApi> make() {
    return std::make_unique<RetryingApi>(loop.executor(), &below, &loop.clock(), &loop.world().random(),
                                         &metrics, options);
  }
};

TEST_CASE("a read survives a server that restarts") {
  Fixture f;
  f.below.objects = {unreachable("refused"), unreachable("refused"), Json::object({{"kind", "ConfigMap"}})};
  const Result<Json> got = await(f.loop, f.api->get(kWeb, GetOptions()));
  CHECK(got.ok());
  CHECK(f.below.calls.size() == 3);
  CHECK(f.metrics.counter_sum("rest_client_request_retries_total") == 2);
  CHECK(f.api->in_flight() == 0);
}

TEST_CASE("a write of unknown outcome is sent once") {
  Fixture f;
  f.below.objects = {unreachable("reset"), Json()};
  const Result<Json> got =
      await(f.loop, f.api->patch(kWeb, PatchType::Merge, Json::object(), WriteOptions()));
  CHECK(got.status().has_reason(reasons::kUnreachable));
  CHECK(f.below.calls.size() == 1);
}

TEST_CASE("a dry run is a read") {
  Fixture f;
  f.below.objects = {unreachable("reset"), Json::object()};
  WriteOptions options;
  options.dry_run = true;
  CHECK(await(f.loop, f.api->update(kWeb, Json::object(), options)).ok());
}

TEST_CASE("the call's own deadline ends the retries") {
  Fixture f;
  for (int i = 0; i < 10; ++i) f.below.objects.push_back(unreachable("refused"));
  GetOptions options;
  options.deadline = f.loop.clock().monotonic() + milliseconds(500);
  const Result<Json> got = await(f.loop, f.api->get(kWeb, options));
  CHECK(!got.ok());
  CHECK(f.below.calls.size() <= 3);
  CHECK(f.loop.clock().monotonic() <= *options.deadline);
}

TEST_CASE("the window bounds what is in flight, narrows when the server is busy and widens again") {
  Fixture f;
  f.options.initial_window = 4;
  f.options.min_window = 2;
  f.api = f.make();
  f.below.latency = seconds(1);
  for (int i = 0; i < 10; ++i) f.below.objects.push_back(Json::object());
  std::vector<Started<Result<Json>>> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(start(f.loop, f.api->get(kWeb, GetOptions())));
  f.loop.world().run_until_idle();
  CHECK(f.below.calls.size() == 4);
  CHECK(f.api->in_flight() == 4);
  f.loop.world().run_for(seconds(10));
  for (auto& call : calls) CHECK(call.done());
  CHECK(f.api->window() > 4);
  CHECK(f.api->in_flight() == 0);

  const int before = f.api->window();
  f.below.objects = {after(429, reasons::kTooManyRequests, 1), Json::object()};
  CHECK(await(f.loop, f.api->create(kWeb.collection(), Json::object(), WriteOptions())).ok());
  CHECK(f.api->window() == before / 2);
}

TEST_CASE("a call that never got its turn says so at its deadline, and was not sent") {
  Fixture f;
  f.options.initial_window = 1;
  f.options.min_window = 1;
  f.api = f.make();
  f.below.latency = seconds(60);
  f.below.objects = {Json::object()};
  Started<Result<Json>> first = start(f.loop, f.api->get(kWeb, GetOptions()));
  f.loop.world().run_until_idle();
  WriteOptions options;
  options.deadline = f.loop.clock().monotonic() + seconds(5);
  const Result<Json> second = await(f.loop, f.api->update(kWeb, Json::object(), options));
  CHECK(second.status().has_reason(reasons::kTimeout));
  CHECK(f.below.calls.size() == 1);
}

TEST_CASE("a cancelled call gives its place back") {
  Fixture f;
  f.below.latency = seconds(60);
  TaskScope scope(f.loop.executor());
  struct Call {
    static Task<void> get(RetryingApi* api) {
      GetOptions options;
      Result<Json> unused = co_await api->get(kWeb, std::move(options));
      CHECK(false);
      static_cast<void>(unused);
    }
  };
  scope.spawn("get", Call::get(f.api.get()));
  f.loop.world().run_until_idle();
  CHECK(f.api->in_flight() == 1);
  Started<void> stopped = start(f.loop, scope.stop());
  f.loop.world().run_until_idle();
  CHECK(stopped.done());
  CHECK(f.api->in_flight() == 0);
}

}  // namespace
}  // namespace heirloom::kube
