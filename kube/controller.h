// Controller: takes keys from a WorkQueue, reconciles them with N workers, and decides when to come back.
// This is the only retry policy: a reconciler says what happened, never how to retry.
//
//   Controller<NamespacedName> apps(executor, clock, metrics, {.name = "application", .workers = 8},
//   reconcile); apps.start(&scope); apps.queue().add(key);
//
// Outcomes: success forgets the key's failures; Requeue::after comes back then (sooner when something
// changes); an error comes back with exponential back-off; an error of reason Invalid (a person's mistake)
// waits for a change; an exception is a bug: logged, counted, and treated as an error. Metric names:
// controller-runtime.
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/task_scope.h"
#include "kube/workqueue.h"

namespace heirloom::kube {

// What a successful reconciliation asks for.
struct Requeue {
  std::optional<Duration> delay;  // come back after this
  bool backoff = false;           // come back, later each time (for what is hopefully about to change)

  static Requeue none() { return Requeue(); }
  static Requeue after(Duration delay) {
    Requeue r;
    r.delay = delay;
    return r;
  }
  static Requeue with_backoff() {
    Requeue r;
    r.backoff = true;
    return r;
  }
  // The one that comes back sooner; back-off counts as soonest.
  static Requeue sooner(Requeue a, Requeue b);
  bool operator==(const Requeue&) const = default;
};

struct ControllerOptions {
  std::string name;  // label `controller` of the metrics, and in logs
  int workers = 4;
  Duration first_backoff = std::chrono::milliseconds(5);
  Duration max_backoff = std::chrono::seconds(1000);
};

namespace detail {

enum class Verdict { Done, Later, Backoff, Error, Terminal };
Verdict verdict_of(const Result<Requeue>& outcome);

// Log and metrics of one finished reconciliation; everything about it that does not depend on the key's type.
void report_outcome(Metrics* metrics, const ControllerOptions& options, const std::string& key,
                    Verdict verdict, const Status& status, double seconds);
void report_panic(Metrics* metrics, const ControllerOptions& options, const std::string& key,
                  const std::string& what);
void report_active(Metrics* metrics, const ControllerOptions& options, int active);
// Throws operation_aborted when the calling task is being cancelled: tells that apart from a bug that threw
// the same.
Task<void> unwind_if_cancelled();
std::string what_of(const std::exception_ptr& exception);

}  // namespace detail

// Key: a value with operator< and std::string to_string() const.
template <class Key>
class Controller {
 public:
  using Reconcile = std::function<Task<Result<Requeue>>(Key key)>;

  // clock outlives this; metrics may be null. The function must not itself be a capturing coroutine lambda:
  // let it call a member function that is the coroutine, and return its Task.
  Controller(Executor executor, Clock* clock, Metrics* metrics, ControllerOptions options,
             Reconcile reconcile)
      : clock_(clock),
        metrics_(metrics),
        options_(std::move(options)),
        reconcile_(std::move(reconcile)),
        queue_(std::move(executor), clock, metrics, queue_options(options_)) {}

  WorkQueue<Key>& queue() { return queue_; }
  const ControllerOptions& options() const { return options_; }

  // Spawns the workers. To stop at once: stop the scope. To finish what is running first: drain(), then stop
  // the scope.
  void start(TaskScope* scope) {
    for (int i = 0; i < options_.workers; ++i)
      scope->spawn(options_.name + " worker " + std::to_string(i), work());
  }
  // Accepts no more keys and waits until the running and ready ones are finished; false when the time came first.
  Task<bool> drain(MonotonicTime deadline) {
    queue_.shut_down();
    return queue_.wait_idle_until(deadline);
  }

 private:
  static WorkQueueOptions queue_options(const ControllerOptions& options) {
    WorkQueueOptions q;
    q.name = options.name;
    q.first_backoff = options.first_backoff;
    q.max_backoff = options.max_backoff;
    return q;
  }

  Task<void> work() {
    while (true) {
      std::optional<Key> key = co_await queue_.get();
      if (!key.has_value()) co_return;
      detail::report_active(metrics_, options_, ++active_);
      Key mine = *key;
      co_await handle(std::move(mine));
      detail::report_active(metrics_, options_, --active_);
      queue_.done(*key);
    }
  }

  // A named attempt, so that work() has no try block around its loop.
  Task<void> handle(Key key) {
    const MonotonicTime began = clock_->monotonic();
    Result<Requeue> outcome;
    std::exception_ptr escaped;
    try {
      Key mine = key;
      outcome = co_await reconcile_(std::move(mine));
    } catch (...) {  // a worker outlives a bug in one reconciliation
      escaped = std::current_exception();
    }
    if (escaped) {
      co_await detail::unwind_if_cancelled();
      const std::string what = detail::what_of(escaped);
      detail::report_panic(metrics_, options_, key.to_string(), what);
      outcome = internal_error("reconciliation failed unexpectedly: " + what);
    }
    settle(key, outcome, began);
  }

  void settle(const Key& key, const Result<Requeue>& outcome, MonotonicTime began) {
    const detail::Verdict verdict = detail::verdict_of(outcome);
    const double seconds = std::chrono::duration<double>(clock_->monotonic() - began).count();
    detail::report_outcome(metrics_, options_, key.to_string(), verdict,
                           outcome.ok() ? Status() : outcome.status(), seconds);
    switch (verdict) {
      case detail::Verdict::Done:
      case detail::Verdict::Terminal:
        queue_.forget(key);
        break;
      case detail::Verdict::Later:
        queue_.forget(key);
        queue_.add_after(key, *outcome->delay);
        break;
      case detail::Verdict::Backoff:
      case detail::Verdict::Error:
        queue_.add_rate_limited(key);
        break;
    }
  }

  Clock* clock_;
  Metrics* metrics_;
  ControllerOptions options_;
  Reconcile reconcile_;
  WorkQueue<Key> queue_;
  int active_ = 0;
};

}  // namespace heirloom::kube
