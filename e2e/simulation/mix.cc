#include "e2e/simulation/mix.h"

#include <iterator>

#include <fmt/format.h>

#include "base/random.h"

namespace heirloom::simulation {
namespace {

constexpr MixPart kParts[] = {
    {"unshared", "some applications do not share what they declare", &Mix::unshared, 50},
    {"hand", "people edit and delete managed objects by hand", &Mix::by_hand, 50},
    {"force", "people take finalizers away", &Mix::force, 40},
    {"crashes", "the controller crashes", &Mix::crashes, 70},
    {"overlaps", "two controllers run at once for a while", &Mix::overlaps, 25},
    {"restarts", "the server loses power and restarts from a simulated disk", &Mix::restarts, 15},
    {"take-over", "some applications take over what nobody owns", &Mix::take_over, 20},
    {"read-only", "some applications only look at what they declare", &Mix::read_only, 20},
    {"vandals", "people break records and trackers", &Mix::vandals, 15},
    {"strangers", "others create, label and delete objects that applications declare", &Mix::strangers, 30},
    {"tenants", "a namespace with applications in it comes and goes", &Mix::tenants, 25},
    {"definitions", "a CRD whose objects applications declare comes and goes", &Mix::definitions, 20},
    {"jumps", "the wall clock jumps", &Mix::jumps, 20},
    {"faults", "the API fails in every way it can", &Mix::faults, 50},
    {"stale", "with faults: lists that need not be the newest come from a cache that lags", &Mix::stale, 15},
    {"lease", "controllers elect their leader by a Lease; without, two at once both act", &Mix::leases, 100},
    {"claims", "claims stand for the same objects", &Mix::claims, 40},
    {"losses", "the definition of Applications goes, and they with it, and comes back", &Mix::losses, 12},
    {"webhook", "a mutating admission webhook comes and goes", &Mix::webhook, 15},
    {"drops", "with faults: watches leave events out; before a rest the controller starts anew", &Mix::drops, 0},
    {"classes", "with claims: their class rejects, adopts, limits, breaks, goes, and comes back", &Mix::classes, 0},
};

// From hardly a request to whole passes.
constexpr std::uint64_t kPaces[] = {20, 60, 120, 300};

}  // namespace

std::span<const MixPart> mix_parts() { return kParts; }

Mix drawn_mix(std::uint64_t seed) {
  SeededRandom random(seed ^ 0x3171ULL);
  Mix mix;
  mix.applications =
      kFewestApplications + static_cast<int>(random.below(kMostApplications - kFewestApplications + 1));
  mix.pace = kPaces[random.below(std::size(kPaces))];
  for (const MixPart& each : kParts) mix.*each.part = static_cast<int>(random.below(100)) < each.percent;
  return mix;
}

std::string to_string(const Mix& mix) {
  std::string text = fmt::format("--apps {} --pace {}", mix.applications, mix.pace);
  for (const MixPart& each : kParts) text += fmt::format(" --{}{}", mix.*each.part ? "" : "no-", each.name);
  return text;
}

}  // namespace heirloom::simulation
