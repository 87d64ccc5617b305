// RandomFaults: an API that fails in every way it can, drawn from a seed: refused, overloaded, done but not
// said so, done later than said, watches cut and expired.
#pragma once

#include <cstdint>

#include "base/random.h"
#include "kube/testing/fault_api.h"

namespace heirloom::simulation {

class RandomFaults final : public kube::testing::FaultPlan {
 public:
  // `stale`: lists that may come from a cache come from one that lags. `drops`: watches leave events out.
  explicit RandomFaults(std::uint64_t seed, bool stale = false, bool drops = false)
      : random_(seed ^ 0xfa17ULL), stale_(stale), drops_(drops) {}

  kube::testing::Fault before(const kube::testing::Call& call) override;
  kube::testing::Fault before_event(const kube::testing::Call& watch) override;

  // While off, everything passes: to see whether things come right in the end.
  void turn(bool on) { on_ = on; }
  std::uint64_t injected() const { return injected_; }  // so far, delays not counted

 private:
  SeededRandom random_;
  bool stale_;
  bool drops_;
  bool on_ = true;
  std::uint64_t injected_ = 0;
};

}  // namespace heirloom::simulation
