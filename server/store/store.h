// Store: the revisioned, durable object store beneath the API server, as etcd is beneath Kubernetes'.
//
// Every commit gets the next revision. Reads, watches and the answers of commit() know a revision only once
// it is durable, and a revision somebody could have seen is never given to anything else, not even after a
// crash. Reads are served from memory and never wait; values are immutable Json blocks that readers share.
//
// Keys are bytes in memcmp order; the server makes them of parts joined by '/', e.g.
// "/apps/deployments/default/web". A *selection* of keys, wherever one is asked for below: a text that ends
// with '/' (or the empty text) selects every key that begins with it; any other text selects exactly that
// key.
//
// One event loop: all calls come from the thread of the executor given at opening. Disk work happens behind
// CommitRunner (commit_runner.h), so tests and the simulation commit without a thread.
// Source of the semantics: etcd v3 (mod and create revisions, compaction, prev_kv), Kubernetes API concepts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "base/task.h"

namespace heirloom::server {

class CommitRunner;

// The store's logical clock; metadata.resourceVersion is its decimal text. An empty store is at 1, its first
// commit is 2: so 0 stays free for "must not exist" and for Kubernetes' "any version".
using Revision = std::int64_t;

// One object as of one revision. Immutable, shared by the store, its history and all readers.
struct StoredObject {
  std::string key;
  Json value;
  Revision create_revision = 0;
  Revision mod_revision = 0;
};
using StoredPtr = std::shared_ptr<const StoredObject>;

// A commit as watchers see it. Creation: no previous. Deletion: no current.
struct StoreEvent {
  Revision revision = 0;
  StoredPtr current;
  StoredPtr previous;
  bool deleted() const { return current == nullptr; }
  const std::string& key() const { return current ? current->key : previous->key; }
};
using StoreEventPtr = std::shared_ptr<const StoreEvent>;

// A compare-and-swap of one key.
struct Write {
  std::string key;
  Revision expected = 0;      // mod_revision the key must have; 0: the key must not exist
  std::optional<Json> value;  // nullopt deletes
};

struct Committed {
  Revision revision = 0;  // of this commit, durable
  StoredPtr object;       // as stored (stamped, see StoreOptions); null after a deletion
  StoredPtr previous;     // what it replaced; null after a creation
};

struct StoreListOptions {
  std::string start;      // first key to return, inclusive; "" = from the beginning of the selection
  std::size_t limit = 0;  // 0 = everything
  Revision at = 0;        // 0 = now
};

struct StoreList {
  std::vector<StoredPtr> items;  // in key order
  Revision revision = 0;      // what the list is consistent with; pass as `at` with `next` for the next page
  std::string next;           // `start` of the next page; "" when the list is complete
  std::size_t remaining = 0;  // objects of the selection behind the last one returned
};

// A pull stream of events; see Store::watch. One next() at a time. May be dropped at any time, outlives its
// store.
class StoreWatch {
 public:
  virtual ~StoreWatch() = default;
  // Waits for events and returns some of them (at most kWatchBatch), oldest first, each exactly once, none
  // left out. Empty when the deadline came first. Errors: Expired (410) when the watcher was so slow that the
  // history it still needs was compacted; ServiceUnavailable when the store was closed. Unwinds when the task
  // is cancelled.
  virtual Task<Result<std::vector<StoreEventPtr>>> next(std::optional<MonotonicTime> deadline) = 0;
  // Everything of the selection up to here has been returned by next(): the resourceVersion of a BOOKMARK.
  virtual Revision progress() const = 0;
};

struct StoreStats {
  std::size_t objects = 0;
  std::size_t history_events = 0;  // kept for watches and older lists
  std::size_t history_bytes = 0;   // of values that only the history keeps
  std::size_t pending_writes = 0;  // accepted, not yet durable
  std::size_t watchers = 0;
  std::uint64_t commits = 0;  // writes made durable since opening
  std::uint64_t batches = 0;  // transactions they took
};

class Store {
 public:
  virtual ~Store() = default;

