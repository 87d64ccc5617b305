// Mutants: the protections of the protocol, each of which can be taken off at run time, one at a time, to show that the
// simulation is able to fail. Test-only: a mutant sits around the controller's kube::Api, in the seam of
// protocol_seam.h, or in the simulated disk; the product is linked as it is.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/task.h"
#include "e2e/simulation/protocol_seam.h"
#include "kube/api.h"

namespace heirloom::simulation {

enum class Mutant {
  None,
  JoinUnguarded,       // a sharer joins without resourceVersion
  HandoverUnguarded,   // a leaver hands over without resourceVersion
  DeleteUnguarded,     // DELETE without preconditions
  FactsFirst,          // liveness is read before the object, not after
  UnknownIsDead,       // a sharer of whom nothing is known counts as dead
  HoldUnmarked,        // a sharer that comes back, and is listed still, writes no mark
  TrackerLate,         // the tracker is recorded after the objects are written
  FinalizerCached,     // the application's finalizer goes on the word of a cache
  UnshareDropsLedger,  // an owner that stops sharing strikes out the others
  EventsBeforeSync,    // the store shows and acknowledges what is not on the disk yet
  RetryBlind,          // a write whose outcome is unknown is sent again at once
};

struct MutantInfo {
  Mutant mutant;
  std::string_view name;      // of --break
  std::set<int> expected;     // invariants, any of which has to be reported
};
std::span<const MutantInfo> all_mutants();
std::optional<Mutant> mutant_named(std::string_view name);
std::string_view name_of(Mutant mutant);

// What a mutant changes in decisions, and what it notes there for its Api. One per run.
class MutantSeam final : public ProtocolSeam {
 public:
  explicit MutantSeam(Mutant mutant) : mutant_(mutant) {}

  policies::Facts told(const policies::Facts& facts) override;
  void decided(const std::optional<policies::LiveObject>& live, policies::Decision& decision) override;
  void left(const std::optional<policies::LiveObject>& live, const SharerKey& me,
            policies::LeaveDecision& decision) override;

  Mutant mutant() const { return mutant_; }
  // Of an object as read, on which a write was decided that shall lose its guard.
  bool loses_guard(std::string_view resource_version) const;

 private:
  Mutant mutant_;
  std::set<std::string, std::less<>> unguarded_;  // resourceVersions
};

// The controller's Api with the mutation. `below`, `clock` and `seam` outlive it. Crash: abandon(), then destroy.
class MutantApi : public kube::Api {
 public:
  virtual void abandon() = 0;
};
std::unique_ptr<MutantApi> make_mutant_api(const MutantSeam* seam, Executor executor, kube::Api* below, Clock* clock);

}  // namespace heirloom::simulation
