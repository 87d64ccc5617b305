// ObjectWrite: from a decision and a manifest to the one request that carries it out. Pure.
// The three-way merge is both the drift test and the patch: an empty difference means no request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "dispatcher/manifest.h"
#include "policies/decide.h"
#include "policies/live.h"
#include "policies/ownership.h"

namespace heirloom::dispatcher {

struct WriteInput {
  const policies::Decision& decision;
  const Manifest& manifest;
  JsonView live;                        // the body read; Missing when the object is absent
  const policies::LiveObject* object;   // the same, understood; nullptr when absent
  JsonView previous;                    // my manifest of the version before, where the object says nothing itself
  // What the server made of this manifest when we last wrote it (normalisation of ObjectWrite); 0 = not known.
  std::uint64_t known_normalisation = 0;
  WallTime now;
};

struct ObjectWrite {
  enum class Kind { None, Create, Patch };
  Kind kind = Kind::None;
  Json body;                    // the object to POST, or the merge patch with its guard
  bool changes_content = false; // more than ownership metadata
  // Identifies how live differs from what is desired, and from which desired: when a write of ours leaves this
  // difference behind, the server normalises it, and it is no drift until it changes. 0 = no difference.
  std::uint64_t normalisation = 0;
  bool normalised = false;      // differs, and exactly as known_normalisation says: nothing to write
};

// For Create, Update, Adopt, Repair, Inherit, Hold, Join, Drop, and Observe when it steps out.
ObjectWrite plan_write(const WriteInput& input);

// Ledger, record and owner labels alone; the fields stay the owner's.
Json ownership_write(const policies::LiveObject& live, const policies::Ownership& ownership);

// Whether the object itself tells what its owner declared (its record, or KubeVela's annotation); otherwise only a tracker
// can.
bool says_what_was_declared(const policies::LiveObject& live, JsonView object);

// Paths at which the sharer's own manifest differs from what is in force; never values.
std::vector<std::string> divergence(const Manifest& manifest, JsonView live);

}  // namespace heirloom::dispatcher
