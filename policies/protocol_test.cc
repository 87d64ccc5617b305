// The protocol under interleaving: N applications read one object, read facts, and commit by
// compare-and-swap, in any order, while people create, delete, force-remove, share and un-share applications
// and edit the object by hand. The decisions are decide() and leave(); everything else here is the world
// around them.
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "policies/decide.h"
#include "policies/leave.h"
#include "policies/testing/live_objects.h"

namespace heirloom::policies {
namespace {

enum class Mutant { None, NoGuardOnDelete, NoGuardOnJoin, HoldWithoutMark, FactsBeforeObject };

// SplitMix64: one seed, one run.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t bound) { return next() % bound; }
  double fraction() { return static_cast<double>(next() >> 11) / 9007199254740992.0; }

 private:
  std::uint64_t state_;
};

constexpr std::size_t kApps = 3;

SharerKey name_of(std::size_t i) { return application_key("n", std::string(1, static_cast<char>('a' + i))); }
std::size_t index_of(const SharerKey& key) { return static_cast<std::size_t>(key.name[0] - 'a'); }

struct App {
  int uid = 0;
  int join = 0;  // counts how often it came back: the generation of its mark
  bool deleting = false;
  bool declares = true;
  bool shared = true;
  bool read_only = false;
  bool take_over = false;
  bool operator==(const App&) const = default;
};

struct Stored {
  LiveObject live;
  int content = -1;  // whose manifest is in force
};

// One reconciliation under way.
struct Worker {
  enum class Mode { Apply, Leave, Ownerless };
  enum class Step { Record, ReadFirst, ReadSecond, Act };
  Mode mode = Mode::Apply;
  Step step = Step::Record;
  App started_with;
  std::optional<Stored> object;
  Facts facts;
};

class World {
 public:
  World(std::uint64_t seed, Mutant mutant, bool by_hand, bool through_json)
      : dice_(seed), mutant_(mutant), by_hand_(by_hand), through_json_(through_json) {}

  void run() {
    const std::size_t actions = 30 + dice_.below(130);
    for (std::size_t i = 0; i < actions; ++i) {
      if (dice_.fraction() < 0.12)
        act_as_user();
      else
        step(dice_.below(kApps));
    }
    settle();
    check_at_rest();
  }

  const std::vector<std::string>& violations() const { return violations_; }
  const std::vector<std::string>& log() const { return log_; }

 private:
  // What the world looks like; unchanged over some rounds of everybody's steps = at rest.
  std::string state() const {
    std::string text = fmt::format("{}", resource_version_);
    for (std::size_t i = 0; i < kApps; ++i) text += fmt::format(" {}{}", apps_[i].has_value(), trackers_[i]);
    return text;
  }

  std::string mark(std::size_t i) const {
    return make_mark(fmt::format("{:08}", apps_[i]->uid), apps_[i]->join);
  }
  bool lives(std::size_t i) const { return apps_[i] && apps_[i]->declares && !apps_[i]->deleting; }
  // It was told that it has joined, so the object must stay.
  bool joined(std::size_t i) const {
    return lives(i) && !apps_[i]->read_only && joined_[i] == std::pair(apps_[i]->uid, apps_[i]->join);
  }
  void violation(std::string text) { violations_.push_back(std::move(text)); }

  // Now and then nobody knows (a cache's miss, a timeout): that counts as live, and must only cost time.
  Facts read_facts(const std::optional<Stored>& object) {
    Facts facts;
    facts.ns = NamespaceState::NotNeeded;
    if (!object) return facts;
    for (const SharerKey& key : keys_to_check(object->live, {})) {
      if (!settling_ && dice_.fraction() < 0.05) continue;
      const std::size_t i = index_of(key);
      const std::optional<App>& app = apps_[i];
      if (!app || (trackers_[i] != app->uid && !app->declares))
        facts.liveness[key] = Liveness::Dead;
      else
        facts.liveness[key] = app->deleting ? Liveness::Leaving : Liveness::Live;
    }
    return facts;
  }

  void store(std::optional<Stored> object) {
    ++resource_version_;
    object_ = std::move(object);
    if (object_) object_->live.resource_version = std::to_string(resource_version_);
  }

  bool guard_holds(std::string_view what, const std::optional<Stored>& seen) const {
    if (!seen) return !object_;
    if (!object_ || object_->live.uid != seen->live.uid) return false;
    if (object_->live.resource_version == seen->live.resource_version) return true;
    return (mutant_ == Mutant::NoGuardOnDelete && what == "Delete") ||
           (mutant_ == Mutant::NoGuardOnJoin && what == "Join");
  }

