#include "server/resource.h"

#include "base/assert.h"

namespace heirloom::server {

const ResourceVersionInfo* Resource::version(std::string_view name) const {
  for (const auto& version : versions) {
    if (version.name == name) return &version;
  }
  return nullptr;
}

const ResourceVersionInfo& Resource::storage_version() const {
  for (const auto& version : versions) {
    if (version.storage) return version;
  }
  HEIRLOOM_ASSERT(!versions.empty());
  return versions.front();
}

}  // namespace heirloom::server
