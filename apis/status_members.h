// What the status of every kind of ours has in common: its conditions, and the members that other writers and later
// versions put there, which are carried unchanged.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apis/condition.h"
#include "base/json.h"

namespace heirloom {

// Of `status.conditions`. Missing or not a list: empty.
std::vector<Condition> decode_conditions(JsonView list);
// Adds the member "conditions" to the open object, unless there is none.
void encode_conditions(JsonBuilder& builder, const std::vector<Condition>& conditions);

// The members of `status` whose keys are not among `known`.
std::map<std::string, Json> other_members(JsonView status, std::span<const std::string_view> known);

}  // namespace heirloom