  bool remove(std::size_t i, const std::optional<Stored>& seen) {
    if (!guard_holds("Delete", seen)) return false;
    std::set<SharerKey> sharers(object_->live.ledger.begin(), object_->live.ledger.end());
    if (object_->live.owner) sharers.insert(*object_->live.owner);
    for (const SharerKey& key : sharers)
      if (index_of(key) != i && joined(index_of(key)))
        violation(fmt::format("I1: {} deletes the object under {}", name_of(i).name, key.name));
    store(std::nullopt);
    log_.push_back(fmt::format("Delete {}", name_of(i).name));
    return true;
  }

  bool write(std::string_view what, std::size_t i, const std::optional<Stored>& seen, const Ownership& wanted,
             bool content) {
    if (!guard_holds(what, seen)) return false;
    Stored next = seen ? *seen : Stored();
    if (!seen) {
      next.live.uid = fmt::format("object-{}", ++next_uid_);
      next.live.key = testing::namespace_key();
    }
    next.live = through_json_
                    ? rewritten(next.live, wanted)
                    : as_written(next.live, wanted);
    if (content) next.content = static_cast<int>(i);
    check_commit(what, i, next);
    store(std::move(next));
    last_ = object_;
    log_.push_back(fmt::format("{} {}: owner {} ledger {}", what, name_of(i).name,
                               object_->live.owner ? object_->live.owner->name : "-",
                               format_ledger(object_->live.ledger)));
    return true;
  }

  // As the API server would store the patch: text, read back.
  static LiveObject rewritten(const LiveObject& before, const Ownership& wanted) {
    LiveObject read =
        read_live(ownership_patch(ownership_edit(wanted, before.key, std::nullopt), "x"), before.key);
    read.uid = before.uid;
    return read;
  }

  void check_commit(std::string_view what, std::size_t i, const Stored& next) {
    const Ledger& ledger = next.live.ledger;
    check_order(what, i, next.live);
    if (object_)
      for (const SharerKey& key : object_->live.ledger)
        if (index_of(key) != i && !contains(ledger, key) && next.live.owner != key && joined(index_of(key)))
          violation(fmt::format("lost: {} by {} drops {}", what, name_of(i).name, key.name));
    if (!ledger.empty() && ledger.front() != next.live.owner)
      violation(fmt::format("I2: {} by {} leaves ledger {}", what, name_of(i).name, format_ledger(ledger)));
  }

  // Whatever people strip, the heirs stay in the order in which they joined; only an owner goes to the front.
  void check_order(std::string_view what, std::size_t i, const LiveObject& next) {
    if (!last_ || last_->live.uid != next.uid) return;
    Ledger before, after;
    for (const SharerKey& key : last_->live.ledger)
      if (key != next.owner && contains(next.ledger, key)) before.push_back(key);
    for (const SharerKey& key : next.ledger)
      if (contains(before, key)) after.push_back(key);
    if (before != after)
      violation(fmt::format("order: {} by {} turns {} into {}", what, name_of(i).name,
                            format_ledger(last_->live.ledger), format_ledger(next.ledger)));
  }

  // One atomic step of the application's controller. True when there may be more to do.
  bool step(std::size_t i) {
    std::optional<Worker>& worker = workers_[i];
    if (!worker) return start(i);
    const std::optional<App>& app = apps_[i];
    if (worker->mode != Worker::Mode::Ownerless) {
      const bool applying = worker->mode == Worker::Mode::Apply;
      if (!app || app->uid != worker->started_with.uid || app->join != worker->started_with.join ||
          applying != (app->declares && !app->deleting)) {
        worker.reset();  // what it set out to do is no longer wanted
        return true;
      }
    }
    switch (worker->step) {
      case Worker::Step::Record:
        if (worker->mode == Worker::Mode::Apply) trackers_[i] = app->uid;
        worker->step = Worker::Step::ReadFirst;
        return true;
      case Worker::Step::ReadFirst:
        read(*worker, mutant_ == Mutant::FactsBeforeObject, true);
        return true;
      case Worker::Step::ReadSecond:
        read(*worker, mutant_ != Mutant::FactsBeforeObject, false);
        return true;
      case Worker::Step::Act:
        return worker->mode == Worker::Mode::Apply ? apply(i) : let_go(i);
    }
    return false;
  }

  bool start(std::size_t i) {
    const std::optional<App>& app = apps_[i];
    Worker worker;
    if (!app && trackers_[i] == 0) return false;
    if (!app) {
      worker.mode = Worker::Mode::Ownerless;
    } else {
      worker.started_with = *app;
      if (app->deleting || (!app->declares && trackers_[i] != 0))
        worker.mode = Worker::Mode::Leave;
      else if (!app->declares)
        return false;
    }
    workers_[i] = std::move(worker);
    return true;
  }

