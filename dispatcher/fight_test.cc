#include "dispatcher/fight.h"

#include <doctest/doctest.h>

namespace heirloom::dispatcher {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
const MonotonicTime kStart = MonotonicTime() + std::chrono::hours(1);

}  // namespace

TEST_CASE("repairs now and then are no fight") {
  Fight fight;
  for (int i = 0; i < 100; ++i) fight.repaired(kStart + i * seconds(5));
  CHECK(fight.truce(kStart + seconds(500)) <= Duration::zero());
}

TEST_CASE("many repairs within a minute call for a truce, longer each time they go on") {
  Fight fight;
  MonotonicTime now = kStart;
  for (int i = 0; i < kFightRepairs; ++i) fight.repaired(now += milliseconds(10));
  CHECK(fight.truce(now) == kFirstTruce);
  now += kFirstTruce;
  CHECK(fight.truce(now) <= Duration::zero());
  fight.repaired(now);
  CHECK(fight.truce(now) == 2 * kFirstTruce);
  for (int i = 0; i < 20; ++i) {
    now += fight.truce(now);
    fight.repaired(now);
  }
  CHECK(fight.truce(now) <= kLongestTruce);
}

TEST_CASE("a quiet while ends the fight") {
  Fight fight;
  MonotonicTime now = kStart;
  for (int i = 0; i < kFightRepairs; ++i) fight.repaired(now += milliseconds(10));
  now += std::chrono::hours(1);
  fight.repaired(now);
  CHECK(fight.truce(now) <= Duration::zero());
}

TEST_CASE("the other writer is the last field manager that is not ours") {
  const auto entry = [](const char* manager, const char* time) { return Json::object({{"manager", manager}, {"time", time}}); };
  const Json fields = Json::array({entry("kubectl-edit", "2026-01-01T00:00:00Z"), entry("autoscaler", "2026-01-01T00:00:09Z"),
                                   entry("heirloom", "2026-01-01T00:00:10Z")});
  const Json metadata = Json::object({{"managedFields", fields}});
  const Json object = Json::object({{"metadata", metadata}});
  CHECK(other_writer(object) == "field manager autoscaler");
  const Json nothing = Json::object();
  CHECK(other_writer(nothing) == "another writer");
}

}  // namespace heirloom::dispatcher
