#include "apis/condition.h"

#include <doctest/doctest.h>

namespace heirloom {
namespace {

TEST_CASE("a condition changes its time only when its content changes") {
  std::vector<Condition> conditions;
  set_condition(conditions, {"Ready", "False", "ReconcileError", "m", ""}, "t1");
  set_condition(conditions, {"Ready", "False", "ReconcileError", "m", ""}, "t2");
  CHECK(conditions == std::vector<Condition>{{"Ready", "False", "ReconcileError", "m", "t1"}});
  set_condition(conditions, {"Ready", "False", "ReconcileError", "other", ""}, "t3");
  CHECK(find_condition(conditions, "Ready")->last_transition_time == "t3");
  set_condition(conditions, {"Synced", "False", "ReconcileError", "", ""}, "t4");
  CHECK(conditions.size() == 2);
  remove_condition(conditions, "Ready");
  CHECK(find_condition(conditions, "Ready") == nullptr);
  CHECK(decode_condition(encode_condition(conditions[0])) == conditions[0]);
}

}  // namespace
}  // namespace heirloom
