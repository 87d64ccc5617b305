#include "server/store/sqlite_log.h"

#include <sqlite3.h>

#include "base/log.h"

namespace heirloom::server {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr int kApplicationId =
    0x4865724c;  // "HerL", in the database header, so that `file` and we can tell it

// Pages of 4 KiB. A checkpoint copies them into the database and costs two syncs; 4,000 pages is 16 MiB.
constexpr int kIdleCheckpointPages = 1'000;
constexpr int kCheckpointPages = 4'000;

constexpr const char* kCreate = R"sql(
  CREATE TABLE log(
    revision INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    create_revision INTEGER NOT NULL,
    prev_revision INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    value TEXT);
  CREATE TABLE meta(compacted INTEGER NOT NULL, format INTEGER NOT NULL);
  INSERT INTO meta(compacted, format) VALUES(1, 1);
)sql";

bool is_full(int code) { return code == SQLITE_FULL; }

}  // namespace

Result<std::unique_ptr<SqliteLog>> SqliteLog::open(const DiskOptions& options, MonotonicTime now,
                                                   LoadedState& loaded) {
  std::string file = options.directory + "/heirloom.db";
  std::unique_ptr<SqliteLog> log(new SqliteLog(std::move(file)));
  if (!log->connection_.open(log->file_, options.vfs)) return log->failure("open");
  TRY_VOID(log->configure(options));
  TRY_VOID(log->prepare_tables());
  TRY_VOID(log->load(now, loaded));
  const bool prepared = log->connection_.prepare("BEGIN IMMEDIATE", log->begin_) &&
                        log->connection_.prepare("COMMIT", log->commit_) &&
                        log->connection_.prepare("ROLLBACK", log->rollback_) &&
                        log->connection_.prepare(
                            "INSERT INTO log(revision, key, create_revision, prev_revision, deleted, value) "
                            "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                            log->insert_) &&
                        log->connection_.prepare("DELETE FROM log WHERE revision = ?1", log->delete_) &&
                        log->connection_.prepare("UPDATE meta SET compacted = ?1", log->set_compacted_);
  if (!prepared) return log->failure("prepare");
  return log;
}

Status SqliteLog::configure(const DiskOptions& options) {
  // Exclusive, and so before the first read: no other process may write, and no shared memory file is needed.
  const char* pragmas[] = {
      "PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=WAL",
      options.synchronous ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=OFF",
      "PRAGMA wal_autocheckpoint=0",  // tidy() does it: its errors matter
  };
  for (const char* pragma : pragmas)
    if (!connection_.execute(pragma)) return failure("open");
  // Takes the lock for good, also when there is nothing to write.
  if (!connection_.execute("BEGIN IMMEDIATE") || !connection_.execute("COMMIT")) return failure("open");
  sqlite3_wal_hook(
      connection_.handle(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<SqliteLog*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  return {};
}

Status SqliteLog::prepare_tables() {
  SqliteStatement statement;
  if (!connection_.prepare(
          "SELECT (SELECT count(*) FROM sqlite_schema), application_id FROM pragma_application_id",
          statement) ||
      statement.step() != SqliteStatement::Step::Row)
    return failure("read");
  const bool fresh = statement.integer(0) == 0;
  const bool ours = statement.integer(1) == kApplicationId;
  statement.reset();
  if (!fresh && !ours)
    return internal_error(
        fmt::format("{} is an SQLite database of some other program; choose another data directory", file_));
  if (!fresh) return {};
  const std::string mark = fmt::format("PRAGMA application_id={}", kApplicationId);
  if (!connection_.execute("BEGIN IMMEDIATE") || !connection_.execute(mark.c_str()) ||
      !connection_.execute(kCreate) || !connection_.execute("COMMIT"))
    return failure("create");
  return {};
}

Status SqliteLog::load(MonotonicTime now, LoadedState& loaded) {
  SqliteStatement check;
  if (!connection_.prepare("PRAGMA quick_check(1)", check) || check.step() != SqliteStatement::Step::Row)
    return failure("check");
  if (check.text(0) != "ok") return corrupt(check.text(0));
  check.reset();

  SqliteStatement meta;
  if (!connection_.prepare("SELECT compacted, format FROM meta", meta)) return failure("read");
  switch (meta.step()) {
    case SqliteStatement::Step::Failed:
      return failure("read");
    case SqliteStatement::Step::Done:
      return corrupt("table meta is empty");
    case SqliteStatement::Step::Row:
      break;
  }
  const Revision compacted = meta.integer(0);
  const std::int64_t format = meta.integer(1);
  if (format != kFormat)
    return internal_error(
        fmt::format("{} has store format {}, and this version of heirloom reads format {}; run the version "
                    "that wrote it, or "
                    "choose another data directory",
                    file_, format, kFormat));
  if (compacted < 1) return corrupt("meta.compacted is below 1");
  loaded.history = History(compacted);
  loaded.revision = compacted;
  return load_rows(now, loaded);
}

Status SqliteLog::load_rows(MonotonicTime now, LoadedState& loaded) {
  const Revision compacted = loaded.history.compacted();
  SqliteStatement rows;
  if (!connection_.prepare(
          "SELECT revision, key, create_revision, prev_revision, deleted, value FROM log ORDER BY revision",
          rows))
    return failure("read");
  for (;;) {
    const auto step = rows.step();
    if (step == SqliteStatement::Step::Done) return {};
    if (step == SqliteStatement::Step::Failed) return failure("read");
    auto event = std::make_shared<StoreEvent>();
    event->revision = rows.integer(0);
    event->previous = loaded.objects.find(rows.text(1));
    const Revision previous = event->previous ? event->previous->mod_revision : 0;
    // What a row at or before `compacted` replaced is gone already.
    if (event->revision > compacted && previous != rows.integer(3))
      return corrupt(fmt::format("revision {} follows revision {}, which is not there", event->revision,
                                 rows.integer(3)));
    if (rows.integer(4) == 0) {
      auto value = Json::parse(rows.text(5));
      if (!value.ok())
        return corrupt(
            fmt::format("the value of revision {}: {}", event->revision, value.status().message()));
      auto object = std::make_shared<StoredObject>();
      object->key = rows.text(1);
      object->value = std::move(value).value();
      object->create_revision = rows.integer(2);
      object->mod_revision = event->revision;
      event->current = std::move(object);
      loaded.objects.put(event->current);
    } else if (!event->previous) {
      return corrupt(fmt::format("revision {} deletes what is not there", event->revision));
    } else {
      loaded.objects.erase(event->key());
    }
    if (event->revision <= compacted) continue;
    loaded.revision = event->revision;
    loaded.history.append(std::move(event), now);
  }
}

Status SqliteLog::append(const LogBatch& batch) {
  if (!broken_.ok()) return broken_;
  if (write(batch)) return {};
  Status status = failure("write");
  const bool full = is_full(connection_.code());
  // Most failures of COMMIT have rolled back already; after any other this must succeed for us to go on.
  if (connection_.in_transaction() && !rollback_.run() && connection_.in_transaction())
    broken_ = failure("roll back");
  if (!full) broken_ = status;
  return status;
}

bool SqliteLog::write(const LogBatch& batch) {
  if (!begin_.run()) return false;
  for (const StoreEventPtr& event : batch.events)
    if (!insert(*event)) return false;
  return forget(batch) && commit_.run();
}

bool SqliteLog::insert(const StoreEvent& event) {
  insert_.bind(1, event.revision);
  insert_.bind(2, event.key());
  insert_.bind(3, event.current ? event.current->create_revision : event.previous->create_revision);
  insert_.bind(4, event.previous ? event.previous->mod_revision : 0);
  insert_.bind(5, static_cast<std::int64_t>(event.deleted() ? 1 : 0));
  if (event.current) {
    text_.clear();
    write_json(event.current->value, text_);
    insert_.bind(6, text_);
  } else {
    insert_.bind_null(6);
  }
  return insert_.run();
}

bool SqliteLog::forget(const LogBatch& batch) {
  if (batch.forgotten.empty()) return true;
  for (const ForgottenEvent& event : batch.forgotten) {
    if (event.previous != 0) {
      delete_.bind(1, event.previous);
      if (!delete_.run()) return false;
    }
    if (event.deleted) {
      delete_.bind(1, event.revision);
      if (!delete_.run()) return false;
    }
  }
  set_compacted_.bind(1, batch.forgotten.back().revision);
  return set_compacted_.run();
}

CommitLog::Tidying SqliteLog::wants_tidying() const {
  if (!broken_.ok() || wal_pages_ < kIdleCheckpointPages) return Tidying::None;
  return wal_pages_ < kCheckpointPages ? Tidying::WhenIdle : Tidying::Now;
}

// A checkpoint that cannot write the database leaves the WAL as it is, so nothing is lost; but a failed sync
// may be the only sign a dying disk gives, so only lack of space is forgiven.
void SqliteLog::tidy() {
  wal_pages_ = 0;
  const int code =
      sqlite3_wal_checkpoint_v2(connection_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code == SQLITE_OK) return;
  const Status status = failure("checkpoint");
  if (!is_full(code & 0xff)) broken_ = status;
  log::error("checkpoint of the store failed", {{"reason", status.message()}});
}

Status SqliteLog::failure(std::string_view doing) {
  const int code = connection_.code();
  const std::string what = fmt::format("{} ({})", connection_.message(), connection_.extended_code());
  const auto unavailable = [](std::string message) {
    return Status(503, reasons::kServiceUnavailable, std::move(message));
  };
  switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return unavailable(fmt::format(
          "{} is in use by another process; stop that process, or choose another data directory", file_));
    case SQLITE_FULL:
      return unavailable(fmt::format(
          "no space left for {}: the store takes no writes until there is room on its volume", file_));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return corrupt(connection_.message());
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return unavailable(
          fmt::format("cannot {} {}: {}; see that this user may read and write the file and its directory",
                      doing, file_, what));
    case SQLITE_IOERR:
      return unavailable(fmt::format(
          "cannot {} {}: {}; nothing more is written: check the disk, then start again", doing, file_, what));
    default:
      return unavailable(fmt::format("cannot {} {}: {}", doing, file_, what));
  }
}

Status SqliteLog::corrupt(std::string_view what) const {
  return internal_error(
      fmt::format("{} is damaged: {}; restore the data directory from a copy, or move it away to start empty",
                  file_, what));
}

}  // namespace heirloom::server