  void read(Worker& worker, bool facts, bool first) {
    if (!facts) {
      worker.object = object_;
      // What the process has seen before. Who leaves goes by what stands there.
      if (object_ && last_ && worker.mode == Worker::Mode::Apply)
        worker.object->live = restored(object_->live, last_->live);
    } else if (first) {  // the mutant: facts of the object as it is now, used for the object as it is later
      worker.facts = read_facts(object_);
    } else {
      worker.facts = read_facts(worker.object);
    }
    worker.step = first ? Worker::Step::ReadSecond : Worker::Step::Act;
  }

  bool apply(std::size_t i) {
    Worker worker = *workers_[i];
    workers_[i].reset();
    const Me me{name_of(i), mark(i)};
    const ObjectPolicies policies{apps_[i]->shared, apps_[i]->read_only, apps_[i]->take_over};
    std::optional<LiveObject> live;
    if (worker.object) live = worker.object->live;
    Decision d = decide(live, me, policies, worker.facts);
    if (mutant_ == Mutant::HoldWithoutMark && d.action == Action::Hold) {
      d.ownership.sharers.erase(me.key);
      if (live->record && live->record->sharers.contains(me.key))
        d.ownership.sharers.emplace(me.key, live->record->sharers.find(me.key)->second);
      d.writes_ownership = differs(*live, d.ownership) && live->record;
    }
    const std::pair dispatched(apps_[i]->uid, apps_[i]->join);
    switch (d.action) {
      case Action::Wait:
      case Action::ReadOnlyMissing:
      case Action::Conflict:
        joined_[i].reset();
        return false;
      case Action::Observe:
        joined_[i].reset();
        return d.writes_ownership && write("Observe", i, worker.object, d.ownership, false);
      case Action::Drop:
        write("Drop", i, worker.object, d.ownership, false);
        return true;
      default:
        break;
    }
    const bool content =
        d.may_write_content && (!worker.object || worker.object->content != static_cast<int>(i));
    if (!d.writes_ownership && !content) {
      joined_[i] = dispatched;
      return false;
    }
    if (write(to_string(d.action), i, worker.object, d.ownership, d.may_write_content))
      joined_[i] = dispatched;
    return true;
  }

  bool let_go(std::size_t i) {
    Worker& worker = *workers_[i];
    std::optional<LiveObject> live;
    if (worker.object) live = worker.object->live;
    LeavePolicy policy;
    policy.ownerless = worker.mode == Worker::Mode::Ownerless;
    const LeaveDecision d = leave(live, name_of(i), policy, worker.facts);
    bool done = d.action == LeaveAction::Nothing;
    if (d.action == LeaveAction::Handover) done = write("Handover", i, worker.object, d.ownership, false);
    if (d.action == LeaveAction::Delete) done = remove(i, worker.object);
    if (!done) {
      worker.step = Worker::Step::ReadFirst;
      return true;
    }
    joined_[i].reset();
    trackers_[i] = 0;
    if (apps_[i] && apps_[i]->deleting) {
      apps_[i].reset();
      log_.push_back(fmt::format("gone {}", name_of(i).name));
    }
    workers_[i].reset();
    return true;
  }

  void act_as_user() {
    const std::size_t i = dice_.below(kApps);
    std::optional<App>& app = apps_[i];
    const double r = dice_.fraction();
    const auto note = [&](std::string_view what) {
      log_.push_back(fmt::format("{} {}", what, name_of(i).name));
    };
    if (!app) {
      app = App();
      app->uid = ++next_uid_;
      app->shared = dice_.fraction() < 0.9;
      app->take_over = dice_.fraction() < 0.1;
      note("create");
    } else if (r < 0.35) {
      app->deleting = true;
      note("delete");
    } else if (r < 0.5) {
      app.reset();
      forced_.insert(name_of(i));
      note("force-remove");
    } else if (r < 0.62) {
      if (app->deleting) return;
      app->declares = !app->declares;
      app->join += app->declares;
      note(app->declares ? "declares" : "drops");
    } else if (r < 0.7) {
      if (!app->deleting) app->shared = !app->shared;
      note("changes sharing of");
    } else if (r < 0.75) {
      if (!app->deleting) {
        app->read_only = !app->read_only;
        app->join += !app->read_only;
      }
      note("changes read-only of");
    } else if (r < 0.85) {
      workers_[i].reset();
      note("crash");
    } else if (by_hand_ && object_) {
      edit_by_hand(r);
    }
  }

  void edit_by_hand(double r) {
    edited_ = true;
    log_.push_back("edited by hand");
    if (r < 0.9) return store(std::nullopt);
    Stored next = *object_;
    const std::size_t what = 1 + dice_.below(7);  // any of them, and any of them together
    if ((what & 1) != 0) next.live.owner.reset();
    if ((what & 2) != 0) next.live.ledger.clear();
    if ((what & 4) != 0) next.live.record.reset();
    store(std::move(next));
  }

