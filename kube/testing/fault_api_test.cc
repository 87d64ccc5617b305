#include "kube/testing/fault_api.h"

#include <deque>

#include <doctest/doctest.h>

#include "base/testing/simulated_loop.h"
#include "kube/testing/scripted_api.h"

namespace heirloom::kube::testing {
namespace {

using std::chrono::seconds;

class ListedFaults final : public FaultPlan {
 public:
  std::deque<Fault> calls;
  std::deque<Fault> events;
  Fault before(const Call&) override { return pop(calls); }
  Fault before_event(const Call&) override { return pop(events); }

 private:
  static Fault pop(std::deque<Fault>& queue) {
    if (queue.empty()) return Fault();
    Fault first = queue.front();
    queue.pop_front();
    return first;
  }
};

Fault fault(Fault::Kind kind, Status status, Duration delay = Duration::zero()) {
  Fault f;
  f.kind = kind;
  f.status = std::move(status);
  f.delay = delay;
  return f;
}

struct Fixture {
  ~Fixture() { scope.abandon(); }
  SimulatedLoop loop;
  TaskScope scope{loop.executor()};
  ScriptedApi below{&loop.clock()};
  ListedFaults plan;
  std::vector<std::string> trace;
  FaultApi api{&scope, &below, &loop.clock(), &plan,
               [this](std::string line) { trace.push_back(std::move(line)); }};
};

const ObjectRef kWeb{{"apps", "v1", "deployments"}, "default", "web"};

TEST_CASE("a call may pass, be refused, be done though it failed, or be done later") {
  Fixture f;
  f.below.objects = {Json::object(), Json::object(), Json::object()};
  f.plan.calls = {fault(Fault::Kind::Pass, {}), fault(Fault::Kind::Fail, unreachable("refused")),
                  fault(Fault::Kind::Ambiguous, timed_out("slow")),
                  fault(Fault::Kind::Late, timed_out("slow"), seconds(5))};
  WriteOptions write;
  CHECK(await(f.loop, f.api.update(kWeb, Json::object(), write)).ok());
  CHECK(f.below.calls.size() == 1);
  CHECK(!await(f.loop, f.api.update(kWeb, Json::object(), write)).ok());
  CHECK(f.below.calls.size() == 1);
  CHECK(await(f.loop, f.api.update(kWeb, Json::object(), write)).status().code() == 504);
  CHECK(f.below.calls.size() == 2);
  CHECK(await(f.loop, f.api.update(kWeb, Json::object(), write)).status().code() == 504);
  CHECK(f.below.calls.size() == 2);
  f.loop.world().run_for(seconds(6));
  CHECK(f.below.calls.size() == 3);
  CHECK(f.api.calls() == 4);
  CHECK(f.api.mutating_calls() == 4);
  CHECK(f.trace ==
        std::vector<std::string>{"1 update deployments default/web: ok",
                                 "2 update deployments default/web: refused: Unreachable (503): refused",
                                 "3 update deployments default/web: ok, but answered Timeout (504): slow",
                                 "4 update deployments default/web: put off: Timeout (504): slow",
                                 "4 update deployments default/web: late: ok"});
}

TEST_CASE("a delay holds a call up, and reads do not count as mutating") {
  Fixture f;
  f.below.objects = {Json::object()};
  f.plan.calls = {fault(Fault::Kind::Pass, {}, seconds(3))};
  const MonotonicTime began = f.loop.clock().monotonic();
  CHECK(await(f.loop, f.api.get(kWeb, GetOptions())).ok());
  CHECK(f.loop.clock().monotonic() - began == seconds(3));
  CHECK(f.api.mutating_calls() == 0);
}

TEST_CASE("a watch may be refused, slowed and cut, and stays cut") {
  Fixture f;
  WatchEvent event;
  event.type = WatchEvent::Type::Added;
  f.below.watches = {
      ScriptedApi::WatchScript{std::optional<WatchEvent>(event), std::optional<WatchEvent>(event)}};
  f.plan.calls = {fault(Fault::Kind::Fail, unreachable("refused"))};
  CHECK(!await(f.loop, f.api.watch(kWeb.collection(), WatchOptions())).ok());
  Result<std::unique_ptr<Watch>> opened = await(f.loop, f.api.watch(kWeb.collection(), WatchOptions()));
  REQUIRE(opened.ok());
  Watch& watch = **opened;
  f.plan.events = {fault(Fault::Kind::Pass, {}, seconds(2)),
                   fault(Fault::Kind::Fail, Status(410, reasons::kExpired, "old"))};
  CHECK(await(f.loop, watch.next()).ok());
  CHECK(is_expired(await(f.loop, watch.next()).status()));
  CHECK(is_expired(await(f.loop, watch.next()).status()));
}

TEST_CASE("a watch may tell an event twice, and a bookmark at any time") {
  Fixture f;
  WatchEvent event;
  event.type = WatchEvent::Type::Modified;
  event.object = *Json::parse(R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"a","resourceVersion":"7"}})");
  f.below.watches = {ScriptedApi::WatchScript{std::optional<WatchEvent>(event)}};
  Result<std::unique_ptr<Watch>> opened = await(f.loop, f.api.watch(kWeb.collection(), WatchOptions()));
  REQUIRE(opened.ok());
  f.plan.events = {Fault(), fault(Fault::Kind::Repeat, {}), fault(Fault::Kind::Bookmark, {})};
  const auto first = await(f.loop, (*opened)->next());
  const auto again = await(f.loop, (*opened)->next());
  const auto bookmark = await(f.loop, (*opened)->next());
  CHECK((*first)->object == event.object);
  CHECK((*again)->type == WatchEvent::Type::Modified);
  CHECK((*again)->object == event.object);
  CHECK((*bookmark)->type == WatchEvent::Type::Bookmark);
  CHECK(write_json((*bookmark)->object) == R"({"apiVersion":"v1","kind":"Secret","metadata":{"resourceVersion":"7"}})");
}

TEST_CASE("a list that may come from a cache may be an old one, others are not") {
  Fixture f;
  ListPage old, fresh;
  old.resource_version = "5";
  fresh.resource_version = "8";
  f.below.pages = {old, fresh, fresh, fresh};
  ListOptions cached, newest, at_least_six;
  cached.resource_version = "0";
  at_least_six.resource_version = "6";
  f.plan.calls = {Fault(), fault(Fault::Kind::Stale, {}), Fault(), fault(Fault::Kind::Stale, {}),
                  fault(Fault::Kind::Stale, {})};
  const auto version = [&f](const ListOptions& options) {
    return await(f.loop, f.api.list(kWeb.collection(), options))->resource_version;
  };
  CHECK(version(cached) == "5");
  CHECK(version(cached) == "5");  // from the cache
  CHECK(version(newest) == "8");
  CHECK(version(at_least_six) == "8");  // from the cache
  CHECK(version(newest) == "8");
  CHECK(f.below.calls.size() == 3);
}

}  // namespace
}  // namespace heirloom::kube::testing
