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

TEST_CASE("a lease that somebody deleted is still its holder's, who goes on writing until it notices") {
  const MonotonicTime now = MonotonicTime(seconds(1000));
  lease::Seen seen = lease::observe(lease::Seen(), lease_of("other", "1"), now);
  seen = lease::observe(seen, std::nullopt, now + seconds(3));
  CHECK(lease::decide(seen, options("me"), now + seconds(14)) == lease::Move::Wait);
  CHECK(lease::decide(seen, options("me"), now + seconds(15)) == lease::Move::Acquire);
  CHECK(lease::decide(seen, options("other"), now + seconds(3)) == lease::Move::Renew);
}

TEST_CASE("the others wait at least as long as the leader counts on") {
  LeaseOptions o = options("me");
  o.duration = std::chrono::milliseconds(15'001);
  const Json body = lease::body(std::nullopt, o, false, WallTime());
  CHECK(body["spec"]["leaseDurationSeconds"].int64() == 16);
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
  bool forgets = false;  // writes are carried out, and answered "unknown"
  bool loses = false;    // they are not carried out, and answered so
  bool no_watch = false;
  int reads = 0;
  int writes = 0;
  int watches = 0;
  // By hand, or late.
  void erase() { live_ = Json(); }
  void take(const char* holder) {
    const Result<Json> stored = store(rewrite(live_, {set_at({"spec", "holderIdentity"}, Json::string(holder))}));
    static_cast<void>(stored);
  }
  void touch() { take(holder().c_str()); }
  std::string holder() const {
    return std::string(live_.is_object() ? live_["spec"]["holderIdentity"].string() : "");
  }

  Task<Result<Json>> get(ObjectRef, GetOptions) override {
    ++reads;
    return answer(read());
  }
  Task<Result<Json>> create(Collection, Json body, WriteOptions) override {
    ++writes;
    if (!down && live_.is_object()) return answer(Status(409, reasons::kAlreadyExists, "exists"));
    return answer(store(body));
  }
  Task<Result<Json>> update(ObjectRef, Json body, WriteOptions) override {
    ++writes;
    if (!down && !live_.is_object()) return answer(Status(404, reasons::kNotFound, "no lease"));
    if (!down && body["metadata"]["resourceVersion"].string() != std::to_string(version_))
      return answer(Status(409, reasons::kConflict, "conflict"));
    return answer(store(body));
  }
  Task<Result<ListPage>> list(Collection, ListOptions) override { co_return internal_error("no"); }
  Task<Result<std::unique_ptr<Watch>>> watch(Collection, WatchOptions options) override {
    ++watches;
    CHECK(options.field_selector == "metadata.name=leader");
    if (no_watch) co_return Status(403, reasons::kForbidden, "may not watch");
    std::unique_ptr<Watch> events = std::make_unique<Events>(this);
    co_return events;
  }
  Task<Result<Json>> patch(ObjectRef, PatchType, Json, WriteOptions) override {
    return answer(internal_error("no"));
  }
  Task<Result<Json>> remove(ObjectRef, RemoveOptions) override { return answer(internal_error("no")); }
  Task<Result<RawResponse>> raw(RawRequest) override { co_return internal_error("no"); }

 private:
  // The lease whenever it has changed.
  class Events final : public Watch {
   public:
    explicit Events(OneLease* server) : server_(server), seen_(server->version_) {}
    Task<Result<std::optional<WatchEvent>>> next() override {
      while (server_->version_ == seen_) co_await server_->clock_->sleep_for(std::chrono::milliseconds(10));
      seen_ = server_->version_;
      co_return std::optional<WatchEvent>({WatchEvent::Type::Modified, server_->live_});
    }

   private:
    OneLease* server_;
    int seen_;
  };

  Result<Json> read() const {
    if (down) return unreachable("down");
    if (!live_.is_object()) return Status(404, reasons::kNotFound, "no lease");
    return live_;
  }
  Result<Json> store(const Json& body) {
    if (down) return unreachable("down");
    if (loses) return timed_out("lost");
    ++version_;
    live_ = rewrite(body, {set_at({"metadata", "resourceVersion"}, Json::string(std::to_string(version_)))});
    if (forgets) return timed_out("forgotten");
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
    scope.spawn("watch", elector.watch());
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

Task<void> discard(Task<Result<Json>> call) {
  const Result<Json> ignored = co_await std::move(call);
  static_cast<void>(ignored);
}

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
  await(a.loop, a.scope.stop());
  Started<void> released = start(a.loop, a.elector.release());
  world.run_for(seconds(3));
  CHECK(released.done());
  CHECK(!a.elector.is_leader());
  CHECK(b.elector.is_leader());
}

TEST_CASE("a renewal is one request, and an edit of the lease costs its leader a look at it") {
  SimulatedWorld world(7);
  OneLease server(&world.clock());
  Candidate a(world, &server, "a");
  world.run_for(seconds(1));
  REQUIRE(a.elector.is_leader());
  CHECK(server.reads == 1);
  world.run_for(seconds(60));
  CHECK(server.reads == 1);
  CHECK(server.writes > 20);
  CHECK(server.writes < 35);
  server.touch();  // a label, say; or a renewal of ours that landed late
  world.run_for(seconds(60));
  CHECK(server.reads == 2);
  CHECK(a.elector.is_leader());
}

TEST_CASE("a renewal of unknown outcome does not lengthen what the leader counts on") {
  SimulatedWorld world(7);
  OneLease server(&world.clock());
  Candidate a(world, &server, "a");
  world.run_for(seconds(3));
  const MonotonicTime end = *a.elector.leader_until();
  SUBCASE("it was carried out: the next one finds our name, and leads on") {
    server.forgets = true;
    world.run_for(seconds(4));
    CHECK(a.elector.leader_until() == end);
    server.forgets = false;
    world.run_for(seconds(60));
    CHECK(a.elector.is_leader());
    CHECK(server.holder() == "a");
  }
  SUBCASE("it was not: another try may succeed") {
    server.loses = true;
    world.run_for(seconds(4));
    CHECK(a.elector.leader_until() == end);
    server.loses = false;
    world.run_for(seconds(60));
    CHECK(a.elector.is_leader());
  }
  SUBCASE("none is ever answered: it stops in time") {
    server.forgets = true;
    CHECK(world.run_until([&] { return !a.lost.ok(); }));
    CHECK(world.clock().monotonic() <= end - seconds(5) + std::chrono::milliseconds(10));
  }
}

TEST_CASE("a deleted lease is its leader's to make again; who knows the leader waits for it") {
  SimulatedWorld world(7);
  OneLease server(&world.clock());
  auto a = std::make_unique<Candidate>(world, &server, "a");
  world.run_for(seconds(1));
  Candidate b(world, &server, "b");
  world.run_for(seconds(5));
  REQUIRE(a->elector.is_leader());
  SUBCASE("and it does") {
    for (int i = 0; i < 20; ++i) {
      server.erase();
      world.run_for(std::chrono::milliseconds(5'300));
      CHECK(!b.elector.is_leader());
      CHECK(server.holder() == "a");
    }
    CHECK(a->elector.is_leader());
  }
  SUBCASE("or it is gone, too") {
    a.reset();
    server.erase();
    world.run_for(seconds(9));
    CHECK(!b.elector.is_leader());
    world.run_for(seconds(9));
    CHECK(b.elector.is_leader());
  }
}

TEST_CASE("a lease that somebody gave away is lost at the next renewal") {
  SimulatedWorld world(7);
  OneLease server(&world.clock());
  Candidate a(world, &server, "a");
  world.run_for(seconds(3));
  server.take("c");
  world.run_for(seconds(3));
  CHECK(!a.elector.is_leader());
  CHECK(a.lost.message().find("held by c") != std::string::npos);
  CHECK(server.holder() == "c");
}

TEST_CASE("the next life of a process is another candidate, and waits like everybody") {
  SimulatedWorld world(7);
  OneLease server(&world.clock());
  auto first = std::make_unique<Candidate>(world, &server, "host_1");
  world.run_for(seconds(3));
  REQUIRE(first->elector.is_leader());
  first.reset();
  Candidate second(world, &server, "host_2");
  world.run_for(seconds(14));
  CHECK(!second.elector.is_leader());
  world.run_for(seconds(4));
  CHECK(second.elector.is_leader());
}

TEST_CASE("a process that was stopped beyond its lease writes nothing when it goes on") {
  SimulatedWorld world(7);
  OneLease server(&world.clock());
  Candidate a(world, &server, "a");
  world.run_for(seconds(3));
  REQUIRE(a.elector.is_leader());
  a.loop.pause();
  Candidate b(world, &server, "b");
  world.run_for(seconds(40));
  REQUIRE(b.elector.is_leader());
  CHECK(!a.elector.is_leader());
  const int writes = server.writes;
  a.loop.resume();
  CHECK(!a.elector.is_leader());
  CHECK(world.run_until([&] { return !a.lost.ok(); }, {1000, seconds(1)}));
  CHECK(server.writes - writes <= 1);  // b's
  CHECK(server.holder() == "b");
}

// A virtual machine that was suspended: its monotonic clock may have stood still.
TEST_CASE("when the wall clock alone has run on, nothing is written before the lease is renewed") {
  SimulatedWorld world(7);
  OneLease server(&world.clock());
  Candidate a(world, &server, "a");
  world.run_for(seconds(3));
  world.clock().jump_wall(seconds(60));
  CHECK(!a.elector.leader_until().has_value());
  SUBCASE("nobody has taken it: on it goes") {
    world.run_for(seconds(3));
    CHECK(a.elector.is_leader());
    CHECK(a.lost.ok());
  }
  SUBCASE("somebody has") {
    server.take("b");
    world.run_for(seconds(3));
    CHECK(!a.elector.is_leader());
    CHECK(!a.lost.ok());
    CHECK(server.holder() == "b");
  }
}

TEST_CASE("a wall clock that is set back changes nothing") {
  SimulatedWorld world(7);
  OneLease server(&world.clock());
  Candidate a(world, &server, "a");
  Candidate b(world, &server, "b");
  world.run_for(seconds(3));
  const bool a_leads = a.elector.is_leader();
  for (int i = 0; i < 20; ++i) {
    world.clock().jump_wall(-seconds(3600));
    world.run_for(seconds(7));
    CHECK(a.elector.is_leader() == a_leads);
    CHECK(b.elector.is_leader() == !a_leads);
  }
}

TEST_CASE("who watches the lease leads as soon as it is given up, who may not at the next look") {
  for (const bool watches : {true, false}) {
    SimulatedWorld world(7);
    OneLease server(&world.clock());
    server.no_watch = !watches;
    Candidate a(world, &server, "a");
    world.run_for(seconds(1));
    REQUIRE(a.elector.is_leader());
    Candidate b(world, &server, "b");
    world.run_for(seconds(30));
    await(a.loop, a.scope.stop());
    await(a.loop, a.elector.release());
    const MonotonicTime released = world.clock().monotonic();
    CHECK(world.run_until([&] { return b.elector.is_leader(); }));
    const Duration took = world.clock().monotonic() - released;
    CHECK(took <= (watches ? std::chrono::milliseconds(50) : std::chrono::milliseconds(2500)));
    CHECK(server.watches >= 1);
    CHECK(server.watches <= 5);
  }
}

TEST_CASE("a lease is given back by its holder alone, also when it was just written") {
  SimulatedWorld world(7);
  OneLease server(&world.clock());
  auto a = std::make_unique<Candidate>(world, &server, "a");
  world.run_for(seconds(3));
  Started<void> stopped = start(a->loop, a->scope.stop());
  world.run_for(std::chrono::milliseconds(100));
  REQUIRE(stopped.done());
  SUBCASE("a renewal lands between the look and the write") {
    Started<void> released = start(a->loop, a->elector.release());
    world.run_for(std::chrono::milliseconds(5));
    server.touch();
    world.run_for(seconds(1));
    REQUIRE(released.done());
    CHECK(server.holder().empty());
  }
  SUBCASE("another has it already") {
    server.take("c");
    const int writes = server.writes;
    Started<void> released = start(a->loop, a->elector.release());
    world.run_for(seconds(1));
    REQUIRE(released.done());
    CHECK(server.writes == writes);
    CHECK(server.holder() == "c");
  }
  SUBCASE("who never asked for it sends nothing") {
    LeaderElector idle(a->loop.executor(), &server, &world.clock(), &world.random(), nullptr, options("d"));
    const int requests = server.reads + server.writes;
    await(a->loop, idle.release());
    CHECK(server.reads + server.writes == requests);
  }
}

TEST_CASE("the fence knows when a write of unknown outcome can land no more") {
  SimulatedLoop loop;
  testing::ScriptedApi below(&loop.clock());
  const MonotonicTime until = loop.clock().monotonic() + seconds(3600);
  FencedApi fence(&below, &loop.clock(), [until] { return std::optional(until); }, seconds(15));
  const ObjectRef ref{{"", "v1", "configmaps"}, "default", "a"};
  CHECK(fence.settled());
  below.objects = {Json::object(), Status(409, reasons::kConflict, "no"), timed_out("perhaps"), Json::object()};
  CHECK(await(loop, fence.update(ref, Json::object(), WriteOptions())).ok());
  CHECK(fence.settled());
  CHECK(!await(loop, fence.remove(ref, RemoveOptions())).ok());
  CHECK(fence.settled());
  CHECK(!await(loop, fence.patch(ref, PatchType::Merge, Json::object(), WriteOptions())).ok());
  CHECK(!fence.settled());
  loop.clock().advance(seconds(15));
  CHECK(fence.settled());
  // Cancelled on its way.
  below.latency = seconds(5);
  TaskScope scope(loop.executor());
  scope.spawn("write", discard(fence.create(ref.collection(), Json::object(), WriteOptions())));
  loop.world().run_for(seconds(1));
  CHECK(!fence.settled());
  await(loop, scope.stop());
  CHECK(!fence.settled());
  loop.clock().advance(seconds(15));
  CHECK(fence.settled());
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
