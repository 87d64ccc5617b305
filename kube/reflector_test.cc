#include "kube/reflector.h"

#include <doctest/doctest.h>

#include "base/task_scope.h"
#include "base/testing/simulated_loop.h"
#include "kube/cache.h"
#include "kube/cache_set.h"
#include "kube/testing/scripted_api.h"

namespace heirloom::kube {
namespace {

using namespace reflector;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ScriptedApi;

std::string show(const State& state) {
  if (std::holds_alternative<Start>(state)) return "start";
  if (const auto* s = std::get_if<Relist>(&state)) return "relist>=" + s->not_older_than;
  if (const auto* s = std::get_if<Listing>(&state))
    return "listing " + s->requested + "/" + s->continue_token;
  if (const auto* s = std::get_if<Watching>(&state)) return "watching " + s->resource_version;
  const Resting& then = std::get<Backoff>(state).then;
  if (std::holds_alternative<Start>(then)) return "rest, then start";
  if (const auto* s = std::get_if<Relist>(&then)) return "rest, then relist>=" + s->not_older_than;
  return "rest, then watch " + std::get<Watching>(then).resource_version;
}

std::string show(const Effect& effect) {
  if (const auto* e = std::get_if<ReadPage>(&effect))
    return (e->first ? "first page " : "page ") + e->resource_version + "/" + e->continue_token;
  if (const auto* e = std::get_if<OpenWatch>(&effect)) return "watch " + e->resource_version;
  if (std::holds_alternative<NextEvent>(effect)) return "next event";
  const auto& pause = std::get<Pause>(effect);
  return "pause " + std::to_string(pause.failures) + "/" + std::to_string(pause.retry_after_seconds);
}

Watching watching(const char* version, bool progress = false) {
  Watching w{version};
  w.open = true;
  w.progress = progress;
  return w;
}
Memory memory(const char* last_seen, int failures = 0) {
  Memory m;
  m.last_seen = last_seen;
  m.failures = failures;
  return m;
}
Status expired() { return {410, reasons::kExpired, "too old resource version: 5 (9)"}; }
Status busy(int retry_after) {
  Status s(429, reasons::kTooManyRequests, "slow down");
  s.mutable_details().retry_after_seconds = retry_after;
  return s;
}
Status lagging() {
  StatusDetails details;
  details.causes.push_back({"ResourceVersionTooLarge", "Too large resource version", ""});
  return {504, reasons::kTimeout, "Too large resource version: 9, current: 5", details};
}

TEST_CASE("the reflector's rules") {
  struct Row {
    const char* because;
    State state;
    Memory before;
    Observation seen;
    const char* next_state;
    const char* effect;
    int failures;
    const char* last_seen;
  };
  const Status down = unreachable("connection refused");
  const Status denied(403, reasons::kForbidden, "no");
  const Status gone(404, reasons::kNotFound, "the server could not find the requested resource");
  const Row rows[] = {
      {"the first list is from the quorum: a cache may be older than who wrote before us", Start{}, memory(""), Go{},
       "listing /", "first page /", 0, ""},
      {"the next page carries the token", Listing{"", ""}, memory(""), PageRead{"7", "more"},
       "listing /more", "page /more", 0, ""},
      {"after the last page comes the watch, from the list's version", Listing{"", "more"}, memory(""),
       PageRead{"7", ""}, "watching 7", "watch 7", 0, "7"},
      {"a list that fails before anything was seen starts over", Listing{"", ""}, memory(""),
       ListFailed{down}, "rest, then start", "pause 1/0", 1, ""},
      {"403 is waited out, slower each time", Listing{"", ""}, memory("", 3), ListFailed{denied},
       "rest, then start", "pause 4/0", 4, ""},
      {"a relist never goes back behind what was seen", Listing{"7", ""}, memory("7"), ListFailed{down},
       "rest, then relist>=7", "pause 1/0", 1, "7"},
      {"Retry-After is passed on", Listing{"", ""}, memory(""), ListFailed{busy(9)}, "rest, then start",
       "pause 1/9", 1, ""},
      {"an expired continue token lists again from the quorum", Listing{"", "more"}, memory(""),
       ListFailed{expired()}, "listing /", "first page /", 1, ""},
      {"a server that lags is asked for its newest", Listing{"9", ""}, memory("9"), ListFailed{lagging()},
       "listing /", "first page /", 1, "9"},
      {"410 again and again backs off", Listing{"", ""}, memory("9", 1), ListFailed{expired()},
       "rest, then relist>=", "pause 2/0", 2, "9"},
      {"back from the rest: start", Backoff{Start{}}, memory("", 1), Go{}, "listing /", "first page /", 1, ""},
      {"back from the rest: relist", Backoff{Relist{"7"}}, memory("7", 1), Go{}, "listing 7/",
       "first page 7/", 1, "7"},
      {"back from the rest: watch", Backoff{Watching{"7"}}, memory("7", 1), Go{}, "watching 7", "watch 7", 1,
       "7"},
      {"an open watch waits for events", Watching{"7"}, memory("7"), WatchOpened{}, "watching 7",
       "next event", 0, "7"},
      {"an event moves the place to resume from and heals", watching("7"), memory("7", 2),
       EventSeen{"8", false}, "watching 8", "next event", 0, "8"},
      {"so does a bookmark", watching("7"), memory("7"), EventSeen{"8", true}, "watching 8", "next event", 0,
       "8"},
      {"an event without a version does not", watching("7"), memory("7"), EventSeen{"", false}, "watching 7",
       "next event", 0, "7"},
      {"a watch that ended is resumed", watching("8", true), memory("8"), WatchEnded{true}, "watching 8",
       "watch 8", 0, "8"},
      {"a quiet watch that lasted has worked", watching("8"), memory("8", 1), WatchEnded{true}, "watching 8",
       "watch 8", 0, "8"},
      {"one that ended at once is resumed at once the first time", watching("8"), memory("8"), WatchEnded{},
       "watching 8", "watch 8", 1, "8"},
      {"and then with a pause", watching("8"), memory("8", 1), WatchEnded{}, "rest, then watch 8",
       "pause 2/0", 2, "8"},
      {"a stream that worked and broke is resumed at once", watching("8", true), memory("8"),
       WatchFailed{down, true}, "watching 8", "watch 8", 1, "8"},
      {"a watch that cannot be opened waits", Watching{"8"}, memory("8"), WatchFailed{down},
       "rest, then watch 8", "pause 1/0", 1, "8"},
      {"410 on a watch lists again from the quorum", watching("8", true), memory("8"),
       WatchFailed{expired(), true}, "listing /", "first page /", 1, "8"},
      {"410 at once after a relist backs off", Watching{"9"}, memory("9", 1), WatchFailed{expired()},
       "rest, then relist>=", "pause 2/0", 2, "9"},
      {"404 on a watch: the collection went; what comes back is listed", Watching{"8"}, memory("8"), WatchFailed{gone},
       "rest, then relist>=", "pause 1/0", 1, "8"},
      {"403 on a watch waits", Watching{"8"}, memory("8"), WatchFailed{denied}, "rest, then watch 8",
       "pause 1/0", 1, "8"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    const Step next = step(row.state, row.before, row.seen);
    CHECK(show(next.state) == row.next_state);
    CHECK(show(next.effect) == row.effect);
    CHECK(next.memory.failures == row.failures);
    CHECK(next.memory.last_seen == row.last_seen);
  }
  CHECK(step(Listing{"", ""}, memory(""), PageRead{"7", ""}).list_completed);
  CHECK(!step(Listing{"", ""}, memory(""), PageRead{"7", "more"}).list_completed);
}

TEST_CASE("the pauses double from 0.8 s to 30 s") {
  CHECK(backoff(1) == milliseconds(800));
  CHECK(backoff(2) == milliseconds(1600));
  CHECK(backoff(6) == milliseconds(25600));
  CHECK(backoff(7) == seconds(30));
  CHECK(backoff(1'000'000) == seconds(30));
}

// --- the reflector and the cache together, over a scripted Api ---

struct Kept {
  std::string uid;
  std::string owner;
  std::size_t memory_bytes() const { return 0; }
};

Kept project(JsonView object) {
  Kept kept;
  kept.uid = std::string(object["metadata"]["uid"].string());
  kept.owner = std::string(object["metadata"]["labels"]["owner"].string());
  return kept;
}

Json object(const char* name, const char* version, const char* owner) {
  return Json::object({{"kind", "ConfigMap"},
                       {"metadata", Json::object({{"name", name},
                                                  {"namespace", "default"},
                                                  {"resourceVersion", version},
                                                  {"uid", std::string("uid-") + name},
                                                  {"labels", Json::object({{"owner", owner}})}})}});
}
std::optional<WatchEvent> event(WatchEvent::Type type, Json body) {
  WatchEvent e;
  e.type = type;
  e.object = std::move(body);
  return e;
}
ListPage page(std::vector<Json> items, const char* version, const char* token = "") {
  ListPage p;
  p.items = std::move(items);
  p.resource_version = version;
  p.continue_token = token;
  return p;
}

struct Fixture {
  explicit Fixture() {
    owners =
        cache.add_index([](const Kept& kept, std::vector<std::string>& out) { out.push_back(kept.owner); });
    cache.on_change([this](const ObjectCache<Kept>::Change& c) {
      std::string line = c.key.to_string() + " " + (c.before ? c.before->resource_version : "-") + ">" +
                         (c.after ? c.after->resource_version : "-");
      if (c.body == nullptr) line += " without body";
      changes.push_back(line);
    });
  }
  ~Fixture() { static_cast<void>(await(loop, stop())); }
  Task<bool> stop() {
    co_await scope.stop();
    co_return true;
  }
  static ReflectorOptions options() {
    ReflectorOptions o;
    o.collection.resource.version = "v1";
    o.collection.resource.resource = "configmaps";
    return o;
  }
  void run_for(Duration d) {
    if (!running) scope.spawn("reflector", reflector.run());
    running = true;
    loop.world().run_for(d);
  }
  std::vector<std::string> take_changes() { return std::exchange(changes, {}); }

  SimulatedLoop loop;
  ScriptedApi api{&loop.clock()};
  TaskScope scope{loop.executor()};
  ObjectCache<Kept> cache{loop.executor(), project};
  ObjectCache<Kept>::Index owners = 0;
  Reflector reflector{&api, &loop.clock(), &loop.world().random(), nullptr, options(), &cache};
  std::vector<std::string> changes;
  bool running = false;
};

using Changes = std::vector<std::string>;

TEST_CASE("a list in pages, a watch, and the changes it brings") {
  Fixture f;
  f.api.pages = {page({object("a", "1", "x")}, "5", "more"), page({object("b", "2", "x")}, "5")};
  ScriptedApi::WatchScript script = {event(WatchEvent::Type::Modified, object("a", "6", "y")),
                                     event(WatchEvent::Type::Deleted, object("b", "7", "x")),
                                     event(WatchEvent::Type::Added, object("c", "8", "y"))};
  f.api.watches = {script};
  CHECK(!f.cache.has_synced());
  f.run_for(seconds(1));
  CHECK(f.cache.has_synced());
  CHECK(f.take_changes() ==
        Changes{"default/a ->1", "default/b ->2", "default/a 1>6", "default/b 2>-", "default/c ->8"});
  CHECK(f.api.calls == Changes{"list configmaps rv= limit=500 continue=",
                               "list configmaps rv= limit=500 continue=more", "watch configmaps rv=5"});
  CHECK(f.cache.find_by(f.owners, "x").empty());
  CHECK(f.cache.find_by(f.owners, "y").size() == 2);
  CHECK(f.reflector.resource_version() == "8");
  CHECK(f.reflector.status().watching);
}

TEST_CASE("after 410 what the new list lacks is gone, and what it repeats is no news") {
  Fixture f;
  f.api.pages = {page({object("a", "1", "x"), object("b", "2", "x"), object("c", "3", "x")}, "5"),
                 page({object("a", "1", "x"), object("c", "9", "y"), object("d", "8", "x")}, "9")};
  ScriptedApi::WatchScript gone = {Status(410, reasons::kExpired, "too old")};
  f.api.watches = {gone, ScriptedApi::WatchScript()};
  f.run_for(seconds(1));
  CHECK(f.take_changes() == Changes{"default/a ->1", "default/b ->2", "default/c ->3", "default/c 3>9",
                                    "default/d ->8", "default/b 2>- without body"});
  CHECK(f.api.calls.back() == "watch configmaps rv=9");
  CHECK(f.reflector.status().error.ok());
}

TEST_CASE("a watch that breaks is resumed where it was") {
  Fixture f;
  f.api.pages = {page({}, "5")};
  ScriptedApi::WatchScript cut = {event(WatchEvent::Type::Added, object("a", "6", "x")),
                                  unreachable("reset")};
  f.api.watches = {cut, ScriptedApi::WatchScript()};
  f.run_for(seconds(1));
  CHECK(f.api.calls.back() == "watch configmaps rv=6");
  CHECK(f.reflector.lists() == 1);
  CHECK(f.cache.size() == 1);
}

TEST_CASE("403 is said in words, retried with growing pauses, and forgotten when it is granted") {
  Fixture f;
  for (int i = 0; i < 5; ++i)
    f.api.pages.push_back(Status(403, reasons::kForbidden, "configmaps is forbidden"));
  f.api.pages.push_back(page({}, "5"));
  f.api.watches = {ScriptedApi::WatchScript()};
  f.run_for(seconds(2));
  const ReflectorStatus failing = f.reflector.status();
  CHECK(!failing.synced);
  CHECK(is_forbidden(failing.error));
  CHECK(failing.error.message().find("grant verbs list and watch") != std::string::npos);
  CHECK(f.reflector.lists() <= 3);
  f.run_for(seconds(60));
  CHECK(f.reflector.status().error.ok());
  CHECK(f.cache.has_synced());
}

TEST_CASE("a server that is down costs few requests") {
  Fixture f;
  f.run_for(std::chrono::minutes(10));  // every call fails: nothing is scripted
  CHECK(f.reflector.lists() >= 12);
  CHECK(f.reflector.lists() <= 30);
}

TEST_CASE("a watch that ends at once does not make it spin") {
  Fixture f;
  f.api.pages = {page({}, "5")};
  const ScriptedApi::WatchScript ends = {std::optional<WatchEvent>()};
  for (int i = 0; i < 100; ++i) f.api.watches.push_back(ends);
  f.run_for(std::chrono::minutes(1));
  CHECK(f.reflector.watches() <= 10);
}

TEST_CASE("the cache's report of its memory returns to nothing") {
  Fixture f;
  CHECK(f.cache.memory_bytes() == 0);
  const std::string long_name(60, 'n');
  f.cache.begin_replace();
  f.cache.listed(object(long_name.c_str(), "1", "somebody with a long name"));
  f.cache.listed(object("b", "2", "x"));
  f.cache.end_replace();
  CHECK(f.cache.memory_bytes() > 2 * sizeof(Kept));
  f.cache.changed(WatchEvent::Type::Modified, object("b", "3", "another long name of an owner"));
  f.cache.begin_replace();
  f.cache.end_replace();
  CHECK(f.cache.size() == 0);
  CHECK(f.cache.memory_bytes() == 0);
}

TEST_CASE("waiting for the first list") {
  Fixture f;
  f.api.latency = seconds(3);
  f.api.pages = {page({}, "5")};
  f.api.watches = {ScriptedApi::WatchScript()};
  Started<void> waiting = start(f.loop, f.cache.wait_synced());
  f.run_for(seconds(2));
  CHECK(!waiting.done());
  f.run_for(seconds(2));
  CHECK(waiting.done());
}

TEST_CASE("a wait for the first list ends at its deadline") {
  Fixture f;
  const MonotonicTime deadline = f.loop.clock().monotonic() + seconds(5);
  CHECK(!await(f.loop, f.cache.wait_synced_until(&f.loop.clock(), deadline)));
  f.cache.begin_replace();
  f.cache.end_replace();
  CHECK(await(f.loop, f.cache.wait_synced_until(&f.loop.clock(), deadline)));
}

TEST_CASE("a set of caches starts each collection once, and drops it") {
  SimulatedLoop loop;
  ScriptedApi api(&loop.clock());
  api.pages = {page({object("a", "1", "x")}, "5"), page({}, "5")};
  api.watches = {ScriptedApi::WatchScript(), ScriptedApi::WatchScript()};
  std::vector<std::string> seen;
  ReflectorOptions common;
  common.label_selector = "managed";
  CacheSet<Kept> set(loop.executor(), &api, &loop.clock(), &loop.world().random(), nullptr, common, project,
                     [&seen](const Collection& collection, ObjectCache<Kept>& cache) {
                       const std::string kind = collection.resource.resource;
                       cache.on_change([&seen, kind](const ObjectCache<Kept>::Change& change) {
                         seen.push_back(kind + " " + change.key.to_string());
                       });
                     });
  const Collection one{{"", "v1", "configmaps"}, ""};
  const Collection two{{"apps", "v1", "deployments"}, ""};
  set.ensure(one);
  set.ensure(one);
  loop.world().run_for(seconds(1));
  set.ensure(two);
  CHECK(!set.all_synced());
  loop.world().run_for(seconds(1));
  CHECK(set.all_synced());
  CHECK(set.size() == 2);
  CHECK(seen == Changes{"configmaps default/a"});
  CHECK(api.calls.size() == 4);
  REQUIRE(set.find(one) != nullptr);
  CHECK(set.find(one)->size() == 1);
  CHECK(set.status(two).watching);
  Started<void> dropped = start(loop, set.drop(one));
  loop.world().run_for(seconds(1));
  CHECK(dropped.done());
  CHECK(set.find(one) == nullptr);
  Started<void> stopped = start(loop, set.stop());
  loop.world().run_for(seconds(1));
  CHECK(stopped.done());
  CHECK(set.size() == 0);
}

}  // namespace
}  // namespace heirloom::kube
