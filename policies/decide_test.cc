#include "policies/decide.h"

#include <set>

#include <doctest/doctest.h>

#include "apis/conflict.h"
#include "policies/testing/live_objects.h"

namespace heirloom::policies {
namespace {

using testing::key;
using testing::live;
using testing::terminating;

const Me kMe{key("n/me"), "uidme.1"};

Facts facts(std::vector<std::pair<std::string, Liveness>> liveness,
            NamespaceState ns = NamespaceState::Active) {
  Facts f;
  for (const auto& [text, l] : liveness) f.liveness[key(text)] = l;
  f.ns = ns;
  return f;
}

LiveObject copy_of_others(const char* owner) {
  LiveObject object = live("", "");
  object.copy = true;
  object.copied_owner = key(owner);
  object.canonical = false;
  return object;
}

constexpr ObjectPolicies kNone{};
constexpr ObjectPolicies kShared{true, false, false};
constexpr ObjectPolicies kReadOnly{false, true, false};
constexpr ObjectPolicies kTakeOver{false, false, true};
constexpr ObjectPolicies kSharedTakeOver{true, false, true};
const auto kDead = Liveness::Dead;
const auto kLive = Liveness::Live;
const auto kLeaving = Liveness::Leaving;
using Marks_ = std::vector<std::pair<std::string, std::string>>;

struct Case {
  std::string when;
  std::optional<LiveObject> object;
  ObjectPolicies policies;
  Facts facts;
  Action action;
  const char* owner;   // of the resulting ownership, "" = none
  const char* ledger;  // of the resulting ownership
  bool writes;
  const char* conflict = "";
};

const Case kCases[] = {
    {"absent, and its Namespace is terminating", std::nullopt, kShared,
     facts({}, NamespaceState::Terminating), Action::Wait, "", "", false},
    {"absent, and its Namespace is missing and not in the plan", std::nullopt, kReadOnly,
     facts({}, NamespaceState::Missing), Action::Wait, "", "", false},
    {"absent, and its Namespace is missing but planned", std::nullopt, kNone,
     facts({}, NamespaceState::Planned), Action::Create, "n/me", "", true},
    {"absent and read-only", std::nullopt, kReadOnly, facts({}), Action::ReadOnlyMissing, "", "", false,
     "ReadOnlyMissing"},
    {"absent", std::nullopt, kNone, facts({}), Action::Create, "n/me", "", true},
    {"absent and shared", std::nullopt, kShared, facts({}), Action::Create, "n/me", "n/me", true},
    {"read-only, another's", live("n/a", "n/a"), kReadOnly, facts({}), Action::Observe, "", "", false},
    {"read-only, I am listed: step out", live("n/a", "n/a,n/me"), kReadOnly, facts({}), Action::Observe,
     "n/a", "n/a", true},
    {"read-only, I am the owner: hand over", live("n/me", "n/me,n/a"), kReadOnly, facts({}), Action::Observe,
     "n/a", "n/a", true},
    {"read-only, I am alone: release, do not delete", live("n/me", ""), kReadOnly, facts({}), Action::Observe,
     "", "", true},
    {"terminating", terminating(live("n/me", "")), kShared, facts({}), Action::Wait, "", "", false},
    {"mine", live("n/me", ""), kNone, facts({}), Action::Update, "n/me", "", false},
    {"mine, now shared", live("n/me", ""), kShared, facts({}), Action::Update, "n/me", "n/me", true},
    {"mine, no longer shared, nobody else", live("n/me", "n/me", Marks_{{"n/me", "uidme.1"}}), kNone,
     facts({}), Action::Update, "n/me", "", true},
    {"mine, no longer shared, others are in: sharing goes on",
     live("n/me", "n/me,n/a", Marks_{{"n/me", "uidme.1"}}), kNone, facts({}), Action::Update, "n/me",
     "n/me,n/a", false},
    {"mine, and I am not first in the ledger", live("n/me", "n/a,n/me"), kShared, facts({}), Action::Update,
     "n/me", "n/me,n/a", true},
    {"mine, with a dead entry", live("n/me", "n/me,n/a,n/b"), kShared, facts({{"n/a", kDead}}),
     Action::Update, "n/me", "n/me,n/b", true},
    {"the labelled owner is dead, I am the first live entry", live("n/a", "n/a,n/me"), kShared,
     facts({{"n/a", kDead}}), Action::Update, "n/me", "n/me", true},
    {"the owner is dead, a leaving entry is before me: I am the first Live one", live("n/a", "n/a,n/b,n/me"),
     kShared, facts({{"n/a", kDead}, {"n/b", kLeaving}}), Action::Update, "n/me", "n/me,n/b", true},
    {"nobody's, take-over", live("", ""), kTakeOver, facts({}), Action::Adopt, "n/me", "", true},
    {"nobody's, take-over and shared", live("", ""), kSharedTakeOver, facts({}), Action::Adopt, "n/me",
     "n/me", true},
    {"its owner is dead, take-over", live("n/a", ""), kTakeOver, facts({{"n/a", kDead}}), Action::Adopt,
     "n/me", "", true},
    {"stripped by hand, the record holds my mark", live("", "", Marks_{{"n/me", "uidme.1"}}), kShared,
     facts({}), Action::Repair, "n/me", "n/me", true},
    {"stripped by hand, the mark is of a former life", live("", "", Marks_{{"n/me", "other.1"}}), kShared,
     facts({}), Action::Conflict, "", "", false, "NotManaged"},
    {"all sharers are dead, and I share", live("n/a", "n/a,n/b"), kShared,
     facts({{"n/a", kDead}, {"n/b", kDead}}), Action::Inherit, "n/me", "n/me", true},
    {"all sharers are dead, and I do not share", live("n/a", "n/a"), kNone, facts({{"n/a", kDead}}),
     Action::Conflict, "", "", false, "NotManaged"},
    {"an unshared object of a dead owner", live("n/a", ""), kShared, facts({{"n/a", kDead}}),
     Action::Conflict, "", "", false, "NotManaged"},
    {"nobody's", live("", ""), kShared, facts({}), Action::Conflict, "", "", false, "NotManaged"},
    {"a copy of another's object", copy_of_others("n/a"), kShared, facts({}), Action::Conflict, "", "", false,
     "NotManaged"},
    {"a copy, take-over", copy_of_others("n/a"), kTakeOver, facts({}), Action::Adopt, "n/me", "", true},
    {"another's, I am in it with my mark", live("n/a", "n/a,n/me", Marks_{{"n/me", "uidme.1"}}), kShared,
     facts({}), Action::Hold, "n/a", "n/a,n/me", false},
    {"another's, I am in it with an old mark", live("n/a", "n/a,n/me", Marks_{{"n/me", "uidme.0"}}), kShared,
     facts({}), Action::Hold, "n/a", "n/a,n/me", true},
    {"another's, I am in it, no record yet", live("n/a", "n/a,n/me"), kShared, facts({}), Action::Hold, "n/a",
     "n/a,n/me", true},
    {"the owner is dead, another live entry is before me: it is the owner", live("n/a", "n/a,n/b,n/me"),
     kShared, facts({{"n/a", kDead}}), Action::Hold, "n/b", "n/b,n/me", true},
    {"the labels are gone, a live entry is before me", live("", "n/b,n/me"), kShared, facts({}), Action::Hold,
     "n/b", "n/b,n/me", true},
    {"another's, shared", live("n/a", "n/a"), kShared, facts({}), Action::Join, "n/a", "n/a,n/me", true},
    {"another's, shared, with dead entries", live("n/a", "n/a,n/b,n/c"), kShared, facts({{"n/b", kDead}}),
     Action::Join, "n/a", "n/a,n/c,n/me", true},
    {"another's, whom nobody knows: counts as live", live("n/a", "n/a"), kShared,
     facts({{"n/a", Liveness::Unknown}}), Action::Join, "n/a", "n/a,n/me", true},
    {"another's, leaving: still the owner", live("n/a", "n/a"), kShared, facts({{"n/a", kLeaving}}),
     Action::Join, "n/a", "n/a,n/me", true},
    {"another's, the ledger was emptied by hand: the record has the order",
     live("n/a", "", Marks_{{"n/a", "x.1"}, {"n/b", "x.1"}, {"n/me", "uidme.1"}}), kShared, facts({}),
     Action::Hold, "n/a", "n/a,n/b,n/me", true},
    {"another's, one entry was taken out of the ledger by hand: it goes back to its place",
     live("n/a", "n/a,n/me", Marks_{{"n/a", "x.1"}, {"n/b", "x.1"}, {"n/me", "uidme.1"}}), kShared, facts({}),
     Action::Hold, "n/a", "n/a,n/b,n/me", true},
    {"the first entry was taken out by hand, and the labels: it is the owner still",
     live("", "n/b,n/me", Marks_{{"n/z", "x.1"}, {"n/b", "x.1"}, {"n/me", "uidme.1"}}), kShared, facts({}),
     Action::Hold, "n/z", "n/z,n/b,n/me", true},
    {"labels and ledger are gone: the first of the record owns it",
     live("", "", Marks_{{"n/z", "x.1"}, {"n/me", "uidme.1"}}), kShared, facts({}), Action::Hold, "n/z",
     "n/z,n/me", true},
    {"labels and ledger are gone, I am the first of the record",
     live("", "", Marks_{{"n/me", "uidme.1"}, {"n/a", "x.1"}}), kShared, facts({}), Action::Update, "n/me",
     "n/me,n/a", true},
    {"labels and ledger are gone, the first of the record is dead",
     live("", "", Marks_{{"n/z", "x.1"}, {"n/me", "uidme.1"}, {"n/a", "x.1"}}), kShared,
     facts({{"n/z", kDead}}), Action::Update, "n/me", "n/me,n/a", true},
    {"labels and ledger are gone, and I am new",
     live("", "", Marks_{{"n/z", "x.1"}, {"n/a", "x.1"}}), kShared, facts({}), Action::Join, "n/z",
     "n/z,n/a,n/me", true},
    {"mine, the ledger was emptied by hand", live("n/me", "", Marks_{{"n/me", "uidme.1"}, {"n/a", "x.1"}}),
     kShared, facts({}), Action::Update, "n/me", "n/me,n/a", true},
    {"mine, and the record has another order than the ledger",
     live("n/me", "n/me,n/a", Marks_{{"n/a", "x.1"}, {"n/me", "uidme.1"}}), kShared, facts({}), Action::Update,
     "n/me", "n/me,n/a", true},
    {"another's, not shared by its owner", live("n/a", ""), kShared, facts({}), Action::Conflict, "", "",
     false, "NotShareable"},
    {"another's, I am in it and no longer share", live("n/a", "n/a,n/me,n/b"), kNone, facts({}), Action::Drop,
     "n/a", "n/a,n/b", true, "ManagedByOther"},
    {"another's, I do not share", live("n/a", "n/a"), kNone, facts({}), Action::Conflict, "", "", false,
     "ManagedByOther"},
    {"another's, take-over does not help", live("n/a", ""), kTakeOver, facts({{"n/a", kLive}}),
     Action::Conflict, "", "", false, "ManagedByOther"},
};

TEST_CASE("what an application does about an object it declares") {
  for (const Case& c : kCases) {
    CAPTURE(c.when);
    const Decision d = decide(c.object, kMe, c.policies, c.facts);
    CHECK(to_string(d.action) == to_string(c.action));
    CHECK((d.ownership.owner ? to_string(*d.ownership.owner) : "") == c.owner);
    CHECK(format_ledger(d.ownership.ledger) == c.ledger);
    CHECK(d.writes_ownership == c.writes);
    CHECK(d.conflict == c.conflict);
    CHECK(d.may_write_content == (d.action != Action::Observe && d.ownership.owner == kMe.key));
    if (!d.conflict.empty()) CHECK_FALSE(explain(d, testing::namespace_key(), kMe.key).message.empty());
  }
}

TEST_CASE("an object that somebody deleted is made again by its heirs in their order, with its ledger") {
  struct InLine {
    std::string when;
    const char* line;
    int turns;
    ObjectPolicies policies;
    Action action;
    const char* ledger;
    int wait;
  };
  const InLine kInLine[] = {
      {"nobody knows of heirs", "", 0, kShared, Action::Create, "n/me", 0},
      {"I am the first", "n/me,n/a,n/b", 0, kShared, Action::Create, "n/me,n/a,n/b", 0},
      {"one is before me", "n/a,n/me,n/b", 0, kShared, Action::Wait, "", 1},
      {"two are before me, one had its turn", "n/a,n/b,n/me", 1, kShared, Action::Wait, "", 1},
      {"all before me had their turn", "n/a,n/b,n/me", 2, kShared, Action::Create, "n/me,n/a,n/b", 0},
      {"I am new: after all heirs", "n/a,n/b", 1, kShared, Action::Wait, "", 1},
      {"I am new, and none of them came", "n/a,n/b", 2, kShared, Action::Create, "n/me", 0},
      {"I was its owner alone", "n/me", 0, kNone, Action::Create, "", 0},
      {"I own what others share, and share no longer", "n/me,n/a", 0, kNone, Action::Create, "n/me,n/a", 0},
      {"read-only: not mine to create", "n/me", 0, kReadOnly, Action::ReadOnlyMissing, "", 0},
  };
  for (const InLine& c : kInLine) {
    CAPTURE(c.when);
    Facts f = facts({});
    f.heirs.line = parse_ledger(c.line);
    f.heirs.marks = {{key("n/b"), "b.1"}, {key("n/a"), "a.1"}, {key("n/gone"), "x.1"}, {key("n/me"), "old.1"}};
    f.heirs.turns = c.turns;
    const Decision d = decide(std::nullopt, kMe, c.policies, f);
    CHECK(to_string(d.action) == to_string(c.action));
    CHECK(format_ledger(d.ownership.ledger) == c.ledger);
    CHECK(d.turns_to_wait == c.wait);
    if (c.action == Action::Wait) CHECK(d.wait == WaitCause::OthersFirst);
    if (c.action != Action::Create) continue;
    CHECK(d.ownership.sharers.find(kMe.key)->second == kMe.mark);
    CHECK_FALSE(d.ownership.sharers.contains(key("n/gone")));
    for (const SharerKey& k : d.ownership.ledger) CHECK(d.ownership.sharers.contains(k));
  }
}

TEST_CASE("every row of the table is reached by a case above") {
  std::set<std::pair<Action, std::string>> reached;
  for (const Case& c : kCases) reached.emplace(c.action, c.conflict);
  for (const Row& row : decision_table()) {
    CAPTURE(row.when);
    CHECK(reached.contains({row.action, std::string(row.conflict)}));
  }
}

// All that the table looks at.
template <class Visit>
void for_each_situation(Visit visit) {
  using S = Situation;
  for (const auto presence : {S::Presence::Absent, S::Presence::Terminating, S::Presence::Exists})
    for (const auto owner : {S::Owner::None, S::Owner::Me, S::Owner::Other})
      for (const auto entries : {S::Entries::Empty, S::Entries::AllDead, S::Entries::Live})
        for (unsigned bits = 0; bits < 128; ++bits) {
          S s;
          s.presence = presence;
          s.owner = owner;
          s.entries = entries;
          s.policies = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
          s.namespace_blocks = (bits & 8) != 0;
          s.listed = (bits & 16) != 0;
          s.my_mark = (bits & 32) != 0;
          s.others_first = (bits & 64) != 0;
          visit(s);
        }
}

// The design's table once more, as rows that exclude each other: what each row means, not how it is found.
std::vector<std::pair<Action, std::string_view>> exclusive_rows(const Situation& s) {
  namespace reason = conflict_reasons;
  const bool absent = s.presence == Situation::Presence::Absent;
  const bool dying = s.presence == Situation::Presence::Terminating;
  const bool ro = s.policies.read_only, shared = s.policies.shared, take = s.policies.take_over;
  const bool usable = !absent && !dying && !ro;
  const bool none = usable && s.owner == Situation::Owner::None;
  const bool other = usable && s.owner == Situation::Owner::Other;
  const bool inherits = shared && s.entries == Situation::Entries::AllDead;
  const bool joins = s.entries == Situation::Entries::Live;
  std::vector<std::pair<Action, std::string_view>> rows;
  const auto row = [&rows](bool holds, Action action, std::string_view why = "") {
    if (holds) rows.emplace_back(action, why);
  };
  row(absent && s.namespace_blocks, Action::Wait);
  row(absent && !s.namespace_blocks && ro, Action::ReadOnlyMissing, reason::kReadOnlyMissing);
  row(absent && !s.namespace_blocks && !ro && s.others_first, Action::Wait);
  row(absent && !s.namespace_blocks && !ro && !s.others_first, Action::Create);
  row(!absent && ro, Action::Observe);
  row(dying && !ro, Action::Wait);
  row(usable && s.owner == Situation::Owner::Me, Action::Update);
  row(none && take, Action::Adopt);
  row(none && !take && s.my_mark, Action::Repair);
  row(none && !take && !s.my_mark && inherits, Action::Inherit);
  row(none && !take && !s.my_mark && !inherits, Action::Conflict, reason::kNotManaged);
  row(other && shared && s.listed, Action::Hold);
  row(other && shared && !s.listed && joins, Action::Join);
  row(other && shared && !s.listed && !joins, Action::Conflict, reason::kNotShareable);
  row(other && !shared && s.listed, Action::Drop, reason::kManagedByOther);
  row(other && !shared && !s.listed, Action::Conflict, reason::kManagedByOther);
  return rows;
}

TEST_CASE("the table is total: in every situation exactly one row holds, and it is the first that matches") {
  int situations = 0;
  for_each_situation([&situations](const Situation& s) {
    ++situations;
    const auto expected = exclusive_rows(s);
    REQUIRE(expected.size() == 1);
    const Row* found = nullptr;
    for (const Row& row : decision_table())
      if (!found && row.matches(s)) found = &row;
    REQUIRE(found != nullptr);
    CHECK(found->action == expected[0].first);
    CHECK(found->conflict == expected[0].second);
  });
  CHECK(situations == 3 * 3 * 3 * 128);
}

// Everything that can be read from an object with two other sharers a and b and a third party c.
template <class Visit>
void for_each_input(Visit visit) {
  const char* const kLedgers[] = {
      "",         "n/me",     "n/a",          "n/a,n/me",     "n/me,n/a",     "n/a,n/b",
      "n/b,n/me", "n/c,n/me", "n/a,n/me,n/b", "n/a,n/b,n/me", "n/me,n/a,n/b", "n/b,n/a"};
  const std::optional<Marks_> kMarks[] = {std::nullopt, Marks_{}, Marks_{{"n/me", "uidme.1"}},
                                          Marks_{{"n/me", "old.1"}, {"n/a", "a.1"}}, Marks_{{"n/a", "a.1"}},
                                          Marks_{{"n/a", "a.1"}, {"n/me", "uidme.1"}, {"n/b", "b.1"}}};
  const Liveness kAll[] = {Liveness::Live, Liveness::Leaving, Liveness::Dead, Liveness::Unknown};
  for (const std::string owner : {"", "n/me", "n/a", "n/c"})
    for (const std::string ledger : kLedgers)
      for (const auto& marks : kMarks)
        for (const Liveness a : kAll)
          for (const Liveness b : {Liveness::Live, Liveness::Leaving, Liveness::Dead})
            for (const Liveness c : {Liveness::Live, Liveness::Dead})
              for (const bool dying : {false, true}) {
                LiveObject object = live(owner, ledger, marks);
                if (dying) object = terminating(object);
                visit(object, facts({{"n/a", a}, {"n/b", b}, {"n/c", c}}));
              }
}

TEST_CASE("whatever is on the object, a decision keeps the invariants") {
  for_each_input([](const LiveObject& object, const Facts& f) {
    for (unsigned bits = 0; bits < 8; ++bits) {
      const ObjectPolicies policies{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
      const Decision d = decide(object, kMe, policies, f);
      const Ownership& o = d.ownership;
      if (!d.writes_ownership) continue;
      // 2: a non-empty ledger's first entry is the owner.
      if (!o.ledger.empty()) REQUIRE(o.ledger.front() == o.owner);
      // 2: no entry is lost.
      for (const SharerKey& k : object.ledger)
        if (k != kMe.key && !f.is_dead(k)) REQUIRE(contains(o.ledger, k));
      // Who stands in the record of a shared object is not forgotten, and the record has the ledger's order.
      for (const SharerKey& k : joined(object))
        if (k != kMe.key && !f.is_dead(k)) REQUIRE(contains(o.ledger, k));
      if (!o.ledger.empty()) REQUIRE(o.sharers == o.sharers.ordered_by(o.ledger));
      // 9: a dead sharer is never kept, let alone made owner.
      for (const SharerKey& k : o.ledger) REQUIRE((k == kMe.key || !f.is_dead(k)));
      for (const auto& [k, mark] : o.sharers) REQUIRE((k == kMe.key || !f.is_dead(k)));
      // Only a dead or a leaving owner loses its object to another one; nobody takes a live one's.
      if (object.owner && o.owner != object.owner)
        REQUIRE((object.owner == kMe.key || f.is_dead(*object.owner)));
      // A dying object is never changed, except for stepping out.
      if (object.terminating) REQUIRE(d.action == Action::Observe);
      // 3: who changes content is the owner.
      REQUIRE(d.may_write_content == (d.action != Action::Observe && o.owner == kMe.key));
      // A leaving sharer is not made owner while a live one exists.
      if (o.owner && o.owner != object.owner && f.of(*o.owner) == Liveness::Leaving && o.owner != kMe.key)
        for (const SharerKey& k : o.ledger) REQUIRE((!f.is_live(k) || k == kMe.key));
    }
  });
}

TEST_CASE("a decision that was written is settled: deciding again writes nothing") {
  for_each_input([](const LiveObject& object, const Facts& f) {
    for (unsigned bits = 0; bits < 8; ++bits) {
      const ObjectPolicies policies{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
      const Decision d = decide(object, kMe, policies, f);
      if (!d.writes_ownership) continue;
      const LiveObject next = as_written(object, d.ownership);
      const Decision again = decide(next, kMe, policies, f);
      REQUIRE_FALSE(again.writes_ownership);
      if (d.may_write_content) REQUIRE(again.action == Action::Update);
      if (d.action == Action::Join) REQUIRE(again.action == Action::Hold);
      if (d.action == Action::Drop) REQUIRE(again.action == Action::Conflict);
    }
  });
}

TEST_CASE("an owner without a policy whose object others share says so") {
  const Decision d = decide(live("n/me", "n/me,n/a"), kMe, kNone, facts({}));
  CHECK(d.shares_without_policy);
  CHECK_FALSE(decide(live("n/me", "n/me,n/a"), kMe, kShared, facts({})).shares_without_policy);
}

TEST_CASE("an unshared object without a record gets none for its own sake") {
  CHECK_FALSE(decide(live("n/me", ""), kMe, kNone, facts({})).writes_ownership);
  CHECK(decide(live("n/me", "n/me"), kMe, kShared, facts({})).writes_ownership);
}

TEST_CASE("what an application adopts is its own, what a claim adopts is only borrowed") {
  CHECK_FALSE(decide(live("", ""), kMe, kTakeOver, facts({})).ownership.adopted);
  const Me claim{key("namespaceclaims.marketplace.kratix.io:team/c1"), "c.1"};
  CHECK(decide(live("", ""), claim, kTakeOver, facts({})).ownership.adopted);
}

TEST_CASE("what was made for claims is not adopted when it is taken over again") {
  const Me claim{key("namespaceclaims.marketplace.kratix.io:team/c1"), "c.1"};
  // Somebody took the labels and the ledger away; the record still holds my mark.
  const LiveObject stripped = live("", "", {{{to_string(claim.key), "c.1"}}});
  CHECK_FALSE(decide(stripped, claim, kTakeOver, facts({})).ownership.adopted);
  // Its sharers are all dead.
  const LiveObject left = live("n/a", "n/a");
  const Facts dead = facts({{"n/a", Liveness::Dead}});
  CHECK_FALSE(decide(left, claim, {true, false, true}, dead).ownership.adopted);
  // What was adopted before stays adopted.
  LiveObject borrowed = stripped;
  borrowed.record->adopted = true;
  CHECK(decide(borrowed, claim, kTakeOver, facts({})).ownership.adopted);
}

TEST_CASE("who joins a retained object ends its retention") {
  LiveObject retained = live("", "claimclasses.heirloom.dev:/shelves", {{{"claimclasses.heirloom.dev:/shelves", "s.1"}}});
  retained.owner = retained.ledger.front();
  retained.record->retained_since = "2026-01-02T03:04:05Z";
  const Decision d = decide(retained, kMe, kShared, facts({}));
  CHECK(d.action == Action::Join);
  CHECK(d.ownership.retained_since.empty());
}

TEST_CASE("a full ledger refuses the next sharer by name and number") {
  std::string ledger = "n/a";
  for (std::size_t i = 1; i < kMaxSharers; ++i) ledger += ",n/app" + std::to_string(i);
  const Decision d = decide(live("n/a", ledger), kMe, kShared, facts({}));
  CHECK(d.action == Action::Conflict);
  CHECK(d.full);
  CHECK(explain(d, testing::namespace_key(), kMe.key).message.find("1000 sharers") != std::string::npos);
}

TEST_CASE("a conflict says what is wrong and what to do") {
  const ObjectKey object = testing::namespace_key();
  Explanation e = explain(decide(live("default/app1", ""), kMe, kNone, facts({})), object, kMe.key);
  CHECK(e.message == "Namespace example is managed by other application default/app1");
  CHECK(e.fix == "add a shared-resource policy that selects this Namespace to default/app1 and to n/me");
  e = explain(decide(live("default/app1", "default/app1"), kMe, kNone, facts({})), object, kMe.key);
  CHECK(e.fix == "add a shared-resource policy that selects this Namespace to n/me");
  e = explain(decide(live("n/a", ""), kMe, kShared, facts({{"n/a", kDead}})), object, kMe.key);
  CHECK(e.message ==
        "Namespace example exists but is not managed by any application; its labels name application n/a, "
        "which is "
        "gone");
  e = explain(decide(std::nullopt, kMe, kReadOnly, facts({})), object, kMe.key);
  CHECK(e.message == "Namespace example is marked as read-only but does not exist");
}

TEST_CASE("a claim in conflict is told of its class and its key, not of policies") {
  const SharerKey claim{"namespaceclaims.marketplace.kratix.io", "n", "mine"};
  const SharerKey application = kMe.key;
  struct Told {
    std::string_view name;
    std::optional<LiveObject> live;
    Facts known;
    const SharerKey* me;
    std::string_view fix;
  };
  const Told kTold[] = {
      {"nobody's, to an application", live("", ""), facts({}), &application,
       "delete the Namespace, or add a take-over policy that selects it to n/me"},
      {"nobody's, to a claim", live("", ""), facts({}), &claim,
       "delete the Namespace, let the ClaimClass of namespaceclaims.marketplace.kratix.io say adoption: IfUnowned, or "
       "claim another one"},
      {"of one who is gone, to a claim", live("n/a", ""), facts({{"n/a", kDead}}), &claim,
       "delete the Namespace, let the ClaimClass of namespaceclaims.marketplace.kratix.io say adoption: IfUnowned, or "
       "claim another one"},
      {"not sharable, to an application", live("n/a", ""), facts({}), &application,
       "add a shared-resource policy that selects this Namespace to n/a"},
      {"not sharable, to a claim", live("n/a", ""), facts({}), &claim,
       "add a shared-resource policy that selects this Namespace to n/a, or claim another one"},
  };
  for (const Told& c : kTold) {
    CAPTURE(c.name);
    Me me = kMe;
    me.key = *c.me;
    const Decision decision = decide(c.live, me, kShared, c.known);
    REQUIRE_FALSE(decision.conflict.empty());
    CHECK(explain(decision, testing::namespace_key(), *c.me).fix == c.fix);
  }
}

}  // namespace
}  // namespace heirloom::policies
