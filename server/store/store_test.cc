#include "server/store/store.h"

#include <map>

#include <doctest/doctest.h>

#include "server/store/testing/store_fixture.h"

namespace heirloom::server {
namespace {

Json stamped(JsonView value, Revision revision) {
  return rewrite(value, {set_at({std::string("rv")}, Json::string(std::to_string(revision)))});
}

}  // namespace

TEST_CASE("an empty store is at revision 1 and its first commit is 2") {
  StoreFixture f;
  CHECK(f.store->revision() == 1);
  CHECK(f.listed("") == "");
  const auto committed = f.write("/a", 0, numbered(1));
  REQUIRE(committed.ok());
  CHECK(committed->revision == 2);
  CHECK(committed->object->create_revision == 2);
  CHECK(committed->previous == nullptr);
  CHECK(f.store->revision() == 2);
}

TEST_CASE("a commit is a compare-and-swap on the key's revision") {
  struct Row {
    const char* because;
    const char* key;
    Revision expected;
    bool deletes;
    std::string_view reason;  // "" = accepted
  };
  const Row rows[] = {
      {"a free key can be created", "/new", 0, false, ""},
      {"a taken key cannot be created", "/a", 0, false, reasons::kAlreadyExists},
      {"the revision it has replaces it", "/a", 3, false, ""},
      {"the revision it had does not", "/a", 2, false, reasons::kConflict},
      {"nor does one it will have", "/a", 4, false, reasons::kConflict},
      {"what is not there cannot be replaced", "/new", 2, false, reasons::kNotFound},
      {"the revision it has deletes it", "/a", 3, true, ""},
      {"another does not", "/a", 2, true, reasons::kConflict},
      {"what is not there cannot be deleted", "/new", 2, true, reasons::kNotFound},
      {"a deletion must name a revision", "/a", 0, true, reasons::kBadRequest},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    StoreFixture f;
    f.put("/a", 1);
    f.put("/a", 2);
    const auto committed =
        f.write(row.key, row.expected, row.deletes ? std::nullopt : std::optional<Json>(numbered(9)));
    CHECK(committed.ok() == row.reason.empty());
    if (committed.ok()) {
      CHECK(committed->revision == 4);
    } else {
      CHECK(committed.status().reason() == row.reason);
    }
  }
}

TEST_CASE("a created object keeps its create revision until it is deleted") {
  StoreFixture f;
  f.put("/a", 1);
  f.put("/a", 2);
  CHECK(f.store->get("/a")->create_revision == 2);
  CHECK(f.store->get("/a")->mod_revision == 3);
  f.remove("/a");
  CHECK(f.store->get("/a") == nullptr);
  f.put("/a", 3);
  CHECK(f.store->get("/a")->create_revision == 5);
}

TEST_CASE("values are stamped with the revision they get") {
  StoreOptions options;
  options.stamp = stamped;
  StoreFixture f(options);
  const auto committed = f.write("/a", 0, numbered(1));
  REQUIRE(committed.ok());
  CHECK(committed->object->value["rv"].string() == "2");
  CHECK(f.store->get("/a")->value["n"].int64() == 1);
}

TEST_CASE("of many concurrent writers of one revision exactly one wins, and the losers can read the winner") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    StoreFixture f({}, seed);
    f.put("/a", 0);
    std::vector<Started<Result<Committed>>> writers;
    for (int i = 1; i <= 10; ++i) writers.push_back(f.begin("/a", 2, numbered(i)));
    int won = 0;
    for (auto& writer : writers) {
      const auto committed = f.finish(writer);
      if (committed.ok()) {
        ++won;
        continue;
      }
      CHECK(is_conflict(committed.status()));
      CHECK(f.store->get("/a")->mod_revision == 3);
    }
    CHECK(won == 1);
    CHECK(f.store->revision() == 3);
  }
}

TEST_CASE("writes that build on accepted ones are not possible before these can be read") {
  StoreFixture f;
  auto first = f.begin("/a", 0, numbered(1));
  auto second = f.begin("/a", 0, numbered(2));
  CHECK(f.store->get("/a") == nullptr);
  f.loop.world().run_until_idle();
  auto a = first.value();
  auto b = second.value();
  CHECK(a.ok() != b.ok());
  CHECK(is_already_exists(a.ok() ? b.status() : a.status()));
}

TEST_CASE("concurrent commits share transactions") {
  StoreFixture f;
  std::vector<Started<Result<Committed>>> writers;
  for (int i = 0; i < 100; ++i) writers.push_back(f.begin(fmt::format("/{}", i), 0, numbered(i)));
  for (auto& writer : writers) CHECK(f.finish(writer).ok());
  CHECK(f.store->stats().commits == 100);
  CHECK(f.store->stats().batches < 60);
  CHECK(f.store->stats().pending_writes == 0);
}

