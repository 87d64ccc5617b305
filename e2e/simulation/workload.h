// Workload: what users do to the cluster, drawn from a seed: create, edit, unshare, delete and force-remove
// applications, and edit or delete by hand what they manage.
#pragma once

#include <cstdint>
#include <string>

#include "base/random.h"
#include "e2e/simulation/cluster.h"

namespace heirloom::simulation {

struct WorkloadOptions {
  int applications = 3;
  bool unshared = true;   // some applications do not share what they declare
  bool by_hand = true;    // people edit and delete managed objects
  bool force = true;      // people take finalizers away
  bool crashes = true;    // of the controller
  bool overlaps = false;  // two controllers at once
  bool slow_succession =
      false;  // the next controller comes only when late writes of the one before cannot land any more
  bool restarts = false;  // of the server; durable clusters only
};

class Workload {
 public:
  // The cluster outlives this.
  Workload(Cluster* cluster, std::uint64_t seed, WorkloadOptions options);

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
  WorkloadOptions options_;
  int version_ = 0;
};

}  // namespace heirloom::simulation
