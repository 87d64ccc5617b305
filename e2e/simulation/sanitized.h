// Whether this build runs under sanitizers, which make a run ten times slower: tests then take a part of their runs. A
// seed is the same run in every build, so what is left out was seen elsewhere; what remains looks for bad memory.
#pragma once

#include <cstdint>

namespace heirloom::simulation {

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEIRLOOM_SANITIZED
#endif
#endif
#ifdef HEIRLOOM_SANITIZED
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// Every so many-th run.
constexpr std::uint64_t stride(std::uint64_t normally, std::uint64_t sanitized) {
  return kSanitized ? sanitized : normally;
}

}  // namespace heirloom::simulation
