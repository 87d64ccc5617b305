#include "cmd/host.h"

#include <unistd.h>

namespace heirloom::cmd {

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "unknown";
}

}  // namespace heirloom::cmd
