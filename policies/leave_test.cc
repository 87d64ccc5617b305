#include "policies/leave.h"

#include <doctest/doctest.h>

#include "policies/testing/live_objects.h"

namespace heirloom::policies {
namespace {

using testing::key;
using testing::live;
using testing::terminating;
using MarkList = std::vector<std::pair<std::string, std::string>>;

const SharerKey kMe = key("n/me");

Facts facts(std::vector<std::pair<std::string, Liveness>> liveness) {
  Facts f;
  for (const auto& [text, l] : liveness) f.liveness[key(text)] = l;
  return f;
}

LiveObject adopted(LiveObject object) {
  object.record->adopted = true;
  return object;
}

constexpr LeavePolicy kDelete{};
constexpr LeavePolicy kRelease{true, false};
constexpr LeavePolicy kOwnerless{false, true};
const auto kDead = Liveness::Dead;
const auto kLeaving = Liveness::Leaving;

struct Case {
  std::string when;
  std::optional<LiveObject> object;
  LeavePolicy policy;
  Facts facts;
  LeaveAction action;
  const char* owner;
  const char* ledger;
};

const Case kCases[] = {
    {"absent", std::nullopt, kDelete, facts({}), LeaveAction::Nothing, "", ""},
    {"neither owner nor listed", live("n/a", "n/a,n/b"), kDelete, facts({}), LeaveAction::Nothing, "", ""},
    {"nobody's", live("", ""), kDelete, facts({}), LeaveAction::Nothing, "", ""},
    {"mine alone", live("n/me", ""), kDelete, facts({}), LeaveAction::Delete, "", ""},
    {"mine alone, shared", live("n/me", "n/me"), kDelete, facts({}), LeaveAction::Delete, "", ""},
    {"mine alone, but to be released", live("n/me", "n/me"), kRelease, facts({}), LeaveAction::Release, "",
     ""},
    {"adopted by a claim", adopted(live("n/me", "n/me", MarkList{{"n/me", "u.1"}})), kDelete, facts({}),
     LeaveAction::Release, "", ""},
    {"I am the owner, others remain", live("n/me", "n/me,n/a,n/b"), kDelete, facts({}), LeaveAction::Handover,
     "n/a", "n/a,n/b"},
    {"I am the owner, others remain, to be released: they keep it", live("n/me", "n/me,n/a"), kRelease,
     facts({}), LeaveAction::Handover, "n/a", "n/a"},
    {"I am not the owner", live("n/a", "n/a,n/me,n/b"), kDelete, facts({}), LeaveAction::Handover, "n/a",
     "n/a,n/b"},
    {"not the owner, and the owner is not first", live("n/b", "n/a,n/me,n/b"), kDelete, facts({}),
     LeaveAction::Handover, "n/b", "n/b,n/a"},
    {"the labels name a dead owner", live("n/a", "n/a,n/me,n/b"), kDelete, facts({{"n/a", kDead}}),
     LeaveAction::Handover, "n/b", "n/b"},
    {"everyone else is dead", live("n/a", "n/a,n/me,n/b"), kDelete, facts({{"n/a", kDead}, {"n/b", kDead}}),
     LeaveAction::Delete, "", ""},
    {"a dead one is skipped", live("n/me", "n/me,n/a,n/b"), kDelete, facts({{"n/a", kDead}}),
     LeaveAction::Handover, "n/b", "n/b"},
    {"a leaving one is passed over while a live one exists", live("n/me", "n/me,n/a,n/b"), kDelete,
     facts({{"n/a", kLeaving}}), LeaveAction::Handover, "n/b", "n/b,n/a"},
    {"only leaving ones remain", live("n/me", "n/me,n/a"), kDelete, facts({{"n/a", kLeaving}}),
     LeaveAction::Handover, "n/a", "n/a"},
    {"unknown counts as live", live("n/me", "n/me,n/a"), kDelete, facts({{"n/a", Liveness::Unknown}}),
     LeaveAction::Handover, "n/a", "n/a"},
    {"my entry was removed by hand, I am the owner", live("n/me", "n/a"), kDelete, facts({}),
     LeaveAction::Handover, "n/a", "n/a"},
    {"a live key stands only in the record", live("n/me", "", MarkList{{"n/me", "u.1"}, {"n/a", "v.1"}}),
     kDelete, facts({}), LeaveAction::Handover, "n/a", "n/a"},
    {"two live keys stand only in the record",
     live("n/me", "", MarkList{{"n/me", "u.1"}, {"n/a", "v.1"}, {"n/b", "w.1"}}), kDelete, facts({}),
     LeaveAction::Handover, "n/a", "n/a,n/b"},
    {"labels and ledger were stripped, my mark is there", live("", "", MarkList{{"n/me", "u.1"}}), kDelete,
     facts({}), LeaveAction::Delete, "", ""},
    {"a mark of mine on a dead owner's unshared object", live("n/a", "", MarkList{{"n/me", "u.1"}}), kDelete,
     facts({{"n/a", kDead}}), LeaveAction::Nothing, "", ""},
    {"terminating, not the owner: drop the entry", terminating(live("n/a", "n/a,n/me")), kDelete, facts({}),
     LeaveAction::Handover, "n/a", "n/a"},
    {"terminating, the last one waits", terminating(live("n/me", "n/me")), kDelete, facts({}),
     LeaveAction::Wait, "", ""},
    {"terminating, the last one waits also when releasing", terminating(live("n/me", "")), kRelease,
     facts({}), LeaveAction::Wait, "", ""},
    {"I am gone, and the object was mine alone: it stays", live("n/me", ""), kOwnerless, facts({}),
     LeaveAction::Nothing, "", ""},
    {"I am gone, it was shared and I am the last: delete", live("n/me", "n/me"), kOwnerless, facts({}),
     LeaveAction::Delete, "", ""},
    {"I am gone, others remain: purge my entry", live("n/me", "n/me,n/a"), kOwnerless, facts({}),
     LeaveAction::Handover, "n/a", "n/a"},
};

TEST_CASE("how an application lets go of an object") {
  for (const Case& c : kCases) {
    CAPTURE(c.when);
    const LeaveDecision d = leave(c.object, kMe, c.policy, c.facts);
    CHECK(to_string(d.action) == to_string(c.action));
    CHECK((d.ownership.owner ? to_string(*d.ownership.owner) : "") == c.owner);
    CHECK(format_ledger(d.ownership.ledger) == c.ledger);
    CHECK_FALSE(d.ownership.sharers.contains(kMe));
  }
  CHECK(leave(live("n/me", ""), kMe, kOwnerless, facts({})).stays_unshared);
}

TEST_CASE("instead of a delete the object goes to the heir") {
  const SharerKey shelves = key("claimclasses.heirloom.dev:/shelves");
  LeavePolicy retain;
  retain.heir = Heir{shelves, "s.1", "2026-01-02T03:04:05Z"};
  const MarkList mine{{"n/me", "u.1"}};

  const LeaveDecision last = leave(live("n/me", "n/me", mine), kMe, retain, facts({}));
  CHECK(last.action == LeaveAction::Handover);
  CHECK(last.retained);
  CHECK(last.ownership.owner == shelves);
  CHECK(last.ownership.ledger == Ledger{shelves});
  CHECK(last.ownership.sharers == Marks{{shelves, "s.1"}});
  CHECK(last.ownership.retained_since == "2026-01-02T03:04:05Z");

  // Somebody else remains: nothing is retained.
  const LeaveDecision one_of_two = leave(live("n/me", "n/me,n/a", mine), kMe, retain, facts({}));
  CHECK(one_of_two.ownership.owner == key("n/a"));
  CHECK_FALSE(one_of_two.retained);
  CHECK(one_of_two.ownership.retained_since.empty());

  // The heir had not stepped out yet: its time begins again.
  const LiveObject both = live(to_string(shelves), to_string(shelves) + ",n/me", mine);
  CHECK(leave(both, kMe, retain, facts({})).ownership.retained_since == "2026-01-02T03:04:05Z");

  // What was adopted is released, what is going is waited for.
  CHECK(leave(adopted(live("n/me", "n/me", mine)), kMe, retain, facts({})).action == LeaveAction::Release);
  CHECK(leave(terminating(live("n/me", "n/me", mine)), kMe, retain, facts({})).action == LeaveAction::Wait);
}

TEST_CASE("a copy is nobody's to leave") {
  LiveObject copy = live("", "");
  copy.copy = true;
  copy.copied_owner = kMe;
  CHECK(leave(copy, kMe, kDelete, facts({})).action == LeaveAction::Nothing);
}

TEST_CASE("whatever is on the object, leaving keeps the invariants") {
  const char* const kLedgers[] = {
      "",         "n/me",     "n/a",          "n/a,n/me",     "n/me,n/a",    "n/a,n/b",
      "n/b,n/me", "n/c,n/me", "n/a,n/me,n/b", "n/b,n/a,n/me", "n/me,n/a,n/b"};
  const std::optional<MarkList> kMarks[] = {std::nullopt, MarkList{{"n/me", "u.1"}},
                                            MarkList{{"n/me", "u.1"}, {"n/a", "a.1"}},
                                            MarkList{{"n/b", "b.1"}}};
  const Liveness kAll[] = {Liveness::Live, Liveness::Leaving, Liveness::Dead, Liveness::Unknown};
  for (const std::string owner : {"", "n/me", "n/a", "n/c"})
    for (const std::string ledger : kLedgers)
      for (const auto& marks : kMarks)
        for (const Liveness a : kAll)
          for (const Liveness b : kAll)
            for (const Liveness c : {Liveness::Live, Liveness::Dead})
              for (unsigned bits = 0; bits < 8; ++bits) {
                LiveObject object = live(owner, ledger, marks);
                if (bits & 1) object = terminating(object);
                const Facts f = facts({{"n/a", a}, {"n/b", b}, {"n/c", c}});
                const LeaveDecision d = leave(object, kMe, {(bits & 2) != 0, (bits & 4) != 0}, f);
                const std::vector<SharerKey> others = keys_to_check(object, kMe);
                const bool somebody = std::any_of(others.begin(), others.end(),
                                                  [&](const SharerKey& k) { return !f.is_dead(k); });
                // 1 and 6: nothing is deleted or released under somebody else, or that is not ours.
                if (d.action == LeaveAction::Delete || d.action == LeaveAction::Release) {
                  REQUIRE_FALSE(somebody);
                  REQUIRE(object.lists(kMe));
                  REQUIRE_FALSE(object.terminating);
                }
                if (d.action != LeaveAction::Handover) {
                  REQUIRE_FALSE(d.ownership.owner.has_value());
                  continue;
                }
                REQUIRE(somebody);
                const Ownership& o = d.ownership;
                REQUIRE((o.owner && !f.is_dead(*o.owner) && o.owner != kMe));
                if (!o.ledger.empty()) REQUIRE(o.ledger.front() == o.owner);
                REQUIRE_FALSE(contains(o.ledger, kMe));
                for (const SharerKey& k : object.ledger)
                  if (k != kMe && !f.is_dead(k)) REQUIRE(contains(o.ledger, k));
                // The labels move only if I was the owner or the owner is dead.
                if (object.owner && object.owner != kMe && !f.is_dead(*object.owner))
                  REQUIRE(o.owner == object.owner);
                const LiveObject next = as_written(object, o);
                REQUIRE(leave(next, kMe, {}, f).action == LeaveAction::Nothing);
              }
}

LiveObject at(ObjectKey key) {
  LiveObject object = live("n/me", "n/me");
  object.key = std::move(key);
  return object;
}

Contents holding(std::vector<std::string> names) {
  Contents contents;
  for (std::string& name : names) {
    Inside inside;
    inside.key = {"local", "", "ConfigMap", "example", std::move(name)};
    contents.objects.push_back(std::move(inside));
  }
  return contents;
}

TEST_CASE("namespaces and definitions are let go of with care") {
  const ObjectKey kNamespace = testing::namespace_key();
  const ObjectKey kDefinition{"local", "apiextensions.k8s.io", "CustomResourceDefinition", "", "widgets.ex.dev"};
  const ObjectKey kConfigMap{"local", "", "ConfigMap", "example", "a"};
  LeavePolicy is_protected, keep, cascading;
  is_protected.is_protected = true;
  keep.keep_non_empty_namespace = true;
  cascading.cascading = true;
  Contents too_many = holding({});
  too_many.complete = false;
  const Contents empty = holding({});
  const Contents notes = holding({"notes"});

  struct Careful {
    std::string when;
    ObjectKey key;
    LeavePolicy policy;
    const Contents* contents;
    LeaveAction action;
    Kept kept;
  };
  const Careful kCareful[] = {
      {"a Namespace goes, contents and all", kNamespace, kDelete, nullptr, LeaveAction::Delete, Kept::No},
      {"a protected Namespace stays", kNamespace, is_protected, nullptr, LeaveAction::Release,
       Kept::ProtectedNamespace},
      {"care asked for: look first", kNamespace, keep, nullptr, LeaveAction::Look, Kept::No},
      {"care asked for, nothing inside", kNamespace, keep, &empty, LeaveAction::Delete, Kept::No},
      {"care asked for, a stranger inside", kNamespace, keep, &notes, LeaveAction::Release, Kept::NonEmptyNamespace},
      {"care asked for, too many to look at", kNamespace, keep, &too_many, LeaveAction::Release,
       Kept::NonEmptyNamespace},
      {"cascading does not mean careless", kNamespace, [&] { LeavePolicy p = keep; p.cascading = true; return p; }(),
       &notes, LeaveAction::Release, Kept::NonEmptyNamespace},
      {"a definition: look first", kDefinition, kDelete, nullptr, LeaveAction::Look, Kept::No},
      {"a definition without instances", kDefinition, kDelete, &empty, LeaveAction::Delete, Kept::No},
      {"a definition with instances", kDefinition, kDelete, &notes, LeaveAction::Release, Kept::Instances},
      {"a definition, cascading", kDefinition, cascading, nullptr, LeaveAction::Delete, Kept::No},
      {"a definition released anyway is not looked into", kDefinition, kRelease, nullptr, LeaveAction::Release, Kept::No},
      {"anything else does not ask", kConfigMap, keep, nullptr, LeaveAction::Delete, Kept::No},
  };
  for (const Careful& c : kCareful) {
    CAPTURE(c.when);
    const LeaveDecision d = leave(at(c.key), kMe, c.policy, facts({}), c.contents);
    CHECK(to_string(d.action) == to_string(c.action));
    CHECK(to_string(d.kept) == to_string(c.kept));
  }
  // Care comes last: who is not the last one asks nothing.
  CHECK(leave(live("n/me", "n/me,n/a"), kMe, keep, facts({})).action == LeaveAction::Handover);
}

TEST_CASE("what is kept says what is inside, and not more than people read") {
  LeavePolicy keep;
  keep.keep_non_empty_namespace = true;
  const Contents two = holding({"notes", "plans"});
  const ObjectKey key = testing::namespace_key();
  CHECK(kept_sentence(key, leave(at(key), kMe, keep, facts({}), &two)) ==
        "Namespace example is kept and let go of: it holds what its last sharer did not create: "
        "ConfigMap example/notes, ConfigMap example/plans");
  std::vector<std::string> names;
  for (int i = 0; i < 25; ++i) names.push_back("n" + std::to_string(i));
  const Contents many = holding(names);
  const std::string text = kept_sentence(key, leave(at(key), kMe, keep, facts({}), &many));
  CHECK(text.ends_with("ConfigMap example/n9 and 15 more"));
  CHECK(text.size() < 1024);  // what an Event keeps
}

TEST_CASE("recreating is refused while another sharer is listed") {
  CHECK(check_recreate(live("n/me", "n/me"), kMe, facts({})).ok());
  CHECK(check_recreate(live("n/me", "n/me,n/a"), kMe, facts({{"n/a", kDead}})).ok());
  const Status refused = check_recreate(live("n/me", "n/me,n/a"), kMe, facts({}));
  CHECK(is_invalid(refused));
  CHECK(refused.message().find("n/a") != std::string::npos);
}

}  // namespace
}  // namespace heirloom::policies
