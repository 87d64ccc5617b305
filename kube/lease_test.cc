#include "kube/lease.h"

#include <doctest/doctest.h>

#include "base/task_scope.h"
#include "base/testing/simulated_loop.h"
#include "kube/fenced_api.h"
#include "kube/lease_rules.h"
#include "kube/testing/scripted_api.h"

namespace heirloom::kube {
namespace {

using std::chrono::seconds;

LeaseOptions options(std::string identity) {
  LeaseOptions o;
  o.ns = "system";
  o.name = "leader";
  o.identity = std::move(identity);
  return o;
}

Json lease_of(const char* holder, const char* version, int duration = 15) {
  return Json::object(
      {{"metadata", Json::object({{"name", "leader"}, {"resourceVersion", version}})},
       {"spec", Json::object({{"holderIdentity", holder}, {"leaseDurationSeconds", duration}})}});
}

TEST_CASE("who may take the lease, and when") {
  const MonotonicTime now = MonotonicTime(seconds(1000));
  lease::Seen seen;
  CHECK(lease::decide(seen, options("me"), now) == lease::Move::Acquire);
  seen = lease::observe(seen, lease_of("me", "1"), now);
  CHECK(lease::decide(seen, options("me"), now) == lease::Move::Renew);
  seen = lease::observe(seen, lease_of("other", "2"), now);
  CHECK(lease::decide(seen, options("me"), now + seconds(14)) == lease::Move::Wait);
  CHECK(lease::decide(seen, options("me"), now + seconds(15)) == lease::Move::Acquire);
  // Seen unchanged, the time goes on from the first look; changed, it starts over.
  seen = lease::observe(seen, lease_of("other", "2"), now + seconds(10));
  CHECK(lease::decide(seen, options("me"), now + seconds(15)) == lease::Move::Acquire);
  seen = lease::observe(seen, lease_of("other", "3"), now + seconds(10));
  CHECK(lease::decide(seen, options("me"), now + seconds(15)) == lease::Move::Wait);
  seen = lease::observe(seen, lease_of("", "4"), now);
  CHECK(lease::decide(seen, options("me"), now) == lease::Move::Acquire);
}

TEST_CASE("a takeover counts as a transition, a renewal does not") {
  const WallTime now = WallTime(seconds(1767225600));
  const Json taken = lease::body(lease_of("other", "2"), options("me"), false, now);
  CHECK(taken["spec"]["leaseTransitions"].int64() == 1);
  CHECK(taken["spec"]["acquireTime"].string() == "2026-01-01T00:00:00.000000Z");
  CHECK(taken["metadata"]["resourceVersion"].string() == "2");
  const Json renewed = lease::body(taken, options("me"), true, now + seconds(2));
  CHECK(renewed["spec"]["leaseTransitions"].int64() == 1);
  CHECK(renewed["spec"]["acquireTime"].string() == "2026-01-01T00:00:00.000000Z");
  CHECK(renewed["spec"]["renewTime"].string() == "2026-01-01T00:00:02.000000Z");
}

// One Lease object with compare-and-swap: what the rules lean on, and nothing else of a server.
class OneLease final : public Api {
 public:
  explicit OneLease(Clock* clock) : clock_(clock) {}
  bool down = false;
  std::string holder() const {
    return std::string(live_.is_object() ? live_["spec"]["holderIdentity"].string() : "");
  }

  Task<Result<Json>> get(ObjectRef, GetOptions) override { return answer(read()); }
  Task<Result<Json>> create(Collection, Json body, WriteOptions) override {
    if (!down && live_.is_object()) return answer(Status(409, reasons::kAlreadyExists, "exists"));
    return answer(store(body));
  }
  Task<Result<Json>> update(ObjectRef, Json body, WriteOptions) override {
    if (!down && body["metadata"]["resourceVersion"].string() != std::to_string(version_))
      return answer(Status(409, reasons::kConflict, "conflict"));
    return answer(store(body));
  }
  Task<Result<ListPage>> list(Collection, ListOptions) override { co_return internal_error("no"); }
  Task<Result<std::unique_ptr<Watch>>> watch(Collection, WatchOptions) override {
    co_return internal_error("no");
  }
  Task<Result<Json>> patch(ObjectRef, PatchType, Json, WriteOptions) override {
    return answer(internal_error("no"));
  }
  Task<Result<Json>> remove(ObjectRef, RemoveOptions) override { return answer(internal_error("no")); }
  Task<Result<RawResponse>> raw(RawRequest) override { co_return internal_error("no"); }

