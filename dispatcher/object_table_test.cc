#include "dispatcher/object_table.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace heirloom::dispatcher {
namespace {

const SharerKey kApp1{"", "default", "app1"};
const SharerKey kApp2{"", "default", "app2"};
const ObjectKey kCm{"local", "", "ConfigMap", "example", "cm"};

Json config_map(const std::string& version, const std::string& value, bool managed = true) {
  const Json labels = managed ? Json::object({{"app.oam.dev/name", "app1"}, {"app.oam.dev/namespace", "default"}})
                              : Json::object();
  const Json metadata = Json::object({{"name", "cm"}, {"namespace", "example"}, {"uid", "u"},
                                      {"resourceVersion", version}, {"labels", labels}});
  const Json data = Json::object({{"key", value}});
  return Json::object({{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", metadata}, {"data", data}});
}

struct Fixture {
  std::vector<std::string> woken;
  ObjectTable table{[this](const SharerKey& key) { woken.push_back(key.name); }};
  std::vector<std::string> take() { return std::exchange(woken, {}); }
  std::uint64_t hash() const { return table.find(kCm)->hash; }
};
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a change wakes exactly those who are interested and have not verified it") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.declare(kApp2, ObjectTable::Source::Tracker, {kCm});
  f.table.saw(kCm, config_map("1", "a"));
  CHECK(f.take() == Names{"app1", "app2"});
  f.table.verify(kApp1, kCm, f.hash());
  f.table.verify(kApp2, kCm, f.hash());
  f.table.saw(kCm, config_map("2", "a"));
  CHECK(f.take().empty());
  f.table.saw(kCm, config_map("3", "b"));
  CHECK(f.take() == Names{"app1", "app2"});
}

TEST_CASE("the body is kept until everyone interested has verified it") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.declare(kApp2, ObjectTable::Source::Plan, {kCm});
  f.table.saw(kCm, config_map("1", "a"));
  f.table.verify(kApp1, kCm, f.hash());
  CHECK(f.table.bodies() == 1);
  f.table.verify(kApp2, kCm, f.hash());
  CHECK(f.table.bodies() == 0);
  CHECK(f.table.find(kCm)->body.is_null());
  CHECK(f.table.is_verified(kApp1, kCm));
}

TEST_CASE("an object nobody is interested in keeps no body") {
  Fixture f;
  f.table.saw(kCm, config_map("1", "a"));
  CHECK(f.table.bodies() == 0);
}

TEST_CASE("the echo of an answer to us wakes nobody, and older events before it change nothing") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.saw(kCm, config_map("1", "a"));
  const ObjectTable::Ticket ticket = f.table.ticket(kCm);
  f.table.answered(kApp1, kCm, config_map("3", "c"), ticket);
  f.table.verify(kApp1, kCm, f.hash());
  f.take();
  f.table.saw(kCm, config_map("2", "b"));
  CHECK(f.take().empty());
  CHECK(f.table.find(kCm)->live.resource_version == "3");
  f.table.saw(kCm, config_map("3", "c"));
  CHECK(f.take().empty());
  f.table.saw(kCm, config_map("4", "d"));
  CHECK(f.take() == Names{"app1"});
}

TEST_CASE("an answer that events have overtaken does not turn the table back") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.saw(kCm, config_map("1", "a"));
  const ObjectTable::Ticket ticket = f.table.ticket(kCm);
  f.table.saw(kCm, config_map("2", "b"));
  f.table.saw(kCm, config_map("3", "c"));
  f.table.answered(kApp1, kCm, config_map("2", "b"), ticket);
  CHECK(f.table.find(kCm)->live.resource_version == "3");
}

