// WorkQueue: keys waiting for work. Fair (first in, first out), stingy (a key waiting twice is handed out
// once), never two workers on one key (a key added while it is processed waits until done()), and shut down
// in order. Semantics and metric names: client-go's workqueue. `dirty` = needs work, `processing` = a worker
// has it, `waiting` = will be added at a time; when a key waits already, the earlier time wins.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/assert.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/signal.h"

namespace heirloom::kube {

struct WorkQueueOptions {
  std::string name;                                       // the metrics' label
  Duration first_backoff = std::chrono::milliseconds(5);  // of add_rate_limited; doubles per failure
  Duration max_backoff = std::chrono::seconds(1000);
};

// min(first * 2^failures, max), without overflow.
Duration exponential_backoff(Duration first, Duration max, int failures);

// Key: a value with operator<. Single-threaded. Memory is bounded by the number of distinct keys.
template <class Key>
class WorkQueue {
 public:
  // clock outlives this; metrics may be null.
  WorkQueue(Executor executor, Clock* clock, Metrics* metrics, WorkQueueOptions options)
      : clock_(clock),
        metrics_(metrics),
        options_(std::move(options)),
        labels_{{"name", options_.name}},
        changed_(std::move(executor)) {}

  void add(const Key& key) {
    if (shutting_down_) return;
    unwait(key);
    if (!dirty_.insert({key, clock_->monotonic()}).second) return;
    if (metrics_ != nullptr) metrics_->count("workqueue_adds_total", labels_);
    if (processing_.contains(key)) return;
    ready_.push_back(key);
    report_depth();
    changed_.notify_all();
  }

  void add_after(const Key& key, Duration delay) {
    if (shutting_down_) return;
    if (delay <= Duration::zero()) return add(key);
    // Queued already and not yet taken: that is sooner than any delay.
    if (dirty_.contains(key) && !processing_.contains(key)) return;
    const MonotonicTime due = clock_->monotonic() + delay;
    const auto at = waiting_.find(key);
    if (at != waiting_.end()) {
      if (at->second.first <= due) return;
      unwait(key);
    }
    const std::pair<MonotonicTime, std::uint64_t> when{due, ++sequence_};
    waiting_.emplace(key, when);
    due_.emplace(when, key);
    changed_.notify_all();
  }

  // After 5 ms, 10 ms, 20 ms, ... per key, until forget().
  void add_rate_limited(const Key& key) {
    if (shutting_down_) return;
    int& failures = failures_[key];
    if (metrics_ != nullptr) metrics_->count("workqueue_retries_total", labels_);
    add_after(key, exponential_backoff(options_.first_backoff, options_.max_backoff, failures));
    ++failures;
  }
  void forget(const Key& key) { failures_.erase(key); }
  int failures(const Key& key) const {
    const auto at = failures_.find(key);
    return at == failures_.end() ? 0 : at->second;
  }

  // The next key, to be given back with done(); nullopt once the queue is shut down and empty.
  Task<std::optional<Key>> get() {
    while (true) {
      promote_due();
      if (!ready_.empty()) break;
      if (shutting_down_) co_return std::nullopt;
      if (due_.empty()) {
        co_await changed_.wait();
      } else {
        const MonotonicTime next = due_.begin()->first.first;
        co_await changed_.wait_until(clock_, next);
      }
    }
    std::optional<Key> key = std::move(ready_.front());
    ready_.pop_front();
    take(*key);
    co_return key;
  }

  void done(const Key& key) {
    const auto at = processing_.find(key);
    HEIRLOOM_ASSERT(at != processing_.end());
    if (metrics_ != nullptr)
      metrics_->observe_seconds("workqueue_work_duration_seconds", labels_, seconds_since(at->second));
    processing_.erase(at);
    if (dirty_.contains(key)) {
      ready_.push_back(key);
      report_depth();
    }
    changed_.notify_all();
  }

  // Nothing more is accepted; what waits for a time is dropped; ready keys are still handed out.
  void shut_down() {
    shutting_down_ = true;
    waiting_.clear();
    due_.clear();
    changed_.notify_all();
  }
  bool shutting_down() const { return shutting_down_; }

  std::size_t ready_count() const { return ready_.size(); }
  std::size_t waiting_count() const { return waiting_.size(); }
  std::size_t processing_count() const { return processing_.size(); }
  bool idle() const {
    return ready_.empty() && processing_.empty() && dirty_.empty();
  }  // waiting ones do not count
  // When the next waiting key becomes due.
  std::optional<MonotonicTime> next_due() const {
    if (due_.empty()) return std::nullopt;
    return due_.begin()->first.first;
  }
  // For shutting down in order. False when the time came first.
  Task<bool> wait_idle_until(MonotonicTime deadline) {
    while (!idle()) {
      const bool woken = co_await changed_.wait_until(clock_, deadline);
      if (!woken) co_return idle();
    }
    co_return true;
  }

 private:
  void unwait(const Key& key) {
    const auto at = waiting_.find(key);
    if (at == waiting_.end()) return;
    due_.erase(at->second);
    waiting_.erase(at);
  }
  void promote_due() {
    const MonotonicTime now = clock_->monotonic();
    while (!due_.empty() && due_.begin()->first.first <= now) {
      const Key key = due_.begin()->second;
      add(key);  // removes it from the waiting ones
    }
  }
  void take(const Key& key) {
    const auto at = dirty_.find(key);
    HEIRLOOM_ASSERT(at != dirty_.end());
    if (metrics_ != nullptr)
      metrics_->observe_seconds("workqueue_queue_duration_seconds", labels_, seconds_since(at->second));
    dirty_.erase(at);
    processing_.emplace(key, clock_->monotonic());
    report_depth();
  }
  double seconds_since(MonotonicTime time) const {
    return std::chrono::duration<double>(clock_->monotonic() - time).count();
  }
  void report_depth() {
    if (metrics_ != nullptr) metrics_->set("workqueue_depth", labels_, static_cast<double>(ready_.size()));
  }

  Clock* clock_;
  Metrics* metrics_;
  WorkQueueOptions options_;
  MetricLabels labels_;
  std::deque<Key> ready_;                    // in dirty_, not in processing_
  std::map<Key, MonotonicTime> dirty_;       // since when
  std::map<Key, MonotonicTime> processing_;  // since when
  std::map<Key, std::pair<MonotonicTime, std::uint64_t>> waiting_;
  std::map<std::pair<MonotonicTime, std::uint64_t>, Key> due_;  // the same, by time and then by arrival
  std::map<Key, int> failures_;
  std::uint64_t sequence_ = 0;
  bool shutting_down_ = false;
  Signal changed_;
};

}  // namespace heirloom::kube
