// ProtocolSeam: between the two pure functions of the protocol, policies::decide and policies::leave, and those who call
// them. Cut by the linker (--wrap, see CMakeLists.txt) in the simulation's programs alone: the product has no such seam
// and pays nothing. Through it a run counts which rows of the tables were taken, and mutants.h switches protections off.
#pragma once

#include <optional>

#include "policies/decide.h"
#include "policies/leave.h"

namespace heirloom::simulation {

class ProtocolSeam {
 public:
  virtual ~ProtocolSeam() = default;
  // Before a decision: what it is told of the others.
  virtual policies::Facts told(const policies::Facts& facts) { return facts; }
  // After it.
  virtual void decided(const std::optional<policies::LiveObject>& live, policies::Decision& decision) = 0;
  virtual void left(const std::optional<policies::LiveObject>& live, const SharerKey& me,
                    policies::LeaveDecision& decision) = 0;
};

// The one through which decisions pass from now on; nullptr: none. It outlives its stay.
void install(ProtocolSeam* seam);

}  // namespace heirloom::simulation
