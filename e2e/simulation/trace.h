// What a trace says of a commit.
#pragma once

#include <string>

#include "e2e/simulation/commit.h"

namespace heirloom::simulation {

// One line: what happened to which object, by whom; owner, ledger, marks and data as it is now, and the beginning of a hash
// of it all. Of an application what it declares ("+" shared, "!" taken over, "?" read only) and what its status says of
// which generation; of a tracker what it lists.
std::string described(const Commit& commit);

}  // namespace heirloom::simulation
