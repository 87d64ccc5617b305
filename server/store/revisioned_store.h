// RevisionedStore: the Store over an optional CommitLog. See store.h for the contract and
// docs/store-format.md for the life of a commit.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/signal.h"
#include "server/store/commit_log.h"
#include "server/store/commit_runner.h"
#include "server/store/store.h"
#include "server/store/watch_hub.h"

namespace heirloom::server {

class RevisionedStore final : public Store {
 public:
  // `log` null: nothing outlives the process.
  RevisionedStore(StoreOptions options, Executor executor, Clock* clock, std::unique_ptr<CommitRunner> runner,
                  std::unique_ptr<CommitLog> log, LoadedState loaded);
  ~RevisionedStore() override;

  Revision revision() const override;
  Revision compacted() const override;
  StoredPtr get(std::string_view key) const override;
  Result<StoreList> list(std::string_view selection, const StoreListOptions& options) const override;
  Task<Result<Committed>> commit(Write write) override;
  Result<std::unique_ptr<StoreWatch>> watch(std::string selection, Revision after) override;
  void compact(Revision up_to) override;
  Status writable() const override;
  StoreStats stats() const override;
  Task<void> close() override;

  class Core;  // shared with commit frames, watches and jobs under way, which may outlive the store object

 private:
  std::shared_ptr<Core> core_;
};

}  // namespace heirloom::server
