// What a claim's manifest was made from, as far as that stands on the object itself: the parameters in force. A manifest
// made from one state of the object says nothing about the content of another state: it is made again, not written. Pure.
#pragma once

#include <optional>
#include <string>

#include "apis/sharer_key.h"
#include "base/json.h"
#include "policies/live.h"

namespace heirloom::policies {

struct ClaimBasis {
  std::string parameters;     // annotation heirloom.dev/claim-parameters as it stands; "" = none, or no object
  std::optional<bool> alone;  // whether nobody but `me` shares the object; nullopt: the content does not depend on it
  bool operator==(const ClaimBasis&) const = default;
};

// `object` and `live`: the same state of it; null and nullptr when there is none. `rejects`: the class does not let
// differing claims share, so one that is alone may change what the object is made of.
ClaimBasis claim_basis(JsonView object, const LiveObject* live, const SharerKey& me, bool rejects);

// Whether a manifest made from `basis` may be written over this state.
bool holds(const ClaimBasis& basis, JsonView object, const LiveObject* live, const SharerKey& me);

}  // namespace heirloom::policies
