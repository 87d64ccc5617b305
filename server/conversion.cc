#include "server/conversion.h"

namespace heirloom::server {

Json to_version(const Resource& resource, const ResourceVersionInfo& version, const Json& object) {
  const auto wanted = resource.group.empty() ? version.name : resource.group + "/" + version.name;
  if (object["apiVersion"].string() == wanted) return object;
  return rewrite(object, {set_at({std::string("apiVersion")}, Json::string(wanted))});
}

}  // namespace heirloom::server
