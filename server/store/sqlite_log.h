// SqliteLog: the CommitLog on disk. Layout and guarantees: docs/store-format.md.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "server/store/commit_log.h"
#include "server/store/sqlite.h"

namespace heirloom::server {

class SqliteLog final : public CommitLog {
 public:
  // Opens or creates, checks and reads. Loaded events count as made at `now`. Errors: one message, see
  // open_store.
  static Result<std::unique_ptr<SqliteLog>> open(const DiskOptions& options, MonotonicTime now,
                                                 LoadedState& loaded);

  Status append(const LogBatch& batch) override;
  Tidying wants_tidying() const override;
  void tidy() override;
  bool may_recover() const override { return broken_.ok(); }

 private:
  explicit SqliteLog(std::string file) : file_(std::move(file)) {}

  Status configure(const DiskOptions& options);
  Status prepare_tables();
  Status load(MonotonicTime now, LoadedState& loaded);
  Status load_rows(MonotonicTime now, LoadedState& loaded);
  bool write(const LogBatch& batch);
  bool insert(const StoreEvent& event);
  bool forget(const LogBatch& batch);
  Status failure(std::string_view doing);  // of the connection's last call, in words
  Status corrupt(std::string_view what) const;

  const std::string file_;
  SqliteConnection connection_;
  SqliteStatement begin_, commit_, rollback_, insert_, delete_, set_compacted_;
  int wal_pages_ = 0;  // since the last checkpoint
  Status broken_;      // the disk may have lost or kept anything: nothing is written until the next opening
  std::string text_;   // reused
};

}  // namespace heirloom::server
