// Which classes and which claims are refused, and why. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "apis/claim.h"
#include "apis/claim_class.h"
#include "base/status.h"
#include "policies/claim_target.h"

namespace heirloom::policies {

// Whether the class can serve: its claim kind (names, groups that are nobody's to claim), key, template (check_template)
// and limits. `others`: every class there is, itself included or not. A second class for one kind is refused, whichever
// came first serves (creation time, then name); so is one whose template leads back to its own kind through others.
// Error: 422 ClassInvalid.
Status validate_claim_class(const ClaimClass& claim_class, std::span<const ClaimClass> others);

// How many claims of the class there are already, without this one.
struct ClaimUsage {
  std::int64_t on_target = 0;     // sharers of the object that are claims of this class
  std::int64_t in_namespace = 0;  // bound claims of this class in the claim's namespace
};

// Whether the claim may have its target. `own_namespace`: the controller's. `joined`: the claim is in the object's
// ledger already: limits that came later do not throw it out, nor does anything else below. 
// Error: 422 with a reason of claim_reasons: NamespaceNotAllowed, ProtectedName, QuotaExceeded, TargetFull.
Status admit_claim(const ClaimClass& claim_class, const Claim& claim, const Target& target, const ClaimUsage& usage,
                   std::string_view own_namespace, bool joined);

// True for kube-*, default, the controller's own namespace and the class' protectedNames.
bool is_protected_name(const ClaimClass& claim_class, std::string_view name, std::string_view own_namespace);

}  // namespace heirloom::policies
