// Goal: an acknowledged or visible commit is never lost, whatever the disk loses, tears or refuses.
// Method: run writes over FaultyDisk, cut the power at any step, reopen, compare with what was acknowledged.
#include <algorithm>
#include <map>
#include <vector>

#include <doctest/doctest.h>

#include "server/store/testing/faulty_disk.h"
#include "server/store/testing/store_fixture.h"

namespace heirloom::server {
namespace {

using PowerLoss = FaultyDisk::PowerLoss;
using Fault = FaultyDisk::Fault;

DiskOptions on(const FaultyDisk& disk, bool synchronous = true) {
  DiskOptions options;
  options.directory = "/data";
  options.vfs = disk.vfs();
  options.synchronous = synchronous;
  return options;
}

// A store whose power fails again and again, and the model of what must have survived.
class Machine {
 public:
  Machine(std::uint64_t seed, bool synchronous, StoreOptions options = {})
      : disk(seed), f(on(disk, synchronous), options, seed), random_(seed ^ 0x5eed) {}
  ~Machine() { crash(PowerLoss::DropAll); }

  Status boot() { return f.open(); }

  // Some concurrent writes to distinct keys; returns when a random number of steps has run.
  void work() {
    struct Begun {
      std::int64_t n;
      Started<Result<Committed>> commit;
    };
    std::map<std::string, Begun> started;
    for (std::uint64_t i = 1 + random_.below(8); i > 0; --i) {
      const std::string key = key_of(static_cast<int>(random_.below(kKeys)));
      if (started.count(key) != 0) continue;
      const StoredPtr now = f.store->get(key);
      std::optional<Json> value;
      if (!now || random_.below(4) != 0) value = numbered(++count_);
      const std::int64_t n = value ? count_ : 0;
      hoped_[key].push_back(n);
      Begun begun{n, f.begin(key, now ? now->mod_revision : 0, value)};
      started.emplace(key, std::move(begun));
    }
    f.loop.world().run_until_idle(random_.below(2) == 0 ? random_.below(40) : 1'000'000);
    for (auto& [key, begun] : started) {
      if (!begun.commit.done()) continue;
      const auto committed = begun.commit.value();
      if (!committed.ok()) continue;
      know(key, begun.n);
      newest_ = std::max(newest_, committed->revision);
    }
    // What readers can see counts as acknowledged.
    for (int i = 0; i < kKeys; ++i) {
      const std::string key = key_of(i);
      const std::int64_t seen = number_of(f.store->get(key));
      if (hopes(key, seen)) know(key, seen);
    }
    newest_ = std::max(newest_, f.store->revision());
  }

  void crash(PowerLoss loss) {
    disk.lose_power(loss);
    f.store.reset();
    f.loop.world().run_until_idle();
  }

  // What is wrong with the reopened store; "" when nothing is.
  std::string verdict() {
    if (f.store->revision() < newest_)
      return fmt::format("revision {} was known, the store is at {}", newest_, f.store->revision());
    for (int i = 0; i < kKeys; ++i) {
      const std::string key = key_of(i);
      const std::int64_t found = number_of(f.store->get(key));
      if (found != acknowledged_[key] && !hopes(key, found))
        return fmt::format("{} should be {}, is {}", key, acknowledged_[key], found);
      acknowledged_[key] = found;
    }
    hoped_.clear();
    return {};
  }

  FaultyDisk disk;
  StoreFixture f;

 private:
  static constexpr int kKeys = 12;
  static std::string key_of(int i) { return fmt::format("/k/{}", i); }
  bool hopes(const std::string& key, std::int64_t n) {
    const auto& hoped = hoped_[key];
    return std::find(hoped.begin(), hoped.end(), n) != hoped.end();
  }
  // Writes of one key become durable in the order they were begun, so earlier hopes are settled too.
  void know(const std::string& key, std::int64_t n) {
    acknowledged_[key] = n;
    auto& hoped = hoped_[key];
    const auto it = std::find(hoped.begin(), hoped.end(), n);
    if (it != hoped.end()) hoped.erase(hoped.begin(), it + 1);
  }

