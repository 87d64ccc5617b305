// Workload: what users do to the cluster and what happens to its parts, drawn from a seed within a mix.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/random.h"
#include "e2e/simulation/author.h"
#include "e2e/simulation/claim_workload.h"
#include "e2e/simulation/cluster.h"
#include "e2e/simulation/handiwork.h"
#include "e2e/simulation/loss.h"
#include "e2e/simulation/mix.h"

namespace heirloom::simulation {

class Workload {
 public:
  // The cluster outlives this.
  Workload(Cluster* cluster, std::uint64_t seed, const Mix& mix);
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  // One thing that somebody does or that happens, then a random number of handlers.
  void act();
  // Some of what takes several steps is finished before all comes to rest, all of it before the last one.
  void before_rest(bool last);

 private:
  // What can happen, how often, and in which mixes.
  struct Action {
    std::uint64_t weight;
    bool Mix::*part;  // null: always
    void (Workload::*happen)();
  };
  static std::span<const Action> actions();

  bool chance(int percent) { return static_cast<int>(random_.below(100)) < percent; }
  void use_application();
  void force_application();
  void edit_by_hand() { handiwork_.edit(); }
  void vandalise() { handiwork_.vandalise(); }
  void interfere() { handiwork_.interfere(); }
  void use_claims() { claims_.act(); }
  void crash();
  void depose();
  void restart();
  void move_tenant();
  void change_definition();
  void jump_clock();
  void change_webhook();
  void lose_applications() { loss_.act(); }
  void toggle(const std::string& key, const Json& object);

  struct Name {
    std::string ns;
    std::string name;
    std::string key;
  };
  Name any_application();

  Cluster* cluster_;
  SeededRandom random_;
  Mix mix_;
  Author author_;
  Handiwork handiwork_;
  ClaimWorkload claims_;
  Loss loss_;
};

}  // namespace heirloom::simulation
