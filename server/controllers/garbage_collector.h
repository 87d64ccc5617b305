// Garbage collection by owner references: background, foreground, orphan; as kube-controller-manager does it,
// on one watch of the store. Deterministic: one object after the other, in the order in which they became
// due.
#pragma once

#include "server/parts.h"

namespace heirloom::server {

// Runs until cancelled.
Task<void> run_garbage_collector(Parts* parts);

}  // namespace heirloom::server
