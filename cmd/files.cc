#include "cmd/files.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace heirloom::cmd {
namespace {

Status failed(const char* what, const std::string& path) {
  return internal_error(fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

Status write_all(int fd, const std::string& content) {
  std::size_t at = 0;
  while (at < content.size()) {
    const ssize_t written = ::write(fd, content.data() + at, content.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return internal_error(std::strerror(errno));
    at += static_cast<std::size_t>(written);
  }
  return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return Status(404, reasons::kNotFound, fmt::format("{} does not exist", path));
    return failed("read", path);
  }
  std::ostringstream content;
  content << file.rdbuf();
  if (file.bad()) return failed("read", path);
  return content.str();
}

Status write_file(const std::string& path, const std::string& content) {
  const std::string beside = fmt::format("{}.{}.tmp", path, ::getpid());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failed("write", beside);
  Status status = write_all(fd, content);
  if (status.ok() && ::fsync(fd) != 0) status = failed("sync", beside);
  if (::close(fd) != 0 && status.ok()) status = failed("close", beside);
  if (status.ok() && ::rename(beside.c_str(), path.c_str()) != 0) status = failed("rename", beside);
  if (!status.ok()) ::unlink(beside.c_str());
  return annotate(status, fmt::format("cannot write {}", path));
}

Status make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return failed("make directory", path);
}

}  // namespace heirloom::cmd
