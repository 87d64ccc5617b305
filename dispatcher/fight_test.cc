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

TEST_CASE("the other writer is the field manager, not ours, that wrote what differs last, or else the object") {
  const auto entry = [](const char* manager, const char* time, const char* fields) {
    return Json::object({{"manager", manager}, {"time", time}, {"fieldsV1", Json::parse(fields).value()}});
  };
  const Json managed = Json::array(
      {entry("kubectl-edit", "2026-01-01T00:00:00Z", R"({"f:spec":{"f:replicas":{}}})"),
       entry("labeller", "2026-01-01T00:00:05Z", R"({"f:metadata":{"f:labels":{"f:a.b/c":{}}}})"),
       entry("autoscaler", "2026-01-01T00:00:07Z", R"({"f:spec":{"f:replicas":{}}})"),
       entry("injector", "2026-01-01T00:00:08Z", R"({"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{"f:image":{}}}}})"),
       entry("kube-controller-manager", "2026-01-01T00:00:09Z", R"({"f:status":{"f:replicas":{}}})"),
       entry("heirloom", "2026-01-01T00:00:10Z", R"({"f:spec":{"f:replicas":{}}})")});
  const Json metadata = Json::object({{"managedFields", managed}});
  const Json object = Json::object({{"metadata", metadata}});
  CHECK(other_writer(object, {"spec.replicas"}) == "field manager autoscaler");
  CHECK(other_writer(object, {"metadata.labels[\"a.b/c\"]"}) == "field manager labeller");
  CHECK(other_writer(object, {"spec.containers[name=a].image"}) == "field manager injector");
  CHECK(other_writer(object, {"spec.paused", "metadata.labels.a"}) == "field manager kube-controller-manager");
  CHECK(other_writer(object, {}) == "field manager kube-controller-manager");
  const Json nothing = Json::object();
  CHECK(other_writer(nothing, {"spec.replicas"}) == "another writer");
}

}  // namespace heirloom::dispatcher
