#include "server/conversion.h"

#include "schema/defaults.h"

namespace heirloom::server {

Json to_version(const Resource& resource, const ResourceVersionInfo& version, const Json& object) {
  const auto wanted = resource.group.empty() ? version.name : resource.group + "/" + version.name;
  const bool same = object["apiVersion"].string() == wanted;
  const Json converted =
      same ? object : rewrite(object, {set_at({std::string("apiVersion")}, Json::string(wanted))});
  // A default that came into the schema later also shows in objects stored before.
  return resource.custom ? schema::apply_defaults(converted, *version.schema) : converted;
}

}  // namespace heirloom::server
