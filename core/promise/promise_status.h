// summarize_promise: from what a pass has learned to a Promise's status. Pure. What did not change keeps its time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apis/promise.h"
#include "apis/resource_names.h"
#include "base/status.h"

namespace heirloom::core {

namespace promise_conditions {
inline constexpr std::string_view kAvailable = "Available";  // True: a ClaimClass serves the kind
inline constexpr std::string_view kPipelines = "Pipelines";  // False: it brings some, and they are not run here
}  // namespace promise_conditions

namespace promise_reasons {
inline constexpr std::string_view kServed = "ServedByClaimClass";
inline constexpr std::string_view kNotServed = "NoClaimClass";
inline constexpr std::string_view kInvalid = "InvalidDefinition";
inline constexpr std::string_view kNotInstalled = "DefinitionNotInstalled";
inline constexpr std::string_view kTaken = "DefinedByOther";
inline constexpr std::string_view kRequired = "RequiredPromises";
inline constexpr std::string_view kNotRun = "NotRun";
}  // namespace promise_reasons

struct PromiseFindings {
  GroupVersionKind kind;  // of the embedded definition; empty when there is none
  Status fault;           // spec.api cannot be installed
  std::string defined_by; // another Promise that brings the same definition, and came first
  std::string waiting;    // its definition is not served yet: a sentence; "" = it is
  std::string served_by;  // the ClaimClass that serves the kind
  std::string class_fault;            // of the class that would
  std::vector<std::string> required;  // of spec.requiredPromises: those not Available
};

// `now`: RFC 3339.
PromiseStatus summarize_promise(const Promise& promise, const PromiseFindings& findings, std::string_view now);

}  // namespace heirloom::core