TEST_CASE("what a watch tells late of an object that we have released or deleted is not taken for news") {
  for (const bool deleted : {false, true}) {
    CAPTURE(deleted);
    Fixture f;
    f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
    f.table.saw(kCm, config_map("1", "a"));
    f.table.releasing(kCm, "1");
    if (deleted) f.table.answered_absent(kCm, f.table.ticket(kCm));
    else f.table.answered(kApp1, kCm, config_map("4", "c", false), f.table.ticket(kCm));
    f.table.left(kApp1, kCm);
    f.table.released(kCm);
    // Another watch, which has it by name, is sooner; its word is not the one that is waited for.
    if (deleted) f.table.lost(kCm, ObjectTable::Watch::Name);
    else f.table.listed(kCm, config_map("4", "c", false));
    f.take();
    f.table.saw(kCm, config_map("2", "a"));
    f.table.saw(kCm, config_map("3", "b"));
    CHECK(f.take().empty());
    CHECK((f.table.find(kCm) != nullptr) == !deleted);
    CHECK(f.table.selected_of("", "ConfigMap") == std::vector<ObjectKey>{kCm});  // a list that does not show it ends this
    f.table.lost(kCm, ObjectTable::Watch::Kind);
    CHECK(f.table.find(kCm) == nullptr);
    CHECK(!f.table.former(kCm));
    CHECK(f.table.selected_of("", "ConfigMap").empty());
    f.table.saw(kCm, config_map("5", "d"));  // somebody made it anew
    CHECK(f.table.find(kCm)->live.resource_version == "5");
  }
}

TEST_CASE("a list that still shows as ours what we have released makes everybody ask") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.saw(kCm, config_map("1", "a"));
  f.table.releasing(kCm, "1");
  f.table.answered(kApp1, kCm, config_map("4", "c", false), f.table.ticket(kCm));
  f.take();
  f.table.listed(kCm, config_map("3", "b"));
  CHECK(f.take() == Names{"app1"});
  CHECK(f.table.find(kCm) == nullptr);
  CHECK(!f.table.former(kCm));
  f.table.answered(kApp1, kCm, config_map("6", "d"), f.table.ticket(kCm));  // it is somebody's again
  f.table.saw(kCm, config_map("6", "d"));
  f.table.saw(kCm, config_map("7", "e"));
  CHECK(f.table.find(kCm)->live.resource_version == "7");
}

TEST_CASE("a loss that never comes is waited for no longer than some events") {
  Fixture f;
  f.table.saw(kCm, config_map("1", "a"));
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.answered(kApp1, kCm, config_map("2", "b", false), f.table.ticket(kCm));
  for (int i = 3; i < 3 + 16; ++i) f.table.saw(kCm, config_map(std::to_string(i), "c"));
  CHECK(f.table.find(kCm)->live.resource_version == "18");
}

TEST_CASE("late answers from before a creation or a repair change nothing") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.declare(kApp2, ObjectTable::Source::Plan, {kCm});
  const ObjectTable::Ticket absent = f.table.ticket(kCm);
  f.table.answered(kApp1, kCm, config_map("1", "a"), f.table.ticket(kCm));  // made
  f.table.answered_absent(kCm, absent);
  REQUIRE(f.table.find(kCm) != nullptr);
  f.table.saw(kCm, config_map("1", "a"));
  // Stripped, read by two, repaired by one; then the other's answer comes.
  f.table.saw(kCm, config_map("2", "a", false));
  const ObjectTable::Ticket stripped = f.table.ticket(kCm);
  f.table.answered(kApp1, kCm, config_map("3", "a"), f.table.ticket(kCm));
  f.table.answered(kApp2, kCm, config_map("2", "a", false), stripped);
  CHECK(f.table.find(kCm)->live.resource_version == "3");
  f.table.saw(kCm, config_map("3", "a"));
  f.table.saw(kCm, config_map("4", "b"));
  CHECK(f.table.find(kCm)->live.resource_version == "4");
  // Read as it was stripped again; the event of its repair comes before the answer.
  const ObjectTable::Ticket read = f.table.ticket(kCm);
  f.table.saw(kCm, config_map("6", "b"));
  f.table.answered(kApp2, kCm, config_map("5", "b", false), read);
  f.table.saw(kCm, config_map("7", "c"));
  CHECK(f.table.find(kCm)->live.resource_version == "7");
}

