#include "kube/events.h"

#include <doctest/doctest.h>

#include "base/task_scope.h"
#include "base/testing/simulated_loop.h"
#include "kube/testing/scripted_api.h"

namespace heirloom::kube {
namespace {

using testing::ScriptedApi;

EventNote note(std::string reason, std::string message, std::string ns = "default") {
  EventNote n;
  n.regarding = {"v1", "ConfigMap", std::move(ns), "web", "uid-1", "7"};
  n.type = EventType::Warning;
  n.reason = std::move(reason);
  n.message = std::move(message);
  return n;
}

struct Fixture {
  Fixture() { scope.spawn("events", recorder.run()); }
  ~Fixture() { static_cast<void>(await(loop, stop())); }
  Task<bool> stop() {
    co_await scope.stop();
    co_return true;
  }
  static EventRecorderOptions options() {
    EventRecorderOptions o;
    o.component = "tester";
    o.instance = "tester-1";
    o.queue_limit = 10;
    return o;
  }
  double count(const char* outcome) { return metrics.counter_value("events_total", {{"outcome", outcome}}); }

  SimulatedLoop loop;
  ScriptedApi api{&loop.clock()};
  Metrics metrics;
  TaskScope scope{loop.executor()};
  EventRecorder recorder{loop.executor(), &api, &loop.clock(), &loop.world().random(), &metrics, options()};
};

TEST_CASE("an event is created with everything kubectl shows") {
  Fixture f;
  f.api.objects = {Json::object()};
  f.recorder.record(note("Conflict", "somebody else has it"));
  f.loop.world().run_until_idle();
  REQUIRE(f.api.bodies.size() == 1);
  const Json body = f.api.bodies[0];
  CHECK(body["involvedObject"]["uid"].string() == "uid-1");
  CHECK(body["metadata"]["namespace"].string() == "default");
  CHECK(body["metadata"]["name"].string().starts_with("web."));
  CHECK(body["type"].string() == "Warning");
  CHECK(body["source"]["component"].string() == "tester");
  CHECK(body["count"].int64() == 1);
  CHECK(body["firstTimestamp"].string() == "2026-01-01T00:00:00Z");
  CHECK(f.count("created") == 1);
}

TEST_CASE("the same note counts up what is there, also when the object has changed meanwhile") {
  Fixture f;
  f.api.objects = {Json::object(), Json::object(), Json::object()};
  EventNote same = note("Conflict", "m");
  f.recorder.record(same);
  same.regarding.resource_version = "8";
  f.recorder.record(same);
  f.recorder.record(note("Other", "m"));
  f.loop.world().run_until_idle();
  REQUIRE(f.api.calls.size() == 3);
  CHECK(f.api.calls[1].starts_with("patch events default/web."));
  const Json patch = f.api.bodies[1];
  CHECK(patch["count"].int64() == 2);
  CHECK(f.api.calls[2] == "create events default");
}

TEST_CASE("an Event that has expired on the server is created anew, and after a while so is any") {
  Fixture f;
  f.api.objects = {Json::object(), Status(404, reasons::kNotFound, "gone"), Json::object(), Json::object()};
  f.recorder.record(note("A", "m"));
  f.recorder.record(note("A", "m"));
  f.loop.world().run_until_idle();
  CHECK(f.count("created") == 2);
  f.loop.world().run_for(std::chrono::minutes(11));
  f.recorder.record(note("A", "m"));
  f.loop.world().run_until_idle();
  CHECK(f.count("created") == 3);
}

TEST_CASE("a refused Event is dropped, and the next one is sent") {
  Fixture f;
  f.api.objects = {Status(403, reasons::kForbidden, "no"), Json::object()};
  f.recorder.record(note("A", "m"));
  f.recorder.record(note("B", "m"));
  f.loop.world().run_until_idle();
  CHECK(f.count("refused") == 1);
  CHECK(f.count("created") == 1);
}

TEST_CASE("one noisy object is limited, others are not") {
  Fixture f;
  f.api.latency = std::chrono::milliseconds(1);
  for (int i = 0; i < 60; ++i) {
    f.api.objects.push_back(Json::object());
    f.recorder.record(note("A", std::to_string(i)));
    f.loop.world().run_for(std::chrono::milliseconds(10));
  }
  CHECK(f.count("created") == 25);
  CHECK(f.count("limited") == 35);
  EventNote other = note("A", "m");
  other.regarding.name = "db";
  f.recorder.record(other);
  f.loop.world().run_for(std::chrono::seconds(1));
  CHECK(f.count("created") == 26);
  f.loop.world().run_for(std::chrono::minutes(6));
  f.recorder.record(note("A", "later"));
  f.loop.world().run_for(std::chrono::seconds(1));
  CHECK(f.count("created") == 27);
}

TEST_CASE("the queue is bounded") {
  Fixture f;
  f.api.latency = std::chrono::hours(1);
  for (int i = 0; i < 20; ++i) f.recorder.record(note("A", std::to_string(i)));
  CHECK(f.recorder.queued() == 10);
  CHECK(f.count("dropped") == 10);
}

TEST_CASE(
    "notes about cluster-scoped objects go to namespace default, long messages are cut between characters") {
  Fixture f;
  f.api.objects = {Json::object()};
  std::string text;
  while (text.size() < 1100) text += "ü";
  f.recorder.record(note("A", text, ""));
  f.loop.world().run_until_idle();
  REQUIRE(f.api.bodies.size() == 1);
  CHECK(f.api.calls[0] == "create events default");
  const Json body = f.api.bodies[0];
  CHECK(!body["involvedObject"].contains("namespace"));
  CHECK(body["message"].string().size() <= 1024);
  CHECK(body["message"].string().ends_with("ü..."));
}

}  // namespace
}  // namespace heirloom::kube
