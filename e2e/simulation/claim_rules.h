// Claim rules: what the class of boxes, as stored, says about its claims. The checker's own reading of docs/spec/claims.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"

namespace heirloom::simulation {

// Its template is one: the workload spoils it by leaving a brace out.
bool is_spoilt(const Json& boxes);
// It is there, stays there, and its template is one.
bool serves(const Json& boxes);
bool rejects_mismatches(const Json& boxes);
bool allows_namespace(const Json& boxes, std::string_view ns);
// 0: there is none.
std::int64_t limit(const Json& boxes, std::string_view name);

// Whether the claim asks for something else than the object was made of; true where the object does not say.
bool differs(const Json& claim, const Json& object);

// Of the condition Ready: "True" or "False", and why.
struct Ready {
  std::string status;
  std::string reason;
};
Ready ready(const Json& object);

}  // namespace heirloom::simulation