 private:
  Result<Json> read() const {
    if (down) return unreachable("down");
    if (!live_.is_object()) return Status(404, reasons::kNotFound, "no lease");
    return live_;
  }
  Result<Json> store(const Json& body) {
    if (down) return unreachable("down");
    ++version_;
    live_ = rewrite(body, {set_at({"metadata", "resourceVersion"}, Json::string(std::to_string(version_)))});
    return live_;
  }
  Task<Result<Json>> answer(Result<Json> result) {
    co_await clock_->sleep_for(std::chrono::milliseconds(10));
    co_return result;
  }
  Clock* clock_;
  int version_ = 0;
  Json live_;
};

struct Candidate {
  Candidate(SimulatedWorld& world, Api* api, const char* name)
      : loop(world, name),
        elector(loop.executor(), api, &world.clock(), &world.random(), nullptr, options(name)) {
    scope.spawn("elect", campaign());
  }
  ~Candidate() { loop.abandon(), scope.abandon(); }
  Task<void> campaign() {
    co_await elector.acquire();
    lost = co_await elector.hold();
  }
  SimulatedLoop loop;
  LeaderElector elector;
  TaskScope scope{loop.executor()};
  Status lost;
};

TEST_CASE("one leads; when it crashes the other follows after the lease, and never both at once") {
  SimulatedWorld world(7);
  OneLease server(&world.clock());
  auto a = std::make_unique<Candidate>(world, &server, "a");
  world.run_for(seconds(1));
  CHECK(a->elector.is_leader());
  Candidate b(world, &server, "b");
  for (int i = 0; i < 300; ++i) {
    world.run_for(std::chrono::milliseconds(100));
    CHECK(!(a->elector.is_leader() && b.elector.is_leader()));
  }
  CHECK(a->elector.is_leader());
  const MonotonicTime crash = world.clock().monotonic();
  a.reset();
  CHECK(world.run_until([&] { return b.elector.is_leader(); }));
  const Duration took = world.clock().monotonic() - crash;
  CHECK(took >= seconds(10));
  CHECK(took <= seconds(18));
  CHECK(server.holder() == "b");
}

TEST_CASE("a leader that cannot renew stops before its lease ends, and says why") {
  SimulatedWorld world(7);
  OneLease server(&world.clock());
  Candidate a(world, &server, "a");
  world.run_for(seconds(3));
  REQUIRE(a.elector.is_leader());
  const MonotonicTime end = *a.elector.leader_until();
  server.down = true;
  CHECK(world.run_until([&] { return !a.lost.ok(); }));
  CHECK(world.clock().monotonic() <= end - seconds(5) + std::chrono::milliseconds(10));
  CHECK(!a.elector.is_leader());
  CHECK(a.lost.message().find("leadership lost") != std::string::npos);
}

TEST_CASE("a released lease is taken at once") {
  SimulatedWorld world(7);
  OneLease server(&world.clock());
  Candidate a(world, &server, "a");
  world.run_for(seconds(3));
  Candidate b(world, &server, "b");
  world.run_for(seconds(3));
  Started<void> released = start(a.loop, a.elector.release());
  world.run_for(seconds(3));
  CHECK(released.done());
  CHECK(!a.elector.is_leader());
  CHECK(b.elector.is_leader());
}

TEST_CASE("the fence lets writes pass while the lease lasts, and shortens their deadline") {
  SimulatedLoop loop;
  testing::ScriptedApi below(&loop.clock());
  std::optional<MonotonicTime> until;
  FencedApi fence(&below, &loop.clock(), [&until] { return until; });
  const ObjectRef ref{{"", "v1", "configmaps"}, "default", "a"};
  below.objects = {Json::object(), Json::object(), Json::object()};
  CHECK(await(loop, fence.update(ref, Json::object(), WriteOptions()))
            .status()
            .has_reason(reasons::kUnreachable));
  CHECK(below.calls.empty());
  CHECK(await(loop, fence.get(ref, GetOptions())).ok());
  WriteOptions dry_run;
  dry_run.dry_run = true;
  CHECK(await(loop, fence.update(ref, Json::object(), dry_run)).ok());
  until = loop.clock().monotonic() + seconds(3);
  CHECK(await(loop, fence.remove(ref, RemoveOptions())).ok());
  CHECK(below.write_deadlines.back() == until);
}

}  // namespace
}  // namespace heirloom::kube
