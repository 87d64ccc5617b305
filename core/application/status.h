// summarize: from what a pass has learned to the application's status. The one place where conditions and phase are
// computed; pure. What did not change keeps its time, so an unchanged application has an unchanged status.
#pragma once

#include <string_view>

#include "apis/application.h"
#include "core/application/findings.h"

namespace heirloom::core {

// `now`: RFC 3339.
ApplicationStatus summarize(const Application& application, const Findings& findings, std::string_view now);

// "Namespace example: metadata.labels.tier (default/app1 owns it)": for the Diverged condition.
std::string divergence_sentence(const dispatcher::ObjectOutcome& outcome);

}  // namespace heirloom::core