  // The newest durable revision.
  virtual Revision revision() const = 0;
  // Lists at, and watches from, revisions before this one are refused with Expired.
  virtual Revision compacted() const = 0;

  // Null when there is none.
  virtual StoredPtr get(std::string_view key) const = 0;

  // Errors: Expired (410) when `at` was compacted; Timeout (504, cause ResourceVersionTooLarge) when it lies
  // ahead.
  virtual Result<StoreList> list(std::string_view selection, const StoreListOptions& options) const = 0;

  // Decides the compare-and-swap against the newest accepted state, in the order of calls, and returns when
  // the outcome is durable: a refusal too is given only when the write that caused it can be read. Errors,
  // without effect: AlreadyExists (expected 0), NotFound (expected > 0, no such key), Conflict (another
  // mod_revision), TooManyRequests (kMaxPendingWrites). ServiceUnavailable: the disk failed, and the store is
  // or was read-only; then, as after a cancellation, the outcome is unknown until the store is opened again.
  // The messages speak of keys: callers that know the object put their own in place.
  virtual Task<Result<Committed>> commit(Write write) = 0;

  // Events of the selection with revisions above `after`, from history first, then as they become durable.
  // `after` may lie ahead of revision(). Error: Expired (410) when `after` was compacted.
  virtual Result<std::unique_ptr<StoreWatch>> watch(std::string selection, Revision after) = 0;

  // Forgets history up to and including the revision (bounded by revision()): for tests and operators. The
  // store does so by itself within the bounds of StoreOptions.
  virtual void compact(Revision up_to) = 0;

  // Success while writes are taken; otherwise why not and what to do: for /readyz and the log.
  virtual Status writable() const = 0;
  virtual StoreStats stats() const = 0;

  // Refuses new writes, waits until accepted ones are settled, then ends all watches. Destroying a store
  // without it is a crash: acknowledged commits are safe, accepted ones may or may not be there afterwards.
  virtual Task<void> close() = 0;
};

// Gives the value its revision before it is stored, e.g. sets metadata.resourceVersion. Pure and cheap.
using StampRevision = Json (*)(JsonView value, Revision revision);

struct StoreOptions {
  StampRevision stamp = nullptr;  // null: values are stored as they come

  // History is forgotten when it is older than this, or exceeds one of the other two.
  // 5 minutes is how often kube-apiserver compacts etcd.
  Duration history_age = std::chrono::minutes(5);
  std::size_t history_events = 100'000;
  std::size_t history_bytes = std::size_t{256} << 20;
};

// Limits.
inline constexpr std::size_t kMaxPendingWrites = 10'000;  // then commit() answers 429
inline constexpr std::size_t kMaxBatchWrites = 1'000;     // writes in one transaction
inline constexpr std::size_t kWatchBatch = 256;           // events one next() returns

// A store in memory alone: a commit is "durable" when the loop comes to it. For tests; nothing survives.
std::unique_ptr<Store> make_memory_store(StoreOptions options, Executor executor, Clock* clock);

struct DiskOptions {
  std::string directory;  // made (0700) when absent; holds heirloom.db and its WAL (0600)
  std::string vfs;        // name of a registered SQLite VFS; "" = the operating system's. For tests
  bool synchronous =
      true;  // false loses acknowledged commits in a power cut: only to prove that tests notice
};

// Opens or creates the store on disk (docs/store-format.md) and reads it into memory. Errors are one message
// naming the file and what to do: directory unwritable, in use by another process, corrupt, written by a
// newer version. The clock outlives the store.
Result<std::unique_ptr<Store>> open_store(DiskOptions disk, StoreOptions options, Executor executor,
                                          Clock* clock, std::unique_ptr<CommitRunner> runner);

}  // namespace heirloom::server
