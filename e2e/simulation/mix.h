// What may happen in a run: which of the things that users, people with kubectl and the world do are part of it.
// One seed draws a mix; the command line can hold any part of it fixed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace heirloom::simulation {

struct Mix {
  int applications = 3;
  std::uint64_t pace = 500;  // handlers between two things that somebody does: below this
  bool unshared = true;      // some applications do not share what they declare
  bool by_hand = true;       // people edit and delete managed objects
  bool force = true;         // people take finalizers away
  bool crashes = true;       // of the controller
  bool overlaps = false;     // two controllers at once
  bool restarts = false;     // of the server, from a simulated disk
  bool take_over = false;    // some applications take over what nobody owns
  bool read_only = false;    // some applications only look at what they declare
  bool vandals = false;      // people break records and trackers
  bool strangers = false;    // writers that know nothing of applications
  bool tenants = false;      // a namespace with applications in it comes and goes
  bool definitions = false;  // a CRD whose objects applications declare comes and goes
  bool jumps = false;        // of the wall clock
  bool faults = false;       // of the API, between the controller and the server
  bool stale = false;        // with faults: lists come from a cache that lags
  bool drops = false;        // with faults: watches leave events out
  bool leases = true;        // controllers elect their leader
  bool claims = false;       // beside the applications
  bool classes = false;      // with claims: their class changes, breaks, limits, goes and comes back
  bool losses = false;       // the definition of Applications goes, and comes back
  bool webhook = false;      // a mutating admission webhook is installed now and then
};

// A part of the mix by the name that it has on the command line.
struct MixPart {
  std::string_view name;
  std::string_view help;
  bool Mix::*part;
  int percent;  // of the seeds have it
};
std::span<const MixPart> mix_parts();

inline constexpr int kFewestApplications = 2;
inline constexpr int kMostApplications = 8;

// Everything drawn from the seed.
Mix drawn_mix(std::uint64_t seed);

// As the options of heirloom-sim that make it: "--apps 3 --pace 500 --crashes ... --no-faults".
std::string to_string(const Mix& mix);

}  // namespace heirloom::simulation
