// What users do with claims, drawn from a seed of its own: create, retarget, change, spoil, delete and force-remove
// claims, edit their class, and delete by hand what they stand for. Claims and applications mean the same objects.
#pragma once

#include <cstdint>
#include <string>

#include "base/random.h"
#include "e2e/simulation/cluster.h"
#include "e2e/simulation/mix.h"

namespace heirloom::simulation {

class ClaimWorkload {
 public:
  // The cluster outlives this.
  ClaimWorkload(Cluster* cluster, std::uint64_t seed, const Mix& mix);

  // One thing somebody does.
  void act();

 private:
  Json claim_class();
  Json claim(bool box, const std::string& name);
  void act_on_claim();
  void edit_by_hand();
  bool chance(int percent) { return static_cast<int>(random_.below(100)) < percent; }
  void say(const std::string& what, const Status& status);

  Cluster* cluster_;
  SeededRandom random_;
  Mix mix_;
  std::string when_empty_;
  int version_ = 0;
};

}  // namespace heirloom::simulation
