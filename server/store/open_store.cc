#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/revisioned_store.h"
#include "server/store/sqlite_log.h"

namespace heirloom::server {
namespace {

Status unusable(const std::string& path, std::string_view doing, int error) {
  return {
      503, reasons::kServiceUnavailable,
      fmt::format(
          "cannot {} {}: {}; see that this user owns the directory and may write there, or choose another",
          doing, path, std::strerror(error))};
}

Status sync_directory(const std::string& directory) {
  const int folder = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return unusable(directory, "open", errno);
  const bool synced = fsync(folder) == 0;
  const int sync_error = errno;
  ::close(folder);
  return synced ? Status() : unusable(directory, "sync", sync_error);
}

// SQLite would make the file readable for all; the WAL then takes the database's mode. What is in it
// (Secrets) is for this user alone.
Status prepare_directory(const std::string& directory) {
  const bool made = mkdir(directory.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return unusable(directory, "create", errno);
  struct stat info {};
  if (stat(directory.c_str(), &info) != 0) return unusable(directory, "open", errno);
  if (!S_ISDIR(info.st_mode)) return unusable(directory, "use", ENOTDIR);

  // Never opened when it is there: closing a descriptor drops the process's locks on the file.
  const std::string file = directory + "/heirloom.db";
  const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor >= 0) {
    ::close(descriptor);
  } else if (errno != EEXIST) {
    return unusable(file, "create", errno);
  } else if (access(file.c_str(), R_OK | W_OK) != 0) {
    return unusable(file, "open", errno);
  } else if (chmod(file.c_str(), 0600) != 0) {
    return unusable(file, "restrict to this user", errno);
  }

  // The names must survive a power cut as surely as what they name.
  TRY_VOID(sync_directory(directory));
  const Status parent = sync_directory(directory + "/..");
  return made ? parent : Status();  // a parent that is not ours to read was there before, too
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(DiskOptions disk, StoreOptions options, Executor executor,
                                          Clock* clock, std::unique_ptr<CommitRunner> runner) {
  if (disk.vfs.empty()) TRY_VOID(prepare_directory(disk.directory));
  LoadedState loaded;
  TRY(std::unique_ptr<CommitLog> log, SqliteLog::open(disk, clock->monotonic(), loaded));
  return std::unique_ptr<Store>(std::make_unique<RevisionedStore>(
      options, std::move(executor), clock, std::move(runner), std::move(log), std::move(loaded)));
}

}  // namespace heirloom::server
