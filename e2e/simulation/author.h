// Author: writes the Applications of a run, drawn from its random numbers: which objects they declare, what is in
// them, and which policies go with them.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "e2e/simulation/mix.h"

namespace heirloom::simulation {

// An object that every application may declare.
struct Common {
  const char* api_version;
  const char* kind;
  const char* ns;   // "" = cluster-scoped
  const char* name;
  const char* key;  // in the store
};
// Those that the mix allows: Widgets only when definitions come and go.
std::vector<Common> common_objects(const Mix& mix);

// The namespace that comes and goes with applications in it (Mix::tenants).
inline constexpr std::string_view kTenant = "tenant";
// The definition that comes and goes (Mix::definitions).
inline constexpr std::string_view kWidgets = "widgets.sim.heirloom.dev";
Json widget_definition();

class Author {
 public:
  // Both outlive this.
  Author(Random* random, const Mix* mix) : random_(random), mix_(mix) {}

  // A new version of the application, unlike those before.
  Json application(const std::string& ns, const std::string& name);
  // What somebody makes who knows nothing of applications.
  Json foreign_object(const Common& common);

 private:
  bool chance(int percent) { return static_cast<int>(random_->below(100)) < percent; }
  Json object(const Common& common, const std::string& sharer);
  Json own_object(const std::string& ns, const std::string& name, const std::string& sharer);
  Json policy(const std::string& type);

  Random* random_;
  const Mix* mix_;
  int version_ = 0;
};

}  // namespace heirloom::simulation
