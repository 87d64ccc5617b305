#include "server/store/testing/faulty_disk.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <new>
#include <optional>
#include <utility>

#include <sqlite3.h>

#include "base/assert.h"

namespace heirloom::server {
namespace {

constexpr std::size_t kSectorBytes = 512;

// A change that was written and not synced yet: bytes at an offset, or a truncation to a size.
struct Change {
  bool truncates = false;
  std::size_t offset = 0;  // or the new size
  std::string bytes;
};

void apply_change(std::string& content, const Change& change) {
  if (change.truncates) {
    content.resize(std::min(content.size(), change.offset));
    return;
  }
  const std::size_t end = change.offset + change.bytes.size();
  if (content.size() < end) content.resize(end, '\0');
  content.replace(change.offset, change.bytes.size(), change.bytes);
}

struct DiskFile {
  std::string synced;  // what a power loss cannot take
  std::string content;
  std::vector<Change> unsynced;
  const void* lock_holder = nullptr;  // a connection's file with RESERVED or more
  int lock_level = SQLITE_LOCK_NONE;  // of the holder

  void change(Change change) {
    apply_change(content, change);
    unsynced.push_back(std::move(change));
  }
  void sync() {
    for (const Change& each : unsynced) apply_change(synced, each);
    unsynced.clear();
  }
};

}  // namespace

struct FaultyDisk::State {
  explicit State(std::uint64_t seed) : random(seed) {}

  SeededRandom random;
  std::string name;
  sqlite3_vfs vfs{};
  std::map<std::string, std::shared_ptr<DiskFile>> files;
  std::uint64_t boot = 1;  // files opened before the last power loss are dead
  std::uint64_t calls = 0;
  std::uint64_t syncs = 0;
  std::uint64_t fail_at = 0;  // 0: never
  std::optional<Call> fail_kind;
  Fault fault = Fault::Io;
  bool for_good = false;
  bool ignores_syncs = false;
  bool happened = false;

  // The fault of this call, if it is to have one.
  std::optional<Fault> next_fault(Call call) {
    ++calls;
    const bool now =
        (fail_at != 0 && (calls == fail_at || (for_good && calls > fail_at))) || fail_kind == call;
    if (!now) return std::nullopt;
    fail_kind.reset();
    happened = true;
    return fault;
  }

  void lose(DiskFile& file, PowerLoss loss) {
    switch (loss) {
      case PowerLoss::KeepAll:
        file.synced = file.content;
        break;
      case PowerLoss::DropAll:
        break;
      case PowerLoss::DropLast: {
        const auto kept = static_cast<std::ptrdiff_t>(random.below(file.unsynced.size() + 1));
        std::for_each(file.unsynced.begin(), file.unsynced.begin() + kept,
                      [&file](const Change& change) { apply_change(file.synced, change); });
        break;
      }
      case PowerLoss::Tear:
        for (const Change& change : file.unsynced) tear(file.synced, change);
        break;
    }
    file.content = file.synced;
    file.unsynced.clear();
    file.lock_holder = nullptr;
    file.lock_level = SQLITE_LOCK_NONE;
  }

