#include "apis/status_members.h"

#include <algorithm>

namespace heirloom {

std::vector<Condition> decode_conditions(JsonView list) {
  std::vector<Condition> conditions;
  for (const JsonView condition : list.elements()) conditions.push_back(decode_condition(condition));
  return conditions;
}

void encode_conditions(JsonBuilder& builder, const std::vector<Condition>& conditions) {
  if (conditions.empty()) return;
  builder.key("conditions").begin_array();
  for (const Condition& condition : conditions) builder.value(encode_condition(condition));
  builder.end_array();
}

std::map<std::string, Json> other_members(JsonView status, std::span<const std::string_view> known) {
  std::map<std::string, Json> others;
  for (const JsonMember member : status.members())
    if (std::find(known.begin(), known.end(), member.key) == known.end())
      others.emplace(member.key, member.value.to_json());
  return others;
}

}  // namespace heirloom
