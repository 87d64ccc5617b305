#include "server/store/revisioned_store.h"

#include <algorithm>
#include <utility>

#include "server/store/store_core.h"

namespace heirloom::server {
namespace {

// Keeps the store's core alive, so that it may outlive the store: it then says that the store is closed.
class PulledWatch final : public StoreWatch {
 public:
  PulledWatch(std::shared_ptr<RevisionedStore::Core> core, WatcherPtr watcher)
      : core_(std::move(core)), watcher_(std::move(watcher)) {}
  ~PulledWatch() override { core_->hub().remove(watcher_); }

  Task<Result<std::vector<StoreEventPtr>>> next(std::optional<MonotonicTime> deadline) override {
    return pull(core_, watcher_, deadline);
  }

  Revision progress() const override {
    return watcher_->pending != 0 ? watcher_->after : std::max(watcher_->after, core_->revision());
  }

 private:
  static Task<Result<std::vector<StoreEventPtr>>> pull(std::shared_ptr<RevisionedStore::Core> core,
                                                       WatcherPtr watcher,
                                                       std::optional<MonotonicTime> deadline) {
    std::vector<StoreEventPtr> events;
    for (;;) {
      if (watcher->closed) co_return Status(503, reasons::kServiceUnavailable, "the store is closed");
      auto taken = take_events(*watcher, core->history(), core->revision());
      if (!taken.ok()) co_return std::move(taken).status();
      events = std::move(taken).value();
      if (!events.empty()) co_return events;
      if (watcher->pending != 0) continue;
      if (!deadline) {
        co_await watcher->changed.wait();
        continue;
      }
      const bool in_time = co_await watcher->changed.wait_until(core->clock(), *deadline);
      if (!in_time && watcher->pending == 0 && !watcher->closed) co_return events;
    }
  }

  std::shared_ptr<RevisionedStore::Core> core_;
  WatcherPtr watcher_;
};

}  // namespace

Result<std::unique_ptr<StoreWatch>> RevisionedStore::Core::watch(std::string selection, Revision after) {
  if (!closed_.ok()) return closed_;
  const History& history = loaded_.history;
  if (after < history.compacted()) return expired(after, history.compacted());
  auto watcher = std::make_shared<Watcher>(executor_, std::move(selection), after);
  if (after < loaded_.revision) watcher->pending = after + 1;
  hub_.add(watcher);
  return std::unique_ptr<StoreWatch>(std::make_unique<PulledWatch>(shared_from_this(), std::move(watcher)));
}

RevisionedStore::RevisionedStore(StoreOptions options, Executor executor, Clock* clock,
                                 std::unique_ptr<CommitRunner> runner, std::unique_ptr<CommitLog> log,
                                 LoadedState loaded)
    : core_(std::make_shared<Core>(options, std::move(executor), clock, std::move(runner), std::move(log),
                                   std::move(loaded))) {}

RevisionedStore::~RevisionedStore() {
  core_->shut(Status(503, reasons::kServiceUnavailable, "the store is gone"));
}

Revision RevisionedStore::revision() const { return core_->revision(); }
Revision RevisionedStore::compacted() const { return core_->history().compacted(); }
StoredPtr RevisionedStore::get(std::string_view key) const { return core_->objects().find(key); }

Result<StoreList> RevisionedStore::list(std::string_view selection, const StoreListOptions& options) const {
  return list_objects(core_->objects(), core_->history(), core_->revision(), selection, options);
}

Task<Result<Committed>> RevisionedStore::commit(Write write) { return Core::commit(core_, std::move(write)); }
Task<void> RevisionedStore::close() { return Core::close(core_); }

Result<std::unique_ptr<StoreWatch>> RevisionedStore::watch(std::string selection, Revision after) {
  return core_->watch(std::move(selection), after);
}

void RevisionedStore::compact(Revision up_to) { core_->compact(up_to); }
Status RevisionedStore::writable() const { return core_->writable(); }
StoreStats RevisionedStore::stats() const { return core_->stats(); }

std::unique_ptr<Store> make_memory_store(StoreOptions options, Executor executor, Clock* clock) {
  auto runner = make_loop_commit_runner(executor);
  return std::make_unique<RevisionedStore>(options, std::move(executor), clock, std::move(runner), nullptr,
                                           LoadedState());
}

}  // namespace heirloom::server