TEST_CASE("an answer from before a deletion does not bring the object back") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.saw(kCm, config_map("1", "a"));
  const ObjectTable::Ticket ticket = f.table.ticket(kCm);
  f.table.lost(kCm, ObjectTable::Watch::Kind);
  f.table.answered(kApp1, kCm, config_map("1", "a"), ticket);
  CHECK(f.table.find(kCm) == nullptr);
}

TEST_CASE("an answer from before a list that no longer shows the object does not bring it back") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.saw(kCm, config_map("1", "a"));
  const ObjectTable::Ticket ticket = f.table.ticket(kCm);
  f.table.lost(kCm, ObjectTable::Watch::Kind);  // the events about the deletion itself were never seen
  f.table.answered(kApp1, kCm, config_map("2", "dying"), ticket);
  CHECK(f.table.find(kCm) == nullptr);
  f.table.answered(kApp1, kCm, config_map("3", "made again"), f.table.ticket(kCm));
  CHECK(f.table.find(kCm) != nullptr);
}

TEST_CASE("an answer from before a loss does not overwrite what has come since") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.saw(kCm, config_map("1", "a"));
  const ObjectTable::Ticket ticket = f.table.ticket(kCm);
  f.table.lost(kCm, ObjectTable::Watch::Kind);  // by a list
  f.table.saw(kCm, config_map("3", "a stranger's", false));
  f.table.answered(kApp1, kCm, config_map("2", "dying"), ticket);
  CHECK(f.table.find(kCm)->live.resource_version == "3");
}

TEST_CASE("an echo that came before its answer is not awaited again") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.saw(kCm, config_map("2", "b"));
  f.table.lost(kCm, ObjectTable::Watch::Kind);  // a watch by name tells late how a former life ended
  f.table.answered(kApp1, kCm, config_map("2", "b"), f.table.ticket(kCm));
  f.take();
  f.table.saw(kCm, config_map("3", "c"));
  CHECK(f.table.find(kCm)->live.resource_version == "3");
  CHECK(f.take() == Names{"app1"});
}

TEST_CASE("what the kind's watch tells of, a watch by name leaves to it") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.saw(kCm, config_map("1", "a", false));
  f.take();
  SUBCASE("known without labels: outdated") {
    f.table.handed_over(kCm);
    CHECK(f.table.find(kCm) == nullptr);
    CHECK(f.take() == Names{"app1"});
  }
  SUBCASE("known with labels: stands") {
    f.table.saw(kCm, config_map("2", "a"));
    f.take();
    f.table.handed_over(kCm);
    CHECK(f.table.find(kCm)->live.resource_version == "2");
    CHECK(f.take().empty());
  }
  SUBCASE("unknown: gone, or not told yet; to be asked for") {
    f.table.lost(kCm, ObjectTable::Watch::Kind);
    f.take();
    f.table.handed_over(kCm);
    CHECK(f.table.find(kCm) == nullptr);
    CHECK(f.take() == Names{"app1"});
  }
}

TEST_CASE("an echo that never comes does not deafen the table for ever") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.saw(kCm, config_map("1", "a"));
  f.table.answered(kApp1, kCm, config_map("never", "x"), f.table.ticket(kCm));
  for (int i = 2; i < 30; ++i) f.table.saw(kCm, config_map(std::to_string(i), std::to_string(i)));
  CHECK(f.table.find(kCm)->live.resource_version == "29");
}

TEST_CASE("a list that skipped the echo is believed") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.saw(kCm, config_map("1", "a"));
  f.table.answered(kApp1, kCm, config_map("3", "c"), f.table.ticket(kCm));
  f.take();
  f.table.listed(kCm, config_map("5", "e"));
  CHECK(f.table.find(kCm)->live.resource_version == "5");
  CHECK(f.take() == Names{"app1"});
}

