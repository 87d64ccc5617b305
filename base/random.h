// Randomness as a seam: every id, suffix and jitter comes from here, so that one seed replays a run.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace heirloom {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;  // uniform over all 64 bits

  std::uint64_t below(std::uint64_t bound);      // uniform in [0, bound); bound > 0
  std::string uuid();                            // version 4, as Kubernetes UIDs
  std::string name_suffix(int length = 5);       // Kubernetes' generateName alphabet: bcdfghjklmnpqrstvwxz2456789
  Duration jitter(Duration around, double by);   // uniform in [around, around * (1 + by))
};

// Seeded: the same seed gives the same sequence on every machine (SplitMix64). Not for secrets.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;
 private:
  std::uint64_t state_;
};

// The operating system's generator; for cmd only.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;
};

}  // namespace heirloom
