// Namespace life cycle: what is in a deleted namespace goes, then the namespace. Event-driven: one watch on
// the store.
#pragma once

#include "server/parts.h"

namespace heirloom::server {

// Runs until cancelled.
Task<void> run_namespace_controller(Parts* parts);

// The conditions a terminating namespace shows while `remaining` objects, of which some are held by
// finalizers, are left. Pure.
struct NamespaceRemains {
  std::size_t objects = 0;
  std::string resources;  // "configmaps. has 1 resource instances"
  std::size_t held = 0;
  std::string finalizers;  // "example.dev/hold in 1 resource instances"
};
Json namespace_conditions(JsonView before, const NamespaceRemains& remains, std::string_view time);

}  // namespace heirloom::server