  SeededRandom random_;
  std::map<std::string, std::int64_t> acknowledged_;        // 0: not there
  std::map<std::string, std::vector<std::int64_t>> hoped_;  // begun, outcome unknown, in order
  Revision newest_ = 1;
  std::int64_t count_ = 0;
};

// The first thing lost in so many rounds of work and power cuts; "" when nothing was.
std::string first_loss(std::uint64_t seed, bool synchronous, PowerLoss loss, int rounds) {
  StoreOptions options;
  options.history_events = 20;  // so that compaction takes part
  Machine machine(seed, synchronous, options);
  for (int round = 0; round < rounds; ++round) {
    if (const Status status = machine.boot(); !status.ok()) return status.message();
    if (std::string wrong = machine.verdict(); !wrong.empty()) return wrong;
    for (int i = 0; i < 5; ++i) machine.work();
    machine.crash(loss);
  }
  return {};
}

}  // namespace

TEST_CASE("no acknowledged commit is lost when power fails, whatever happens to unsynced bytes") {
  for (const PowerLoss loss :
       {PowerLoss::KeepAll, PowerLoss::DropAll, PowerLoss::DropLast, PowerLoss::Tear}) {
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
      CAPTURE(seed);
      CAPTURE(static_cast<int>(loss));
      CHECK(first_loss(seed, true, loss, 8) == "");
    }
  }
}

TEST_CASE("the same test notices when syncing is switched off") {
  int noticed = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    if (!first_loss(seed, false, PowerLoss::DropAll, 8).empty()) ++noticed;
  CHECK(noticed == 5);
}

TEST_CASE("after each single acknowledged write all unsynced bytes may go") {
  Machine machine(1, true);
  REQUIRE(machine.boot().ok());
  for (int i = 1; i <= 40; ++i) {
    const Revision revision = machine.f.put("/a", i);
    CHECK(revision == i + 1);
    machine.crash(PowerLoss::DropAll);
    REQUIRE(machine.boot().ok());
    CHECK(number_of(machine.f.store->get("/a")) == i);
    CHECK(machine.f.store->revision() == revision);
  }
}

