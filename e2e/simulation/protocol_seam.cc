#include "e2e/simulation/protocol_seam.h"

namespace heirloom::policies {

// With --wrap=S the linker sends every call of S from another file to __wrap_S, and __real_S is S itself. The names are
// those of the Itanium ABI (g++ and clang): when a signature changes, the link fails here until they are brought up to date.
#define DECIDE "_ZN8heirloom8policies6decideERKSt8optionalINS0_10LiveObjectEERKNS0_2MeERKNS0_14ObjectPoliciesERKNS0_5FactsE"
#define LEAVE "_ZN8heirloom8policies5leaveERKSt8optionalINS0_10LiveObjectEERKNS_9SharerKeyERKNS0_11LeavePolicyERKNS0_5FactsEPKNS0_8ContentsE"

Decision real_decide(const std::optional<LiveObject>& live, const Me& me, const ObjectPolicies& policies,
                     const Facts& facts) asm("__real_" DECIDE);
Decision wrapped_decide(const std::optional<LiveObject>& live, const Me& me, const ObjectPolicies& policies,
                        const Facts& facts) asm("__wrap_" DECIDE);
LeaveDecision real_leave(const std::optional<LiveObject>& live, const SharerKey& me, const LeavePolicy& policy,
                         const Facts& facts, const Contents* contents) asm("__real_" LEAVE);
LeaveDecision wrapped_leave(const std::optional<LiveObject>& live, const SharerKey& me, const LeavePolicy& policy,
                            const Facts& facts, const Contents* contents) asm("__wrap_" LEAVE);

namespace {
simulation::ProtocolSeam* installed = nullptr;
}

Decision wrapped_decide(const std::optional<LiveObject>& live, const Me& me, const ObjectPolicies& policies,
                        const Facts& facts) {
  if (installed == nullptr) return real_decide(live, me, policies, facts);
  Decision decision = real_decide(live, me, policies, installed->told(facts));
  installed->decided(live, decision);
  return decision;
}

LeaveDecision wrapped_leave(const std::optional<LiveObject>& live, const SharerKey& me, const LeavePolicy& policy,
                            const Facts& facts, const Contents* contents) {
  if (installed == nullptr) return real_leave(live, me, policy, facts, contents);
  LeaveDecision decision = real_leave(live, me, policy, installed->told(facts), contents);
  installed->left(live, me, decision);
  return decision;
}

}  // namespace heirloom::policies

namespace heirloom::simulation {

void install(ProtocolSeam* seam) { policies::installed = seam; }

}  // namespace heirloom::simulation
