// What users do with claims, drawn from a seed of its own: create, retarget, change, spoil, delete and force-remove
// claims, edit, spoil, delete and make again their class, and delete by hand what they stand for. Claims and applications mean the same objects.
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
  Json class_object();
  void add_rules(JsonBuilder& spec);
  Json claim(bool box, const std::string& name);
  void act_on_claim();
  void edit_by_hand();
  bool chance(int percent) { return static_cast<int>(random_.below(100)) < percent; }
  void say(const std::string& what, const Status& status);

  Cluster* cluster_;
  SeededRandom random_;
  Mix mix_;
  std::string when_empty_;
  // With Mix::classes: what stays the same for a whole run.
  bool rejects_ = false;
  bool adopts_ = false;
  int retain_seconds_ = 0;  // 0: for ever
  int version_ = 0;
};

}  // namespace heirloom::simulation
