// Fold: what several sharers want of one object as one write. A hundred joiners need not write a hundred times.
#pragma once

#include <span>

#include "policies/decide.h"
#include "policies/leave.h"

namespace heirloom::policies {

// A sharer that waits for its turn at an object.
struct Move {
  Me me;
  bool leaves = false;
  ObjectPolicies policies;   // of one who declares the object
  LeavePolicy leave_policy;  // of one who lets go of it
};

struct Folded {
  Ownership ownership;
  int moves = 0;      // taken in
  int handovers = 0;  // of these, leaving owners
};

// `first` is what the sharer whose turn it is writes on `live`; then everybody who waits, in the order of arrival, decides
// on what is there by then, by the same decide() and leave(). Taken in are the moves that change ledger, record and owner
// labels only and leave the object somebody's; the others (create, content, release, retain, delete, nothing) wait on: their turn
// comes. `facts`: read after `live`, also about everybody who waits.
Folded fold(const LiveObject& live, const Ownership& first, std::span<const Move> waiting, const Facts& facts);

}  // namespace heirloom::policies
