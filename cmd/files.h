// Small files of the data directory.
#pragma once

#include <string>

#include "base/result.h"

namespace heirloom::cmd {

// Error: NotFound, or InternalError naming the file and the reason.
Result<std::string> read_file(const std::string& path);
// Complete when it appears: written beside, synced, renamed. Mode 0600.
Status write_file(const std::string& path, const std::string& content);
// Made (0700) when absent.
Status make_directory(const std::string& path);

}  // namespace heirloom::cmd