TEST_CASE("any failing disk call: no acknowledged commit is lost, no other half is kept") {
  for (const Fault fault : {Fault::Io, Fault::Full, Fault::ShortWrite}) {
    for (const bool for_good : {false, true}) {
      bool happened = true;
      for (std::uint64_t n = 1; happened; ++n) {
        CAPTURE(static_cast<int>(fault));
        CAPTURE(for_good);
        CAPTURE(n);
        StoreOptions options;
        options.history_events = 4;
        Machine machine(n, true, options);
        machine.disk.fail_call(n, fault, for_good);
        const Status opened = machine.boot();
        if (opened.ok())
          for (int i = 0; i < 10; ++i) machine.work();
        happened = machine.disk.fault_happened();
        machine.disk.heal();
        machine.crash(static_cast<PowerLoss>(n % 4));
        const Status reopened = machine.boot();
        CHECK_MESSAGE(reopened.ok(), reopened.message());
        if (reopened.ok()) CHECK(machine.verdict() == "");
        REQUIRE(n < 5'000);
      }
    }
  }
}

TEST_CASE("a failed sync makes the store read-only until it is opened again") {
  Machine machine(1, true);
  REQUIRE(machine.boot().ok());
  StoreFixture& f = machine.f;
  f.put("/a", 1);
  machine.disk.fail_next(FaultyDisk::Call::Sync, Fault::Io);
  auto first = f.begin("/a", 2, numbered(2));
  auto second = f.begin("/b", 0, numbered(2));
  const auto failed = f.finish(first);
  const auto also_failed = f.finish(second);
  CHECK(failed.status().reason() == reasons::kServiceUnavailable);
  CHECK(failed.status().message().find("/data/heirloom.db") != std::string::npos);
  CHECK(failed.status().message().find("check the disk") != std::string::npos);
  CHECK_FALSE(also_failed.ok());
  CHECK_FALSE(f.store->writable().ok());
  CHECK(f.listed("") == "/a=1");  // reads go on, and show nothing that may be lost
  f.loop.world().run_for(std::chrono::hours(1));
  CHECK(f.put("/c", 1) == 0);
  machine.crash(PowerLoss::DropAll);
  REQUIRE(machine.boot().ok());
  CHECK(f.listed("") == "/a=1");
  CHECK(f.put("/c", 1) == 3);
}

TEST_CASE(
    "a full disk makes the store read-only until there is room again, and burns the revisions it gave") {
  Machine machine(1, true);
  REQUIRE(machine.boot().ok());
  StoreFixture& f = machine.f;
  f.put("/a", 1);
  machine.disk.fail_call(1, Fault::Full, true);
  const auto failed = f.write("/a", 2, numbered(2));
  CHECK(failed.status().message().find("no space left for /data/heirloom.db") != std::string::npos);
  CHECK_FALSE(f.store->writable().ok());
  const std::uint64_t calls = machine.disk.calls();
  CHECK(f.put("/b", 1) == 0);
  CHECK(machine.disk.calls() == calls);  // a full disk is not hammered
  machine.disk.heal();
  f.loop.world().run_for(std::chrono::seconds(2));
  CHECK(f.put("/b", 1) == 4);
  CHECK(f.store->writable().ok());
  CHECK(f.listed("") == "/a=1 /b=1");
  machine.crash(PowerLoss::DropAll);
  REQUIRE(machine.boot().ok());
  CHECK(f.listed("") == "/a=1 /b=1");
  CHECK(f.store->revision() == 4);
}

TEST_CASE("a revision is not reused when its tombstone was compacted away") {
  StoreOptions options;
  options.history_events = 0;
  Machine machine(1, true, options);
  REQUIRE(machine.boot().ok());
  StoreFixture& f = machine.f;
  f.put("/a", 1);
  f.remove("/a");
  f.put("/b", 1);
  const Revision last = f.remove("/b");
  CHECK(last == 5);
  for (int i = 0; i < 3; ++i) {
    machine.crash(PowerLoss::DropAll);
    REQUIRE(machine.boot().ok());
    CHECK(f.store->revision() == last + 2 * i);
    CHECK(f.put("/c", 1) == last + 2 * i + 1);
    CHECK(f.remove("/c") == last + 2 * i + 2);
  }
}

TEST_CASE("history survives reopening, as far as it was kept") {
  Machine machine(1, true);
  REQUIRE(machine.boot().ok());
  StoreFixture& f = machine.f;
  f.put("/a", 1);
  f.put("/a", 2);
  f.put("/b", 1);
  f.remove("/a");
  machine.crash(PowerLoss::DropAll);
  REQUIRE(machine.boot().ok());
  auto watch = f.store->watch("", 1);
  REQUIRE(watch.ok());
  CHECK(f.seen(**watch) == "+/a=1@2 ~/a=2@3 +/b=1@4 -/a@5");
  f.store->compact(4);
  f.put("/b", 2);  // takes the compaction to the disk
  machine.crash(PowerLoss::DropAll);
  REQUIRE(machine.boot().ok());
  CHECK(f.store->compacted() == 4);
  StoreListOptions options;
  options.at = 4;
  CHECK(f.listed("", options) == "/a=2 /b=1");
  CHECK(f.listed("") == "/b=2");
}

TEST_CASE("checkpoints keep the log short and lose nothing") {
  StoreOptions options;
  options.history_events = 10;
  Machine machine(1, true, options);
  REQUIRE(machine.boot().ok());
  const std::string big(60'000, 'x');
  Revision now = 0;
  for (int i = 0; i < 400; ++i) {
    const auto committed = machine.f.write("/a", now, Json::object({{"n", i}, {"big", big}}));
    REQUIRE(committed.ok());
    now = committed->revision;
  }
  CHECK(machine.disk.content("/data/heirloom.db-wal").size() < std::size_t{20} << 20);
  CHECK(machine.disk.content("/data/heirloom.db").size() < std::size_t{10} << 20);
  machine.crash(PowerLoss::DropAll);
  REQUIRE(machine.boot().ok());
  CHECK(number_of(machine.f.store->get("/a")) == 399);
}

}  // namespace heirloom::server
