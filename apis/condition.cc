#include "apis/condition.h"

#include <algorithm>

namespace heirloom {

const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type) {
  const auto it =
      std::find_if(conditions.begin(), conditions.end(), [&](const Condition& c) { return c.type == type; });
  return it == conditions.end() ? nullptr : &*it;
}

void set_condition(std::vector<Condition>& conditions, Condition condition, std::string_view now) {
  condition.last_transition_time = now;
  for (Condition& existing : conditions) {
    if (existing.type != condition.type) continue;
    const bool same = existing.status == condition.status && existing.reason == condition.reason &&
                      existing.message == condition.message;
    if (!same) existing = std::move(condition);
    return;
  }
  conditions.push_back(std::move(condition));
}

void remove_condition(std::vector<Condition>& conditions, std::string_view type) {
  const auto is_of_type = [&](const Condition& c) { return c.type == type; };
  conditions.erase(std::remove_if(conditions.begin(), conditions.end(), is_of_type), conditions.end());
}

Json encode_condition(const Condition& condition) {
  JsonBuilder builder;
  builder.begin_object();
  builder.member("type", condition.type).member("status", condition.status);
  builder.member("lastTransitionTime", condition.last_transition_time).member("reason", condition.reason);
  builder.member_unless_empty("message", condition.message);
  builder.end_object();
  return builder.take();
}

Condition decode_condition(JsonView json) {
  Condition condition;
  condition.type = json["type"].string();
  condition.status = json["status"].string();
  condition.reason = json["reason"].string();
  condition.message = json["message"].string();
  condition.last_transition_time = json["lastTransitionTime"].string();
  return condition;
}

}  // namespace heirloom
