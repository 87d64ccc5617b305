// RevisionedStore::Core: the state of a store and the life of its commits. Internal.
//
// accept -> (open batch) -> commit runner -> settled. A write is decided when it is accepted, against the
// newest accepted state: the durable objects overlaid with accepted ones. Readers see only the durable ones.
#pragma once

#include "server/store/revisioned_store.h"

namespace heirloom::server {

// Writes that become durable, or fail, together.
struct CommitBatch {
  explicit CommitBatch(Executor executor) : changed(std::move(executor)) {}
  std::vector<StoreEventPtr> events;
  bool settled = false;
  Status status;  // of the settled batch
  Signal changed;
};
using BatchPtr = std::shared_ptr<CommitBatch>;

class RevisionedStore::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(StoreOptions options, Executor executor, Clock* clock, std::unique_ptr<CommitRunner> runner,
       std::unique_ptr<CommitLog> log, LoadedState loaded);

  static Task<Result<Committed>> commit(std::shared_ptr<Core> self, Write write);
  static Task<void> close(std::shared_ptr<Core> self);
  Result<std::unique_ptr<StoreWatch>> watch(std::string selection, Revision after);
  void compact(Revision up_to);
  Status writable() const;
  StoreStats stats() const;
  // Fails what is not settled and ends all watches; nothing starts any more.
  void shut(Status why);

  // What StoreWatch needs.
  const History& history() const { return loaded_.history; }
  const ObjectMap& objects() const { return loaded_.objects; }
  Revision revision() const { return loaded_.revision; }
  Clock* clock() const { return clock_; }
  WatchHub& hub() { return hub_; }

 private:
  struct Accepted {
    StoredPtr object;  // null: accepted as deleted
    BatchPtr batch;
  };
  // What accept() said: a batch to wait for, with this write's event in it; or a batch to wait for before
  // asking again; or a refusal.
  struct Verdict {
    BatchPtr batch;
    StoreEventPtr event;
    Status refusal;
  };

  Verdict accept(const Write& write);
  StoreEventPtr enqueue(const Write& write, StoredPtr previous);
  void pump();
  void start_batch();
  void start_tidying();
  void batch_done(const Status& status, std::size_t forgotten);
  void publish(const CommitBatch& batch);
  void settle(BatchPtr batch, Status status);
  void fail_accepted(const Status& why);
  void note_disk_failure(const Status& status);
  void forget_old();
  void forget_oldest();

  const StoreOptions options_;
  const Executor executor_;
  Clock* const clock_;
  std::shared_ptr<CommitLog> log_;  // shared with the job under way
  LoadedState loaded_;
  WatchHub hub_;

  Revision last_given_;  // to an accepted write; never given again, even if that write fails
  std::unordered_map<std::string, Accepted> accepted_;
  std::deque<BatchPtr> queue_;  // not yet with the runner; the last one may still grow
  BatchPtr under_way_;          // with the runner
  std::size_t pending_writes_ = 0;
  bool running_ = false;                  // a job, a batch or tidying, is with the runner
  std::deque<ForgottenEvent> forgotten_;  // not yet deleted from the log
  Status disk_failure_;
  MonotonicTime retry_at_{};  // when a failure that may go away is put to the test again
  bool closing_ = false;
  Status closed_;
  Signal idle_;  // raised whenever a batch settles
  StoreStats stats_;
  std::unique_ptr<CommitRunner> runner_;  // last: its destructor waits for work that uses the log
};

}  // namespace heirloom::server