TEST_CASE("what answers alone have told of is among what a list must show") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  CHECK(f.table.selected_of("", "ConfigMap").empty());
  f.table.answered(kApp1, kCm, config_map("3", "c"), f.table.ticket(kCm));
  CHECK(f.table.selected_of("", "ConfigMap") == std::vector<ObjectKey>{kCm});
  CHECK(f.table.selected_of("apps", "ConfigMap").empty());
  f.table.lost(kCm, ObjectTable::Watch::Kind);
  f.table.answered(kApp1, kCm, config_map("4", "c", false), f.table.ticket(kCm));
  CHECK(f.table.selected_of("", "ConfigMap").empty());
}

TEST_CASE("a lost object wakes everyone interested, verified or not") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.saw(kCm, config_map("1", "a"));
  f.table.verify(kApp1, kCm, f.hash());
  f.take();
  f.table.lost(kCm, ObjectTable::Watch::Kind);
  CHECK(f.take() == Names{"app1"});
  CHECK(f.table.find(kCm) == nullptr);
}

TEST_CASE("interest ends when its last source ends, and nothing is left of it") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.declare(kApp1, ObjectTable::Source::Tracker, {kCm});
  f.table.declare(kApp1, ObjectTable::Source::Plan, {});
  CHECK(f.table.is_interested(kApp1, kCm));
  f.table.declare(kApp1, ObjectTable::Source::Tracker, {});
  CHECK_FALSE(f.table.is_interested(kApp1, kCm));
  CHECK(f.table.size() == 0);
  CHECK(f.table.objects_of(kApp1).empty());
}

TEST_CASE("whose interest ends while the object lists it will not let go of it: the others are woken") {
  for (const bool listed : {true, false}) {
    CAPTURE(listed);
    Fixture f;
    f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
    f.table.declare(kApp2, ObjectTable::Source::Tracker, {kCm});
    f.table.saw(kCm, config_map("1", "a", listed));
    f.table.verify(kApp1, kCm, f.hash());
    f.table.verify(kApp2, kCm, f.hash());
    f.take();
    f.table.declare(kApp1, ObjectTable::Source::Plan, {});
    CHECK(f.take() == (listed ? Names{"app2"} : Names{}));
    CHECK(f.table.is_verified(kApp2, kCm) == !listed);
  }
}

TEST_CASE("who has joined an existing object, of those one asks about") {
  Fixture f;
  const ObjectKey elsewhere{"local", "", "ConfigMap", "other", "cm"};
  f.table.declare(kApp1, ObjectTable::Source::Tracker, {kCm, elsewhere});
  f.table.declare(kApp2, ObjectTable::Source::Plan, {kCm});  // waits for it
  f.table.saw(kCm, config_map("1", "a"));
  const auto in_example = [](const ObjectKey& key) { return key.ns == "example"; };
  const auto found = f.table.joined(in_example);
  REQUIRE(found.size() == 1);
  CHECK(found.front().first == kCm);
  CHECK(found.front().second == kApp1);
  f.table.lost(kCm, ObjectTable::Watch::Kind);
  CHECK(f.table.joined(in_example).empty());
}

TEST_CASE("a state verified before is looked at again when it was about to be changed") {
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.saw(kCm, config_map("1", "a"));
  f.table.verify(kApp1, kCm, f.hash());
  f.table.unverify(kApp1, kCm);
  f.table.answered(kApp1, kCm, config_map("3", "a"), f.table.ticket(kCm));
  CHECK(f.table.bodies() == 1);
}

TEST_CASE("the state hash ignores what only the server counts, and nothing else") {
  const Json base = config_map("1", "a");
  const auto with = [&base](JsonPath path, Json value) { return state_hash(rewrite(base, {set_at(path, value)})); };
  CHECK(state_hash(base) == state_hash(config_map("2", "a")));
  CHECK(state_hash(base) == with({"metadata", "generation"}, Json::int64(4)));
  CHECK(state_hash(base) != with({"data", "key"}, Json::string("b")));
  CHECK(state_hash(base) != with({"metadata", "labels", "x"}, Json::string("y")));
  CHECK(state_hash(base) != with({"metadata", "deletionTimestamp"}, Json::string("2026-01-01T00:00:00Z")));
  CHECK(state_hash(base) != with({"status", "phase"}, Json::string("Active")));
}

