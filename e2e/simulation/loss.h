// Loss: somebody deletes the definition of Applications, which deletes them all; lets them go, since their finalizers hold
// it; installs it again, and applies what there was. All that while other things happen, too.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "e2e/simulation/cluster.h"

namespace heirloom::simulation {

inline constexpr std::string_view kApplicationDefinition =
    "/apiextensions.k8s.io/customresourcedefinitions/applications.core.oam.dev";

class Loss {
 public:
  // Both outlive this.
  Loss(Cluster* cluster, Random* random) : cluster_(cluster), random_(random) {}

  // The next step of it.
  void act();
  bool over() const { return stage_ == Stage::Standing; }
  // All that is left of it, up to the last application.
  void finish();

 private:
  enum class Stage { Standing, Going, Back };
  void begin();
  void let_go();
  void apply_one();

  Cluster* cluster_;
  Random* random_;
  Stage stage_ = Stage::Standing;
  std::vector<Json> saved_;  // what is to be applied again, the last one first
};

}  // namespace heirloom::simulation
