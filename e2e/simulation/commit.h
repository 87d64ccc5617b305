// Commit: one change of one stored object, as the checker and the trace see it.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"

namespace heirloom::simulation {

struct Commit {
  std::int64_t revision = 0;
  std::string key;  // in the store: "/core/configmaps/default/web"
  Json before;      // null: created
  Json after;       // null: deleted
  std::string by;   // controller, user, server; "controller or user" when requests of both were under way
  bool unled = false;  // by a controller that does not hold the lease
  bool by_controller() const { return by == "controller"; }
  bool perhaps_by_user() const { return by.find("user") != std::string::npos; }
};

}  // namespace heirloom::simulation