TEST_CASE("what somebody took off an object, or the object itself, is known as it was until it is put back") {
  const auto owner_of = [](const Fixture& f) {
    const std::optional<policies::LiveObject> former = f.table.former(kCm);
    return former && former->owner ? former->owner->name : "nobody known";
  };
  Fixture f;
  f.table.declare(kApp1, ObjectTable::Source::Plan, {kCm});
  f.table.saw(kCm, config_map("1", "a"));
  CHECK_FALSE(f.table.former(kCm));
  SUBCASE("labels taken off, and put back") {
    f.table.lost(kCm, ObjectTable::Watch::Kind);
    CHECK(owner_of(f) == "app1");
    f.table.answered(kApp1, kCm, config_map("2", "a", false), f.table.ticket(kCm));
    CHECK(owner_of(f) == "app1");
    f.table.answered(kApp1, kCm, config_map("3", "a"), f.table.ticket(kCm));
    CHECK_FALSE(f.table.former(kCm));
  }
  SUBCASE("deleted, and made by somebody else") {
    f.table.lost(kCm, ObjectTable::Watch::Kind);
    Json other = config_map("5", "a", false);
    other = rewrite(other, {set_at({"metadata", "uid"}, Json::string("another"))});
    f.table.answered(kApp1, kCm, other, f.table.ticket(kCm));
    CHECK_FALSE(f.table.former(kCm));
  }
  SUBCASE("released, or let go of, by ourselves") {
    f.table.answered_absent(kCm, f.table.ticket(kCm));
    CHECK(owner_of(f) == "app1");
    f.table.left(kApp2, kCm);
    CHECK(owner_of(f) == "app1");
    f.table.left(kApp1, kCm);
    CHECK_FALSE(f.table.former(kCm));
    f.table.saw(kCm, config_map("6", "a"));
    f.table.lost(kCm, ObjectTable::Watch::Kind);
    f.table.released(kCm);
    CHECK_FALSE(f.table.former(kCm));
  }
  SUBCASE("released by ourselves, without an answer") {
    f.table.releasing(kCm, "1");
    f.table.lost(kCm, ObjectTable::Watch::Kind);
    CHECK_FALSE(f.table.former(kCm));
    f.table.answered(kApp2, kCm, config_map("2", "a", false), f.table.ticket(kCm));
    CHECK_FALSE(f.table.former(kCm));
  }
  SUBCASE("released by ourselves, and read before the watch tells") {
    f.table.releasing(kCm, "1");
    f.table.answered(kApp2, kCm, config_map("2", "a", false), f.table.ticket(kCm));
    CHECK_FALSE(f.table.former(kCm));
  }
  SUBCASE("a release that came too late: somebody else took it off since") {
    f.table.releasing(kCm, "1");
    f.table.saw(kCm, config_map("2", "b"));
    f.table.lost(kCm, ObjectTable::Watch::Kind);
    CHECK(owner_of(f) == "app1");
  }
  SUBCASE("found missing") {
    f.table.lost(kCm, ObjectTable::Watch::Kind);
    const MonotonicTime now{std::chrono::seconds(7)};
    CHECK(f.table.missing_since(kCm, now) == now);
    CHECK(f.table.missing_since(kCm, now + std::chrono::seconds(1)) == now);
  }
  SUBCASE("nobody is interested any more") {
    f.table.declare(kApp1, ObjectTable::Source::Plan, {});
    f.table.lost(kCm, ObjectTable::Watch::Kind);
    CHECK(f.table.size() == 0);
  }
}

}  // namespace heirloom::dispatcher
