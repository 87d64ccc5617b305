// Health of an object, from its own status. Pure.
// Source: the status fields Kubernetes documents for each kind; a kind without rules is healthy once it can be read,
// as in KubeVela.
#pragma once

#include <string>

#include "base/json.h"

namespace heirloom::core {

struct Health {
  bool healthy = false;
  std::string message;  // why not, in a sentence; empty when healthy
  bool operator==(const Health&) const = default;
};

Health assess_health(JsonView object);

}  // namespace heirloom::core
