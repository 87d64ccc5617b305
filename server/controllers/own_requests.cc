#include "server/controllers/own_requests.h"

#include <utility>

namespace heirloom::server {

Request own_request(Verb verb, const Resource& resource, std::string ns, std::string name) {
  Request request;
  request.verb = verb;
  request.group = resource.group;
  request.version = resource.storage_version().name;
  // A definition may keep the storage version unserved; any served one reaches the object.
  if (!resource.storage_version().served) {
    for (const auto& version : resource.versions) {
      if (version.served) request.version = version.name;
    }
  }
  request.resource = resource.plural;
  request.ns = std::move(ns);
  request.name = std::move(name);
  request.identity = admin_identity();
  return request;
}

Request own_merge_patch(const Resource& resource, std::string ns, std::string name, Json patch) {
  auto request = own_request(Verb::Patch, resource, std::move(ns), std::move(name));
  request.patch = PatchKind::Merge;
  request.body = std::move(patch);
  return request;
}

}  // namespace heirloom::server
