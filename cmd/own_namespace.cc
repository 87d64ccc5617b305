#include "cmd/own_namespace.h"

#include <cstdlib>

#include "cmd/files.h"

namespace heirloom::cmd {

std::string own_namespace() {
  if (const char* told = std::getenv("POD_NAMESPACE"); told != nullptr && *told != '\0') return told;
  const Result<std::string> mounted = read_file("/var/run/secrets/kubernetes.io/serviceaccount/namespace");
  if (!mounted.ok()) return {};
  return mounted->substr(0, mounted->find_first_of(" \r\n"));
}

}  // namespace heirloom::cmd