TEST_CASE("a list has the keys of the selection in order") {
  StoreFixture f;
  for (const char* key : {"/b/2", "/a/1", "/b", "/b/1", "/b/10", "/bb/1", "/c"}) f.put(key, 1);
  CHECK(f.listed("/b/") == "/b/1=1 /b/10=1 /b/2=1");
  CHECK(f.listed("/b") == "/b=1");
  CHECK(f.listed("/d/") == "");
  CHECK(f.listed("/") == "/a/1=1 /b=1 /b/1=1 /b/10=1 /b/2=1 /bb/1=1 /c=1");
  CHECK(f.listed("") == f.listed("/"));
}

TEST_CASE("pages of a list are consistent with its first page") {
  StoreFixture f;
  for (int i = 0; i < 5; ++i) f.put(fmt::format("/x/{}", i), i);
  StoreListOptions options;
  options.limit = 2;
  const auto first = f.store->list("/x/", options);
  REQUIRE(first.ok());
  CHECK(first->items.size() == 2);
  CHECK(first->next == "/x/2");
  CHECK(first->remaining == 3);
  f.put("/x/2", 22);
  f.remove("/x/3");
  f.put("/x/25", 25);
  options.start = first->next;
  options.at = first->revision;
  options.limit = 0;
  CHECK(f.listed("/x/", options) == "/x/2=2 /x/3=3 /x/4=4");
  options.at = 0;
  CHECK(f.listed("/x/", options) == "/x/2=22 /x/25=25 /x/4=4");
}

TEST_CASE("lists and watches before the compacted revision are expired, and ahead of the newest too large") {
  StoreFixture f;
  for (int i = 0; i < 4; ++i) f.put("/a", i);
  f.store->compact(3);
  CHECK(f.store->compacted() == 3);
  StoreListOptions options;
  options.at = 2;
  CHECK(is_expired(f.store->list("", options).status()));
  options.at = 3;
  CHECK(f.listed("", options) == "/a=1");
  options.at = 6;
  CHECK(f.store->list("", options).status().code() == 504);
  CHECK(f.store->list("", options).status().has_cause("ResourceVersionTooLarge"));
  CHECK(is_expired(f.store->watch("", 2).status()));
  auto watch = f.store->watch("", 3);
  REQUIRE(watch.ok());
  CHECK(f.seen(**watch) == "~/a=2@4 ~/a=3@5");
}

TEST_CASE("a watch gives history, then what happens, of its selection alone") {
  StoreFixture f;
  f.put("/a/1", 1);
  f.put("/b/1", 1);
  auto below = f.store->watch("/a/", 1);
  auto single = f.store->watch("/a/1", 2);
  auto all = f.store->watch("", 3);
  REQUIRE(below.ok());
  REQUIRE(single.ok());
  REQUIRE(all.ok());
  f.put("/a/1", 2);
  f.put("/a/11", 1);
  f.remove("/a/1");
  CHECK(f.seen(**below) == "+/a/1=1@2 ~/a/1=2@4 +/a/11=1@5 -/a/1@6");
  CHECK(f.seen(**single) == "~/a/1=2@4 -/a/1@6");
  CHECK(f.seen(**all) == "~/a/1=2@4 +/a/11=1@5 -/a/1@6");
  CHECK(f.seen(**all) == "");
}

TEST_CASE("a watch from a revision ahead skips what comes up to there") {
  StoreFixture f;
  auto watch = f.store->watch("", 3);
  REQUIRE(watch.ok());
  f.put("/a", 1);
  f.put("/a", 2);
  f.put("/a", 3);
  CHECK(f.seen(**watch) == "~/a=3@4");
}

TEST_CASE("the progress of a quiet watch is the store's, that of a behind one is not") {
  StoreFixture f;
  auto watch = f.store->watch("/a/", 1);
  REQUIRE(watch.ok());
  f.put("/b/1", 1);
  CHECK((*watch)->progress() == 2);
  f.put("/a/1", 1);
  CHECK((*watch)->progress() < 3);
  f.seen(**watch);
  CHECK((*watch)->progress() == 3);
}

