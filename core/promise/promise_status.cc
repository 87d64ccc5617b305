#include "core/promise/promise_status.h"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apis/condition.h"

namespace heirloom::core {
namespace {

// Longer lists are cut, with the number of those left out.
constexpr std::size_t kMaxNamed = 10;

std::string named(const std::vector<std::string>& names) {
  if (names.size() <= kMaxNamed) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{} and {} more", fmt::join(names.begin(), names.begin() + kMaxNamed, ", "),
                     names.size() - kMaxNamed);
}

Condition available(const Promise& promise, const PromiseFindings& findings) {
  const auto with = [](bool holds, std::string_view reason, std::string message) {
    return Condition{std::string(promise_conditions::kAvailable), holds ? "True" : "False", std::string(reason),
                     std::move(message), ""};
  };
  const std::string kind = fmt::format("{}.{}", findings.kind.kind, findings.kind.group);
  if (!findings.fault.ok()) return with(false, promise_reasons::kInvalid, findings.fault.message());
  if (!findings.defined_by.empty())
    return with(false, promise_reasons::kTaken,
                fmt::format("{} is brought by Promise {} already; one Promise brings a kind", kind,
                            findings.defined_by));
  if (!findings.waiting.empty()) return with(false, promise_reasons::kNotInstalled, findings.waiting);
  if (findings.served_by.empty()) {
    std::string message = fmt::format("no ClaimClass serves {}", kind);
    if (!promise.pipelines.empty())
      message += fmt::format(", and its pipelines are not run here ({})", named(promise.pipelines));
    return with(false, promise_reasons::kNotServed,
                message + "; create a ClaimClass for this kind that says which object a claim stands for");
  }
  if (!findings.class_fault.empty())
    return with(false, promise_reasons::kNotServed,
                fmt::format("ClaimClass {} does not serve {}: {}", findings.served_by, kind, findings.class_fault));
  if (!findings.required.empty())
    return with(false, promise_reasons::kRequired,
                fmt::format("required Promises are not available: {}", named(findings.required)));
  return with(true, promise_reasons::kServed, fmt::format("ClaimClass {} serves {}", findings.served_by, kind));
}

// What a Promise brings beside its kind; nothing of that is done here, and nobody shall wait for it.
void tell_of_pipelines(const Promise& promise, const PromiseFindings& findings, PromiseStatus& status,
                       std::string_view now) {
  std::vector<std::string> parts;
  if (!promise.pipelines.empty()) parts.push_back(fmt::format("pipelines are not run here: {}", named(promise.pipelines)));
  if (promise.dependencies != 0)
    parts.push_back(fmt::format("{} dependencies are not applied here", promise.dependencies));
  if (parts.empty()) {
    remove_condition(status.conditions, promise_conditions::kPipelines);
    return;
  }
  std::string message = fmt::format("{}", fmt::join(parts, "; "));
  if (!findings.served_by.empty())
    message += fmt::format("; ClaimClass {} does what claims of this kind ask for", findings.served_by);
  set_condition(status.conditions,
                {std::string(promise_conditions::kPipelines), "False", std::string(promise_reasons::kNotRun),
                 std::move(message), ""}, now);
}

}  // namespace

PromiseStatus summarize_promise(const Promise& promise, const PromiseFindings& findings, std::string_view now) {
  PromiseStatus status = promise.status;
  const Condition verdict = available(promise, findings);
  status.status = verdict.status == "True" ? "Available" : "Unavailable";
  status.kind = findings.kind.kind;
  status.api_version = findings.kind.kind.empty() ? std::string() : findings.kind.api_version();
  status.version = promise.version();
  status.observed_generation = promise.metadata.generation;
  set_condition(status.conditions, verdict, now);
  tell_of_pipelines(promise, findings, status, now);
  return status;
}

}  // namespace heirloom::core
