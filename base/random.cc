#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/hash.h"

namespace heirloom {

// Multiply and shift; the few values that would make some results likelier are drawn again.
std::uint64_t Random::below(std::uint64_t bound) {
  HEIRLOOM_ASSERT(bound > 0);
  const std::uint64_t unfair = (0 - bound) % bound;
  for (;;) {
    const detail::Wide product = static_cast<detail::Wide>(next()) * bound;
    if (static_cast<std::uint64_t>(product) >= unfair) return static_cast<std::uint64_t>(product >> 64);
  }
}

std::string Random::uuid() {
  const std::uint64_t a = next();
  const std::uint64_t b = next();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32, a >> 16 & 0xFFFF, a & 0xFFF,
                     0x8000 | (b >> 48 & 0x3FFF), b & 0xFFFF'FFFF'FFFF);
}

// No vowels and nothing that looks like one, so that no words come out (k8s.io/apimachinery/pkg/util/rand).
std::string Random::name_suffix(int length) {
  constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::string suffix;
  for (int i = 0; i < length; ++i) suffix += kAlphabet[below(kAlphabet.size())];
  return suffix;
}

Duration Random::jitter(Duration around, double by) {
  const double unit = static_cast<double>(next() >> 11) * 0x1p-53;  // [0, 1)
  return around +
         Duration(static_cast<std::int64_t>(std::floor(static_cast<double>(around.count()) * by * unit)));
}

std::uint64_t SeededRandom::next() {
  state_ += 0x9E3779B97F4A7C15;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

std::uint64_t SystemRandom::next() {
  std::uint64_t value = 0;
  // Up to 256 bytes are never cut short; only a call before the machine's generator is seeded can be
  // interrupted.
  while (getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) {
  }
  return value;
}

}  // namespace heirloom
