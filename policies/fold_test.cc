#include "policies/fold.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "policies/testing/live_objects.h"

namespace heirloom::policies {
namespace {

using testing::key;
using testing::live;

constexpr ObjectPolicies kShared{true, false, false};
constexpr ObjectPolicies kNone{};
constexpr ObjectPolicies kReadOnly{false, true, false};

Move joins(const char* who, ObjectPolicies policies = kShared) {
  Move move;
  move.me = {key(who), "u.1"};
  move.policies = policies;
  return move;
}

Move leaves(const char* who) {
  Move move;
  move.me = {key(who), "u.1"};
  move.leaves = true;
  return move;
}

Facts all_live(std::vector<std::pair<std::string, Liveness>> others = {}) {
  Facts facts;
  for (const char* who : {"n/a", "n/b", "n/c", "n/d", "n/e"}) facts.liveness[key(who)] = Liveness::Live;
  for (const auto& [who, liveness] : others) facts.liveness[key(who)] = liveness;
  return facts;
}

struct Case {
  std::string when;
  const char* owner;
  const char* ledger;
  std::vector<Move> waiting;
  Facts facts;
  const char* owner_after;
  const char* ledger_after;
  int moves;
  int handovers = 0;
};

TEST_CASE("who waits is taken in, in the order of arrival") {
  const Case kCases[] = {
      {"nobody waits", "n/a", "n/a", {}, all_live(), "n/a", "n/a", 0},
      {"three join", "n/a", "n/a", {joins("n/d"), joins("n/b"), joins("n/c")}, all_live(), "n/a", "n/a,n/d,n/b,n/c", 3},
      {"one joins, one leaves", "n/a", "n/a,n/b", {joins("n/c"), leaves("n/b")}, all_live(), "n/a", "n/a,n/c", 2},
      {"one joins and leaves", "n/a", "n/a", {joins("n/c"), leaves("n/c")}, all_live(), "n/a", "n/a", 2},
      {"the owner leaves", "n/a", "n/a,n/b,n/c", {leaves("n/a")}, all_live({{"n/a", Liveness::Leaving}}), "n/b",
       "n/b,n/c", 1, 1},
      {"all but one leave", "n/a", "n/a,n/b,n/c", {leaves("n/a"), leaves("n/b")},
       all_live({{"n/a", Liveness::Leaving}, {"n/b", Liveness::Leaving}}), "n/c", "n/c", 2, 1},
      {"all leave: the last one takes its turn and deletes", "n/a", "n/a,n/b", {leaves("n/a"), leaves("n/b")},
       all_live({{"n/a", Liveness::Leaving}, {"n/b", Liveness::Leaving}}), "n/b", "n/b", 1, 1},
      {"the owner asserts its content in its own turn", "n/a", "n/a,n/b", {joins("n/a"), joins("n/c")}, all_live(),
       "n/a", "n/a,n/b,n/c", 1},
      {"who does not share is not let in", "n/a", "n/a", {joins("n/b", kNone), joins("n/c")}, all_live(), "n/a",
       "n/a,n/c", 1},
      {"who shares no longer drops out", "n/a", "n/a,n/b", {joins("n/b", kNone)}, all_live(), "n/a", "n/a", 1},
      {"who only reads steps out", "n/a", "n/a,n/b", {joins("n/b", kReadOnly)}, all_live(), "n/a", "n/a", 1},
      {"the dead go with the first move", "n/a", "n/a,n/b,n/c", {joins("n/d")}, all_live({{"n/b", Liveness::Dead}}),
       "n/a", "n/a,n/c,n/d", 1},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.when);
    std::vector<std::pair<std::string, std::string>> marks;
    for (const SharerKey& sharer : parse_ledger(c.ledger)) marks.emplace_back(to_string(sharer), "u.1");
    const LiveObject object = live(c.owner, c.ledger, marks);
    const Folded folded = fold(object, ownership_of(object), c.waiting, c.facts);
    CHECK(folded.ownership.owner == key(c.owner_after));
    CHECK(format_ledger(folded.ownership.ledger) == c.ledger_after);
    CHECK(folded.moves == c.moves);
    CHECK(folded.handovers == c.handovers);
    if (!folded.ownership.ledger.empty()) {
      CHECK(folded.ownership.ledger.front() == folded.ownership.owner);
      CHECK(folded.ownership.sharers == folded.ownership.sharers.ordered_by(folded.ownership.ledger));
    }
  }
}

TEST_CASE("nothing is folded into a release") {
  const LiveObject object = live("n/a", "n/a");
  const Move waiting[] = {joins("n/b")};
  const Folded folded = fold(object, Ownership(), waiting, all_live());
  CHECK_FALSE(folded.ownership.owner.has_value());
  CHECK(folded.moves == 0);
}

TEST_CASE("a hundred joiners are one ledger") {
  const LiveObject object = live("n/a", "n/a", {{{"n/a", "u.1"}}});
  std::vector<Move> waiting;
  for (int i = 0; i < 100; ++i) waiting.push_back(joins(fmt::format("n/joiner{}", i).c_str()));
  const Folded folded = fold(object, ownership_of(object), waiting, all_live());
  CHECK(folded.moves == 100);
  CHECK(folded.ownership.ledger.size() == 101);
  CHECK(to_string(folded.ownership.ledger.back()) == "n/joiner99");
}

}  // namespace
}  // namespace heirloom::policies
