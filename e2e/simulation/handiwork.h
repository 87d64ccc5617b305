// Handiwork: what people do with kubectl to what applications manage, and what writers do that know nothing of
// applications. Drawn from the run's random numbers.
#pragma once

#include <string>

#include "base/random.h"
#include "e2e/simulation/author.h"
#include "e2e/simulation/cluster.h"
#include "e2e/simulation/mix.h"

namespace heirloom::simulation {

class Handiwork {
 public:
  // All outlive this.
  Handiwork(Cluster* cluster, Random* random, Author* author, const Mix* mix)
      : cluster_(cluster), random_(random), author_(author), mix_(mix) {}

  // Edits or deletes a managed object, or its labels or ledger.
  void edit();
  // Breaks what only we write: records, trackers.
  void vandalise();
  // Another controller or a person writes, creates or deletes such an object.
  void interfere();
  // Takes away every finalizer of the object, and the object.
  void remove_by_force(const std::string& key);

 private:
  bool chance(int percent) { return static_cast<int>(random_->below(100)) < percent; }
  Common any_object();
  void patch(const std::string& what, const std::string& key, std::string_view merge_patch);
  void break_tracker();

  Cluster* cluster_;
  Random* random_;
  Author* author_;
  const Mix* mix_;
};

}  // namespace heirloom::simulation