  // Each sector of a write arrives or does not.
  void tear(std::string& synced, const Change& change) {
    if (change.truncates) {
      if (random.below(2) == 0) apply_change(synced, change);
      return;
    }
    std::size_t begin = 0;
    while (begin < change.bytes.size()) {
      const std::size_t to_boundary = kSectorBytes - (change.offset + begin) % kSectorBytes;
      const std::size_t size = std::min(to_boundary, change.bytes.size() - begin);
      if (random.below(2) == 0)
        apply_change(synced, {false, change.offset + begin, change.bytes.substr(begin, size)});
      begin += size;
    }
  }
};

namespace {

using State = FaultyDisk::State;
using Call = FaultyDisk::Call;
using Fault = FaultyDisk::Fault;

// What SQLite holds for an open file; SQLite owns the memory and knows only the first member.
struct OpenFile {
  sqlite3_file base;
  struct Body {
    std::shared_ptr<State> disk;
    std::shared_ptr<DiskFile> file;
    std::string path;
    std::uint64_t boot;
    bool delete_on_close;
  };
  Body* body;
};

OpenFile::Body& body_of(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file)->body; }

int code_of(Fault fault, int io_code) { return fault == Fault::Io ? io_code : SQLITE_FULL; }

// An error code when the call fails before it has any effect.
int refused(OpenFile::Body& body, Call call, int io_code) {
  if (body.boot != body.disk->boot) return io_code;
  const auto fault = body.disk->next_fault(call);
  return fault ? code_of(*fault, io_code) : SQLITE_OK;
}

int disk_close(sqlite3_file* file) {
  auto* open = reinterpret_cast<OpenFile*>(file);
  OpenFile::Body& body = *open->body;
  if (body.boot == body.disk->boot) {
    if (body.file->lock_holder == open) {
      body.file->lock_holder = nullptr;
      body.file->lock_level = SQLITE_LOCK_NONE;
    }
    if (body.delete_on_close) body.disk->files.erase(body.path);
  }
  delete open->body;
  open->body = nullptr;
  return SQLITE_OK;
}

int disk_read(sqlite3_file* file, void* buffer, int size, sqlite3_int64 offset) {
  OpenFile::Body& body = body_of(file);
  if (const int code = refused(body, Call::Read, SQLITE_IOERR_READ); code != SQLITE_OK) return code;
  const std::string& content = body.file->content;
  const auto begin = std::min(static_cast<std::size_t>(offset), content.size());
  const auto got = std::min(static_cast<std::size_t>(size), content.size() - begin);
  std::memcpy(buffer, content.data() + begin, got);
  if (got == static_cast<std::size_t>(size)) return SQLITE_OK;
  std::memset(static_cast<char*>(buffer) + got, 0, static_cast<std::size_t>(size) - got);
  return SQLITE_IOERR_SHORT_READ;
}

int disk_write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  OpenFile::Body& body = body_of(file);
  if (body.boot != body.disk->boot) return SQLITE_IOERR_WRITE;
  Change change{false, static_cast<std::size_t>(offset),
                std::string(static_cast<const char*>(data), static_cast<std::size_t>(size))};
  const auto fault = body.disk->next_fault(Call::Write);
  if (!fault) {
    body.file->change(std::move(change));
    return SQLITE_OK;
  }
  if (*fault == Fault::ShortWrite) {
    change.bytes.resize(body.disk->random.below(change.bytes.size() + 1));
    body.file->change(std::move(change));
  }
  return code_of(*fault, SQLITE_IOERR_WRITE);
}

int disk_truncate(sqlite3_file* file, sqlite3_int64 size) {
  OpenFile::Body& body = body_of(file);
  if (const int code = refused(body, Call::Truncate, SQLITE_IOERR_TRUNCATE); code != SQLITE_OK) return code;
  body.file->change({true, static_cast<std::size_t>(size), {}});
  return SQLITE_OK;
}

int disk_sync(sqlite3_file* file, int) {
  OpenFile::Body& body = body_of(file);
  if (const int code = refused(body, Call::Sync, SQLITE_IOERR_FSYNC); code != SQLITE_OK) return code;
  if (!body.disk->ignores_syncs) body.file->sync();
  ++body.disk->syncs;
  return SQLITE_OK;
}

int disk_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(body_of(file).file->content.size());
  return SQLITE_OK;
}

// One connection at a time: the store opens exclusively. SHARED is therefore not counted.
int disk_lock(sqlite3_file* file, int level) {
  OpenFile::Body& body = body_of(file);
  if (body.boot != body.disk->boot) return SQLITE_IOERR_LOCK;
  DiskFile& disk_file = *body.file;
  if (disk_file.lock_holder != nullptr && disk_file.lock_holder != file) return SQLITE_BUSY;
  if (level > SQLITE_LOCK_SHARED) disk_file.lock_holder = file;
  disk_file.lock_level = std::max(disk_file.lock_level, level);
  return SQLITE_OK;
}

int disk_unlock(sqlite3_file* file, int level) {
  DiskFile& disk_file = *body_of(file).file;
  if (disk_file.lock_holder != file) return SQLITE_OK;
  disk_file.lock_level = level;
  if (level <= SQLITE_LOCK_SHARED) disk_file.lock_holder = nullptr;
  return SQLITE_OK;
}

int disk_check_reserved(sqlite3_file* file, int* held) {
  *held = body_of(file).file->lock_holder != nullptr ? 1 : 0;
  return SQLITE_OK;
}

int disk_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int disk_sector_size(sqlite3_file*) { return static_cast<int>(kSectorBytes); }
int disk_characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

// Version 1: no shared memory, so WAL works only with exclusive locking, which is what the store does.
const sqlite3_io_methods kMethods = {
    1,
    disk_close,
    disk_read,
    disk_write,
    disk_truncate,
    disk_sync,
    disk_size,
    disk_lock,
    disk_unlock,
    disk_check_reserved,
    disk_control,
    disk_sector_size,
    disk_characteristics,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
};

std::shared_ptr<State> disk_of(sqlite3_vfs* vfs) {
  return *static_cast<std::shared_ptr<State>*>(vfs->pAppData);
}

int vfs_open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  const std::shared_ptr<State> disk = disk_of(vfs);
  if (const auto fault = disk->next_fault(Call::Open)) return code_of(*fault, SQLITE_CANTOPEN);
  const std::string name = path != nullptr ? path : "temporary-" + std::to_string(disk->random.next());
  auto& entry = disk->files[name];
  if (!entry) {
    if ((flags & SQLITE_OPEN_CREATE) == 0) {
      disk->files.erase(name);
      return SQLITE_CANTOPEN;
    }
    entry = std::make_shared<DiskFile>();
  }
  auto* open = reinterpret_cast<OpenFile*>(file);
  const bool temporary = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  open->body = new OpenFile::Body{disk, entry, name, disk->boot, temporary};
  open->base.pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

