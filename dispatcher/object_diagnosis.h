// What is said of an object that an application declares and cannot have as it declares it: conflicts, which name both
// sides, the fields and the fix, and what is waited for. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apis/conflict.h"
#include "base/json.h"
#include "dispatcher/object_worker.h"
#include "policies/decide.h"
#include "policies/live.h"

namespace heirloom::dispatcher {

// `live`: the object as it stands; Missing when it is absent.
Conflict conflict_of(const Assignment& assignment, const policies::Decision& decision, JsonView live);
// The API server does not take the manifest.
Conflict rejection(const Assignment& assignment, const Refusal& refusal);
// Somebody undoes every repair.
Conflict fighting(const Assignment& assignment, JsonView live);

std::string terminating_sentence(const ObjectKey& key, const std::vector<std::string>& finalizers);
// Of a decision to wait.
std::string waiting_sentence(const policies::Decision& decision, const ObjectKey& key,
                             const std::optional<policies::LiveObject>& live);

}  // namespace heirloom::dispatcher