  void settle() {
    settling_ = true;
    std::array<std::size_t, kApps> order{0, 1, 2};
    int quiet = 0;
    for (int round = 0; round < 80 && quiet < 3; ++round) {
      std::swap(order[0], order[dice_.below(kApps)]);
      std::swap(order[1], order[1 + dice_.below(kApps - 1)]);
      const std::string before = state();
      for (const std::size_t i : order)
        for (int n = 0; n < 12 && step(i); ++n) {
        }
      quiet = state() == before ? quiet + 1 : 0;
    }
    if (quiet < 3) violation("never at rest");
  }

  void check_at_rest() {
    std::set<SharerKey> wanted, sharing;
    for (std::size_t i = 0; i < kApps; ++i) {
      if (apps_[i] && apps_[i]->deleting) violation("an application hangs in deletion");
      if (!lives(i) || apps_[i]->read_only) continue;
      wanted.insert(name_of(i));
      if (apps_[i]->shared) sharing.insert(name_of(i));
    }
    if (edited_) return;
    if (!object_) {
      if (!wanted.empty()) violation("I4: declared, and does not exist");
      return;
    }
    const LiveObject& live = object_->live;
    // An unshared object of an application removed by force stays; a released one is nobody's.
    const bool kept = !live.owner || (live.ledger.empty() && forced_.contains(*live.owner));
    if (!live.owner || !wanted.contains(*live.owner)) {
      if (!kept) violation(fmt::format("I9: owner {} is dead", live.owner->name));
      if (wanted.empty() && !kept) violation("I5: left behind");
      return;
    }
    if (object_->content != static_cast<int>(index_of(*live.owner)))
      violation("I4: content is not the owner's");
    if (live.ledger.empty()) return;
    for (const SharerKey& key : sharing)
      if (!contains(live.ledger, key)) violation("a sharer is not in the ledger");
    for (const SharerKey& key : live.ledger)
      if (!wanted.contains(key)) violation("I9: a ghost in the ledger");
  }

  Dice dice_;
  Mutant mutant_;
  bool by_hand_;
  bool through_json_;
  std::optional<Stored> object_;
  std::optional<Stored> last_;  // as the protocol left it last
  std::uint64_t resource_version_ = 0;
  int next_uid_ = 0;
  std::array<std::optional<App>, kApps> apps_;
  std::array<int, kApps> trackers_{};  // UID of the life whose tracker lists the object; 0 = none
  std::array<std::optional<Worker>, kApps> workers_;
  std::array<std::optional<std::pair<int, int>>, kApps> joined_;  // the (uid, join) it was told of
  std::set<SharerKey> forced_;
  bool edited_ = false;
  bool settling_ = false;
  std::vector<std::string> violations_;
  std::vector<std::string> log_;
};

struct Outcome {
  int runs_with_violation = 0;
  std::string first;  // seed, violation and the last steps before it
};

Outcome run(std::uint64_t first_seed, int runs, Mutant mutant, bool by_hand, bool through_json = false,
            bool stop_at_first = false) {
  Outcome outcome;
  for (int n = 0; n < runs; ++n) {
    const std::uint64_t seed = first_seed + static_cast<std::uint64_t>(n);
    World world(seed, mutant, by_hand, through_json);
    world.run();
    if (world.violations().empty()) continue;
    if (outcome.runs_with_violation++ == 0) {
      outcome.first = fmt::format("seed {}: {}", seed, world.violations().front());
      for (const std::string& line : world.log()) outcome.first += "\n  " + line;
    }
    if (stop_at_first) break;
  }
  return outcome;
}

TEST_CASE("no interleaving of applications breaks an invariant") {
  const Outcome outcome = run(1, 20000, Mutant::None, false);
  INFO(outcome.first);
  CHECK(outcome.runs_with_violation == 0);
}

TEST_CASE("no interleaving breaks an invariant while people edit the object by hand") {
  const Outcome outcome = run(1'000'000, 20000, Mutant::None, true);
  INFO(outcome.first);
  CHECK(outcome.runs_with_violation == 0);
}

TEST_CASE("the same holds when every write goes through the text of labels and annotations") {
  const Outcome outcome = run(2'000'000, 1500, Mutant::None, true, true);
  INFO(outcome.first);
  CHECK(outcome.runs_with_violation == 0);
}

TEST_CASE("the test can fail: each guard of the protocol is needed") {
  struct Case {
    std::string without;
    Mutant mutant;
  };
  const Case kCases[] = {
      {"resourceVersion on the delete", Mutant::NoGuardOnDelete},
      {"resourceVersion on the join", Mutant::NoGuardOnJoin},
      {"its mark on a Hold", Mutant::HoldWithoutMark},
      {"facts read after the object", Mutant::FactsBeforeObject},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.without);
    CHECK(run(3'000'000, 60000, c.mutant, true, false, true).runs_with_violation > 0);
  }
}

}  // namespace
}  // namespace heirloom::policies
