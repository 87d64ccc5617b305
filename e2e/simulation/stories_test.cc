// Five short lives of a shared object, each told again with a crash at an await and with a fault at a request: a part of
// them here, all of them with heirloom-sim --exhaustive.
#include <doctest/doctest.h>

#include <string>

#include "e2e/simulation/sanitized.h"
#include "e2e/simulation/stories.h"

using namespace heirloom::simulation;

namespace {

constexpr std::uint64_t kStride = stride(7, 97);

void exhaust_all(bool hasty) {
  for (const Story& story : all_stories()) {
    const auto broken = [](const std::string& text) { FAIL_CHECK(text); };
    const Exhaustion sum = exhaust(story, hasty, kStride, kStride, broken);
    CHECK(sum.tellings >= 5);
  }
}

}  // namespace

TEST_CASE("no crash and no fault breaks a story in which everybody waits") { exhaust_all(false); }

TEST_CASE("no crash and no fault breaks a story in which nobody waits") { exhaust_all(true); }
