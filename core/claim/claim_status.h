// summarize_claim: from what a pass has learned to a claim's status. The one place where phase and conditions of claims
// are computed; pure. What did not change keeps its time, so an unchanged claim has an unchanged status.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/claim.h"
#include "base/status.h"
#include "dispatcher/outcome.h"

namespace heirloom::core {

// What one pass has learned.
struct ClaimFindings {
  // Why the claim does not have its target: a reason of claim_reasons, and a sentence. "" = nothing of the kind.
  std::string refused;
  std::string refusal;
  std::optional<dispatcher::ObjectOutcome> outcome;  // of the target
  std::string target;                                // target_text
  // What the claim has joined, when that is known; otherwise the status before says it.
  std::optional<BoundObject> bound;
  bool joined = false;          // the ledger of `bound` lists the claim
  std::int64_t claim_count = 0;
  std::int64_t position = 0;
  std::vector<std::string> differing;                // the claim's fields that are not in force (FirstWins)
  std::vector<dispatcher::LeaveOutcome> leaving;     // objects it lets go of, while not all are let go of
  bool deleting = false;
};

// `now`: RFC 3339.
ClaimStatus summarize_claim(const Claim& claim, const ClaimFindings& findings, std::string_view now);

}  // namespace heirloom::core
