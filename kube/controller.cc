#include "kube/controller.h"

#include "base/log.h"

namespace heirloom::kube {

Requeue Requeue::sooner(Requeue a, Requeue b) {
  if (a.backoff || b.backoff) return with_backoff();
  if (!a.delay.has_value()) return b;
  if (!b.delay.has_value()) return a;
  return *a.delay <= *b.delay ? a : b;
}

namespace detail {
namespace {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Done:
      return "success";
    case Verdict::Later:
      return "requeue_after";
    case Verdict::Backoff:
      return "requeue";
    case Verdict::Error:
    case Verdict::Terminal:
      return "error";
  }
  return "error";
}

}  // namespace

Verdict verdict_of(const Result<Requeue>& outcome) {
  if (!outcome.ok()) return is_invalid(outcome.status()) ? Verdict::Terminal : Verdict::Error;
  if (outcome->backoff) return Verdict::Backoff;
  if (outcome->delay.has_value()) return Verdict::Later;
  return Verdict::Done;
}

void report_outcome(Metrics* metrics, const ControllerOptions& options, const std::string& key,
                    Verdict verdict, const Status& status, double seconds) {
  if (!status.ok()) {
    const std::string_view text = verdict == Verdict::Terminal
                                      ? "reconciliation refused, waiting for a change"
                                      : "reconciliation failed, trying again";
    log::warning(text, {{"controller", options.name}, {"key", key}, {"error", status}});
  }
  if (metrics == nullptr) return;
  const MetricLabels labels = {{"controller", options.name}};
  metrics->count("controller_runtime_reconcile_total",
                 {{"controller", options.name}, {"result", std::string(name_of(verdict))}});
  metrics->observe_seconds("controller_runtime_reconcile_time_seconds", labels, seconds);
  if (!status.ok()) metrics->count("controller_runtime_reconcile_errors_total", labels);
  if (verdict == Verdict::Terminal)
    metrics->count("controller_runtime_terminal_reconcile_errors_total", labels);
}

void report_panic(Metrics* metrics, const ControllerOptions& options, const std::string& key,
                  const std::string& what) {
  log::error("a bug: an exception left the reconciler",
             {{"controller", options.name}, {"key", key}, {"what", what}});
  if (metrics != nullptr)
    metrics->count("controller_runtime_reconcile_panics_total", {{"controller", options.name}});
}

void report_active(Metrics* metrics, const ControllerOptions& options, int active) {
  if (metrics == nullptr) return;
  metrics->set("controller_runtime_active_workers", {{"controller", options.name}}, active);
  metrics->set("controller_runtime_max_concurrent_reconciles", {{"controller", options.name}},
               options.workers);
}

// Awaiting any Task in a task that is being cancelled throws operation_aborted: that is the whole of it.
Task<void> unwind_if_cancelled() { co_return; }

std::string what_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception of unknown type";
  }
}

}  // namespace detail
}  // namespace heirloom::kube
