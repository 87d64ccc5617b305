// Five short lives of a shared object, each told again with a crash at an await and with a fault at a request: a part of
// them here, all of them with heirloom-sim --exhaustive.
#include <doctest/doctest.h>

#include <string>

#include "e2e/simulation/stories.h"

using namespace heirloom::simulation;

namespace {

// Sanitizers make a run ten times slower.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEIRLOOM_SANITIZED
#endif
#endif
#ifdef HEIRLOOM_SANITIZED
constexpr std::uint64_t kStride = 97;
#else
constexpr std::uint64_t kStride = 7;
#endif

void exhaust_all(bool hasty) {
  for (const Story& story : all_stories()) {
    const auto broken = [](const std::string& text) { FAIL_CHECK(text); };
    const Exhaustion sum = exhaust(story, hasty, kStride, kStride, broken);
    CHECK(sum.tellings > 10);
  }
}

}  // namespace

TEST_CASE("no crash and no fault breaks a story in which everybody waits") { exhaust_all(false); }

TEST_CASE("no crash and no fault breaks a story in which nobody waits") { exhaust_all(true); }
