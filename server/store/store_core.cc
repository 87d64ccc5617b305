#include "server/store/store_core.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/log.h"

namespace heirloom::server {
namespace {

// Rows deleted from the log in one transaction besides the writes, so that a burst of forgetting delays
// nobody.
constexpr std::size_t kMaxForgottenPerBatch = 4'000;
// How long a full disk is left alone before a write may try it again.
constexpr Duration kFullDiskRetry = std::chrono::seconds(1);

Status refuse(const Write& write, const StoredPtr& newest) {
  StatusDetails details;
  details.name = write.key;
  if (write.expected == 0)
    return {409, reasons::kAlreadyExists, fmt::format("key \"{}\" already exists", write.key),
            std::move(details)};
  if (!newest)
    return {404, reasons::kNotFound, fmt::format("key \"{}\" not found", write.key), std::move(details)};
  return {
      409, reasons::kConflict,
      fmt::format("key \"{}\" is at revision {}, not at {}", write.key, newest->mod_revision, write.expected),
      std::move(details)};
}

}  // namespace

RevisionedStore::Core::Core(StoreOptions options, Executor executor, Clock* clock,
                            std::unique_ptr<CommitRunner> runner, std::unique_ptr<CommitLog> log,
                            LoadedState loaded)
    : options_(options),
      executor_(executor),
      clock_(clock),
      log_(std::move(log)),
      loaded_(std::move(loaded)),
      last_given_(loaded_.revision),
      idle_(executor),
      runner_(std::move(runner)) {
  forget_old();
}

Task<Result<Committed>> RevisionedStore::Core::commit(std::shared_ptr<Core> self, Write write) {
  for (;;) {
    Verdict verdict = self->accept(write);
    if (!verdict.batch) co_return std::move(verdict.refusal);
    while (!verdict.batch->settled) co_await verdict.batch->changed.wait();
    if (!verdict.event) continue;  // what stood in the way is settled: decide again
    if (!verdict.batch->status.ok()) co_return verdict.batch->status;
    Committed committed;
    committed.revision = verdict.event->revision;
    committed.object = verdict.event->current;
    committed.previous = verdict.event->previous;
    co_return committed;
  }
}

RevisionedStore::Core::Verdict RevisionedStore::Core::accept(const Write& write) {
  Verdict verdict;
  if (closing_) {
    verdict.refusal = Status(503, reasons::kServiceUnavailable, "the store is closed");
    return verdict;
  }
  if (const Status status = writable(); !status.ok() && clock_->monotonic() < retry_at_) {
    verdict.refusal = status;
    return verdict;
  }
  if (write.expected == 0 && !write.value) {
    verdict.refusal = bad_request(fmt::format("deleting key \"{}\" needs the revision it has", write.key));
    return verdict;
  }
  const auto accepted = accepted_.find(write.key);
  const bool in_flight = accepted != accepted_.end();
  StoredPtr newest = in_flight ? accepted->second.object : loaded_.objects.find(write.key);
  if (write.expected != (newest ? newest->mod_revision : 0)) {
    // A refusal caused by a write that is not durable must wait: the caller would read the old state again.
    if (in_flight) {
      verdict.batch = accepted->second.batch;
    } else {
      verdict.refusal = refuse(write, newest);
    }
    return verdict;
  }
  if (pending_writes_ >= kMaxPendingWrites) {
    StatusDetails details;
    details.retry_after_seconds = 1;
    verdict.refusal =
        Status(429, reasons::kTooManyRequests,
               "the store has too many writes waiting for the disk; try again", std::move(details));
    return verdict;
  }
  verdict.event = enqueue(write, std::move(newest));
  verdict.batch = queue_.back();
  accepted_.insert_or_assign(write.key, Accepted{verdict.event->current, verdict.batch});
  pump();
  return verdict;
}

StoreEventPtr RevisionedStore::Core::enqueue(const Write& write, StoredPtr previous) {
  const Revision revision = ++last_given_;
  auto event = std::make_shared<StoreEvent>();
  event->revision = revision;
  if (write.value) {
    auto object = std::make_shared<StoredObject>();
    object->key = write.key;
    object->value = options_.stamp ? options_.stamp(write.value->view(), revision) : *write.value;
    object->create_revision = previous ? previous->create_revision : revision;
    object->mod_revision = revision;
    event->current = std::move(object);
  }
  event->previous = std::move(previous);

  if (queue_.empty() || queue_.back()->events.size() >= kMaxBatchWrites)
    queue_.push_back(std::make_shared<CommitBatch>(executor_));
  queue_.back()->events.push_back(event);
  ++pending_writes_;
  return event;
}

void RevisionedStore::Core::pump() {
  if (running_ || !closed_.ok()) return;
  const auto tidying = log_ ? log_->wants_tidying() : CommitLog::Tidying::None;
  if (tidying == CommitLog::Tidying::Now || (tidying == CommitLog::Tidying::WhenIdle && queue_.empty())) {
    start_tidying();
  } else if (!queue_.empty()) {
    start_batch();
  }
}

void RevisionedStore::Core::start_batch() {
  under_way_ = std::move(queue_.front());
  queue_.pop_front();
  running_ = true;
  auto batch = std::make_shared<LogBatch>();
  batch->events = under_way_->events;
  const std::size_t forgotten = std::min(forgotten_.size(), kMaxForgottenPerBatch);
  batch->forgotten.assign(forgotten_.begin(), forgotten_.begin() + static_cast<std::ptrdiff_t>(forgotten));
  auto status = std::make_shared<Status>();
  runner_->run(
      [log = log_, batch, status] {
        if (log) *status = log->append(*batch);
      },
      [weak = weak_from_this(), status, forgotten] {
        if (const auto self = weak.lock()) self->batch_done(*status, forgotten);
      });
}

void RevisionedStore::Core::start_tidying() {
  running_ = true;
  runner_->run([log = log_] { log->tidy(); },
               [weak = weak_from_this()] {
                 const auto self = weak.lock();
                 if (!self) return;
                 self->running_ = false;
                 self->pump();
               });
}

void RevisionedStore::Core::batch_done(const Status& status, std::size_t forgotten) {
  running_ = false;
  if (!under_way_) return;  // shut() settled it
  const BatchPtr batch = std::move(under_way_);
  under_way_ = nullptr;
  if (status.ok()) {
    disk_failure_ = Status();
    forgotten_.erase(forgotten_.begin(), forgotten_.begin() + static_cast<std::ptrdiff_t>(forgotten));
    publish(*batch);
    settle(batch, Status());
    forget_old();
  } else {
    note_disk_failure(status);
    settle(batch, status);
    fail_accepted(status);  // they were decided in the belief that this batch would be there
  }
  pump();
}

void RevisionedStore::Core::publish(const CommitBatch& batch) {
  const MonotonicTime now = clock_->monotonic();
  for (const StoreEventPtr& event : batch.events) {
    if (event->current) {
      loaded_.objects.put(event->current);
    } else {
      loaded_.objects.erase(event->key());
    }
    loaded_.history.append(event, now);
    loaded_.revision = event->revision;
    hub_.publish(*event);
  }
  stats_.commits += batch.events.size();
  ++stats_.batches;
}

void RevisionedStore::Core::settle(BatchPtr batch, Status status) {
  for (const StoreEventPtr& event : batch->events) {
    const auto accepted = accepted_.find(event->key());
    if (accepted != accepted_.end() && accepted->second.batch == batch) accepted_.erase(accepted);
  }
  pending_writes_ -= batch->events.size();
  batch->settled = true;
  batch->status = std::move(status);
  batch->changed.notify_all();
  idle_.notify_all();
}

void RevisionedStore::Core::fail_accepted(const Status& why) {
  while (!queue_.empty()) {
    BatchPtr batch = std::move(queue_.front());
    queue_.pop_front();
    settle(std::move(batch), why);
  }
}

void RevisionedStore::Core::note_disk_failure(const Status& status) {
  const bool may_recover = log_ && log_->may_recover();
  if (disk_failure_.ok()) log::error("the store is read-only", {{"reason", status.message()}});
  disk_failure_ = status;
  retry_at_ = may_recover ? clock_->monotonic() + kFullDiskRetry : MonotonicTime::max();
}

void RevisionedStore::Core::forget_oldest() {
  const ForgottenEvent event = loaded_.history.forget_oldest();
  if (log_) forgotten_.push_back(event);
}

void RevisionedStore::Core::forget_old() {
  const MonotonicTime now = clock_->monotonic();
  while (loaded_.history.exceeds(options_, now)) forget_oldest();
}

void RevisionedStore::Core::compact(Revision up_to) {
  auto& history = loaded_.history;
  while (history.size() > 0 && history.events().front()->revision <= up_to) forget_oldest();
}

Status RevisionedStore::Core::writable() const { return closed_.ok() ? disk_failure_ : closed_; }

StoreStats RevisionedStore::Core::stats() const {
  StoreStats stats = stats_;
  stats.objects = loaded_.objects.size();
  stats.history_events = loaded_.history.size();
  stats.history_bytes = loaded_.history.bytes();
  stats.pending_writes = pending_writes_;
  stats.watchers = hub_.size();
  return stats;
}

Task<void> RevisionedStore::Core::close(std::shared_ptr<Core> self) {
  self->closing_ = true;
  while (self->pending_writes_ > 0) co_await self->idle_.wait();
  self->shut(Status(503, reasons::kServiceUnavailable, "the store is closed"));
}

void RevisionedStore::Core::shut(Status why) {
  if (!closed_.ok()) return;
  closing_ = true;
  closed_ = std::move(why);
  if (under_way_) settle(std::exchange(under_way_, nullptr), closed_);
  fail_accepted(closed_);
  hub_.close_all();
}

}  // namespace heirloom::server
