// Workload: what users do to the cluster, drawn from a seed: create, edit, unshare, delete and force-remove
// applications, and edit or delete by hand what they manage.
#pragma once

#include <cstdint>
#include <string>

#include "base/random.h"
#include "e2e/simulation/cluster.h"
#include "e2e/simulation/mix.h"

namespace heirloom::simulation {

class Workload {
 public:
  // The cluster outlives this.
  Workload(Cluster* cluster, std::uint64_t seed, const Mix& mix);

  // One thing somebody does, then a random number of handlers.
  void act();

 private:
  Json application(const std::string& name);
  Json object(const std::string& kind, const std::string& ns, const std::string& name,
              const std::string& sharer);
  std::string pick_application();
  bool chance(int percent) { return static_cast<int>(random_.below(100)) < percent; }
  void edit_by_hand();
  void remove_by_force(const std::string& key);

  Cluster* cluster_;
  SeededRandom random_;
  Mix mix_;
  int version_ = 0;
};

}  // namespace heirloom::simulation
