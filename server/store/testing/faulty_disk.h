// FaultyDisk: a disk in memory behind an SQLite VFS. It keeps what was written apart from what was synced, so
// that a power loss can drop or tear everything else, and fails any call on demand. Deterministic for a seed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"

namespace heirloom::server {

class FaultyDisk {
 public:
  // What becomes of bytes that were written and not synced.
  enum class PowerLoss {
    KeepAll,   // the process died, the machine lives
    DropAll,   // nothing unsynced reached the disk
    DropLast,  // writes reached the disk in order, up to some point
    Tear,      // any sectors of any of the writes, in any combination
  };
  enum class Fault { Io, Full, ShortWrite };
  enum class Call { Open, Read, Write, Truncate, Sync, Delete };

  explicit FaultyDisk(std::uint64_t seed = 1);
  // Every connection is closed by then.
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  const std::string& vfs() const;  // the name to open with (DiskOptions::vfs)

  // Takes effect at once; connections that are still open then see only errors. Locks are gone.
  void lose_power(PowerLoss loss);

  // The n-th call from now (1 = the next) that may fail does, once; with `for_good` so does every later one
  // until heal(). ShortWrite is Full for calls that do not write.
  void fail_call(std::uint64_t n, Fault fault, bool for_good = false);
  void fail_next(Call call, Fault fault);
  void heal();
  // From now on a sync says it is done, and is not: what a store that shows too much too early relies on.
  void ignore_syncs();
  bool fault_happened() const;  // since the last fail_call or fail_next
  std::uint64_t calls() const;  // that may fail, since the start
  std::uint64_t syncs() const;
  std::size_t unsynced_writes() const;

  // For tests of damaged files: the bytes of a file as written; empty when there is none.
  std::string content(const std::string& path) const;
  void set_content(const std::string& path, std::string bytes);

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace heirloom::server
