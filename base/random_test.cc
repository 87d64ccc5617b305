#include "base/random.h"

#include <set>

#include <doctest/doctest.h>

namespace heirloom {
namespace {

TEST_CASE("a seed gives the published SplitMix64 sequence") {
  SeededRandom random(1234567);
  CHECK(random.next() == 6457827717110365317u);
  CHECK(random.next() == 3203168211198807973u);
  CHECK(random.next() == 9817491932198370423u);
}

TEST_CASE("below stays below and reaches every value") {
  SeededRandom random(7);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.below(10));
  CHECK(seen.size() == 10);
  CHECK(*seen.rbegin() == 9);
  CHECK(random.below(1) == 0);
  for (int i = 0; i < 100; ++i) CHECK(random.below((std::uint64_t{1} << 63) + 1) <= std::uint64_t{1} << 63);
}

TEST_CASE("UUIDs are of version 4 and differ") {
  SeededRandom random(7);
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const std::string uuid = random.uuid();
    REQUIRE(uuid.size() == 36);
    for (const std::size_t dash : {8, 13, 18, 23}) CHECK(uuid[dash] == '-');
    CHECK(uuid[14] == '4');
    CHECK(std::string("89ab").find(uuid[19]) != std::string::npos);
    CHECK(uuid.find_first_not_of("0123456789abcdef-") == std::string::npos);
    CHECK(seen.insert(uuid).second);
  }
}

TEST_CASE("suffixes use Kubernetes' alphabet") {
  SeededRandom random(7);
  CHECK(random.name_suffix().size() == 5);
  CHECK(random.name_suffix(10'000).find_first_not_of("bcdfghjklmnpqrstvwxz2456789") == std::string::npos);
}

TEST_CASE("jitter only adds, and less than its share") {
  SeededRandom random(7);
  const Duration around = std::chrono::seconds(10);
  Duration most{};
  for (int i = 0; i < 1000; ++i) {
    const Duration drawn = random.jitter(around, 0.2);
    CHECK(drawn >= around);
    CHECK(drawn < std::chrono::seconds(12));
    most = std::max(most, drawn);
  }
  CHECK(most > std::chrono::milliseconds(11'900));
  CHECK(random.jitter(around, 0) == around);
}

TEST_CASE("the system's generator does not repeat itself") {
  SystemRandom random;
  CHECK(random.next() != random.next());
}

}  // namespace
}  // namespace heirloom