// A deletion is durable at once: the kindest case for losing data.
int vfs_delete(sqlite3_vfs* vfs, const char* path, int) {
  const std::shared_ptr<State> disk = disk_of(vfs);
  if (const auto fault = disk->next_fault(Call::Delete)) return code_of(*fault, SQLITE_IOERR_DELETE);
  return disk->files.erase(path) != 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

int vfs_access(sqlite3_vfs* vfs, const char* path, int, int* result) {
  *result = disk_of(vfs)->files.count(path) != 0 ? 1 : 0;
  return SQLITE_OK;
}

int vfs_full_path(sqlite3_vfs*, const char* path, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", path);
  return SQLITE_OK;
}

int vfs_randomness(sqlite3_vfs* vfs, int size, char* out) {
  const std::shared_ptr<State> disk = disk_of(vfs);
  for (int i = 0; i < size; ++i) out[i] = static_cast<char>(disk->random.next() & 0xff);
  return size;
}

int vfs_sleep(sqlite3_vfs*, int microseconds) { return microseconds; }

int vfs_time(sqlite3_vfs*, sqlite3_int64* milliseconds) {
  *milliseconds = 0;  // the store asks SQLite for no times
  return SQLITE_OK;
}

int vfs_time_days(sqlite3_vfs*, double* days) {
  *days = 0;
  return SQLITE_OK;
}

int vfs_last_error(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

FaultyDisk::FaultyDisk(std::uint64_t seed) : state_(std::make_shared<State>(seed)) {
  // SQLite knows VFSs by name, process-wide; the address keeps disks that live at once apart.
  state_->name = "heirloom-faulty-" + std::to_string(reinterpret_cast<std::uintptr_t>(state_.get()));
  sqlite3_vfs& vfs = state_->vfs;
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(OpenFile);
  vfs.mxPathname = 512;
  vfs.zName = state_->name.c_str();
  vfs.pAppData = &state_;
  vfs.xOpen = vfs_open;
  vfs.xDelete = vfs_delete;
  vfs.xAccess = vfs_access;
  vfs.xFullPathname = vfs_full_path;
  vfs.xRandomness = vfs_randomness;
  vfs.xSleep = vfs_sleep;
  vfs.xCurrentTime = vfs_time_days;
  vfs.xCurrentTimeInt64 = vfs_time;
  vfs.xGetLastError = vfs_last_error;
  const int code = sqlite3_vfs_register(&vfs, 0);
  HEIRLOOM_ASSERT(code == SQLITE_OK);
}

FaultyDisk::~FaultyDisk() { sqlite3_vfs_unregister(&state_->vfs); }

const std::string& FaultyDisk::vfs() const { return state_->name; }

void FaultyDisk::lose_power(PowerLoss loss) {
  ++state_->boot;
  for (auto& entry : state_->files) {
    // A fresh copy: what is still open keeps the old one.
    auto copy = std::make_shared<DiskFile>(*entry.second);
    state_->lose(*copy, loss);
    entry.second = std::move(copy);
  }
}

void FaultyDisk::fail_call(std::uint64_t n, Fault fault, bool for_good) {
  state_->fail_at = state_->calls + n;
  state_->fail_kind.reset();
  state_->fault = fault;
  state_->for_good = for_good;
  state_->happened = false;
}

void FaultyDisk::fail_next(Call call, Fault fault) {
  state_->fail_at = 0;
  state_->fail_kind = call;
  state_->fault = fault;
  state_->for_good = false;
  state_->happened = false;
}

void FaultyDisk::heal() {
  state_->fail_at = 0;
  state_->fail_kind.reset();
  state_->for_good = false;
}

void FaultyDisk::ignore_syncs() { state_->ignores_syncs = true; }

bool FaultyDisk::fault_happened() const { return state_->happened; }
std::uint64_t FaultyDisk::calls() const { return state_->calls; }
std::uint64_t FaultyDisk::syncs() const { return state_->syncs; }

std::size_t FaultyDisk::unsynced_writes() const {
  std::size_t sum = 0;
  for (const auto& entry : state_->files) sum += entry.second->unsynced.size();
  return sum;
}

std::string FaultyDisk::content(const std::string& path) const {
  const auto it = state_->files.find(path);
  return it == state_->files.end() ? std::string() : it->second->content;
}

void FaultyDisk::set_content(const std::string& path, std::string bytes) {
  auto& entry = state_->files[path];
  entry = std::make_shared<DiskFile>();
  entry->content = std::move(bytes);
  entry->sync();
}

}  // namespace heirloom::server
