// summarize_claim_class: from what a pass has learned to a ClaimClass' status. Pure. What did not change keeps its
// time, so an unchanged class has an unchanged status.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "apis/claim_class.h"
#include "base/status.h"

namespace heirloom::core {

// Reasons of the condition Ready of a class; ClassInvalid (claim_reasons) when it cannot serve.
namespace claim_class_reasons {
inline constexpr std::string_view kServing = "Serving";
inline constexpr std::string_view kWaiting = "Waiting";    // for the definition of its kind
inline constexpr std::string_view kDeleting = "Deleting";  // claims, or objects it retains, keep it
}  // namespace claim_class_reasons

struct ClaimClassFindings {
  Status fault;              // why it cannot serve; ok: it can
  std::string definition;    // why its kind is not served yet, in a sentence; "" = it is
  std::int64_t claims = 0;
  std::int64_t targets = 0;   // objects that claims of this class stand for, or that the class retains
  std::int64_t retained = 0;  // of those: kept by the class alone
  bool made_definition = true;  // false: the definition was there before, and is somebody else's
};

// `now`: RFC 3339.
ClaimClassStatus summarize_claim_class(const ClaimClass& claim_class, const ClaimClassFindings& findings,
                                       std::string_view now);

}  // namespace heirloom::core