TEST_CASE("a waiting watch wakes for its events and for its deadline") {
  StoreFixture f;
  auto watch = f.store->watch("/a/", 1);
  REQUIRE(watch.ok());
  const MonotonicTime deadline = f.loop.clock().monotonic() + std::chrono::seconds(10);
  auto pull = start(f.loop, (*watch)->next(deadline));
  f.put("/b/1", 1);
  CHECK_FALSE(pull.done());
  f.put("/a/1", 1);
  f.loop.world().run_until_idle();
  REQUIRE(pull.done());
  CHECK(pull.value()->size() == 1);
  auto quiet = start(f.loop, (*watch)->next(deadline));
  f.loop.world().run_for(std::chrono::seconds(11));
  REQUIRE(quiet.done());
  CHECK(quiet.value()->empty());
}

TEST_CASE("a watcher that is slower than the history is told so, a quiet one is not") {
  StoreOptions options;
  options.history_events = 5;
  StoreFixture f(options);
  auto slow = f.store->watch("/a", 1);
  auto quiet = f.store->watch("/b", 1);
  REQUIRE(slow.ok());
  REQUIRE(quiet.ok());
  for (int i = 0; i < 10; ++i) f.put("/a", i);
  CHECK(f.seen(**slow) == "Expired");
  CHECK(f.seen(**quiet) == "");
  CHECK(f.store->stats().history_events == 5);
}

TEST_CASE("history is bounded by age and by bytes") {
  StoreOptions options;
  options.history_age = std::chrono::minutes(5);
  options.history_bytes = 1'000'000;
  StoreFixture f(options);
  f.put("/a", 1);
  f.loop.world().run_for(std::chrono::minutes(6));
  f.put("/a", 2);
  CHECK(f.store->compacted() == 2);

  const std::string big(400'000, 'x');
  for (int i = 0; i < 5; ++i) {
    const Revision now = f.store->get("/a")->mod_revision;
    const auto committed = f.write("/a", now, Json::string(big));
    CHECK(committed.ok());
  }
  CHECK(f.store->stats().history_bytes <= 1'000'000);
  CHECK(f.store->stats().history_events >= 2);
}

TEST_CASE("a long backlog comes in bounded portions") {
  StoreFixture f;
  const int total = static_cast<int>(kWatchBatch) * 2 + 3;
  for (int i = 0; i < total; ++i) f.put("/a", i);
  auto watch = f.store->watch("", 1);
  REQUIRE(watch.ok());
  std::size_t seen = 0;
  for (const std::size_t expected : {kWatchBatch, kWatchBatch, std::size_t{3}}) {
    const auto events = await(f.loop, (*watch)->next(std::nullopt));
    REQUIRE(events.ok());
    CHECK(events->size() == expected);
    seen += events->size();
    CHECK((*watch)->progress() == static_cast<Revision>(seen) + 1);
  }
}

TEST_CASE("a closed store settles what it accepted, ends watches and takes nothing more") {
  StoreFixture f;
  auto watch = f.store->watch("", 1);
  REQUIRE(watch.ok());
  auto writer = f.begin("/a", 0, numbered(1));
  f.loop.world().step();
  auto closing = start(f.loop, f.store->close());
  f.loop.world().run_until_idle();
  CHECK(closing.done());
  CHECK(f.finish(writer).ok());
  CHECK(f.write("/b", 0, numbered(1)).status().reason() == reasons::kServiceUnavailable);
  CHECK(f.seen(**watch) == "ServiceUnavailable");
  f.store.reset();
  CHECK(f.seen(**watch) == "ServiceUnavailable");
}

TEST_CASE("random histories: every list at every kept revision and every watch equal a plain model") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    StoreFixture f({}, seed);
    SeededRandom random(seed);
    std::map<Revision, std::map<std::string, std::int64_t>> states;  // by revision
    std::map<std::string, std::int64_t> state;
    states[1] = state;
    for (int i = 0; i < 60; ++i) {
      const std::string key = fmt::format("/{}/{}", random.below(3), random.below(5));
      Revision revision = 0;
      if (state.count(key) != 0 && random.below(3) == 0) {
        revision = f.remove(key);
        state.erase(key);
      } else {
        revision = f.put(key, i);
        state[key] = i;
      }
      states[revision] = state;
    }
    f.store->compact(static_cast<Revision>(1 + random.below(30)));
    for (const auto& entry : states) {
      if (entry.first < f.store->compacted()) continue;
      std::string expected;
      for (const auto& object : entry.second)
        if (object.first.substr(0, 3) == "/1/")
          expected += fmt::format("{}{}={}", expected.empty() ? "" : " ", object.first, object.second);
      StoreListOptions options;
      options.at = entry.first;
      CHECK(f.listed("/1/", options) == expected);
    }
  }
}

}  // namespace heirloom::server
