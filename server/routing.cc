#include "server/routing.h"

#include <algorithm>
#include <utility>

#include "server/errors.h"
#include "server/strategy.h"

namespace heirloom::server {
namespace {

bool has_subresource(const Resource& resource, const ResourceVersionInfo& version, std::string_view name) {
  if (name == "status") return version.status_subresource;
  if (name == "scale") return version.scale.has_value();
  const auto& extra = resource.extra_subresources;
  return std::find(extra.begin(), extra.end(), name) != extra.end();
}

bool subresource_takes(Verb verb) { return verb == Verb::Get || verb == Verb::Update || verb == Verb::Patch; }

// Paths without a name are collections; those of a namespaced resource without a namespace can only be read.
bool path_takes(const Request& request, const Resource& resource) {
  const bool collection = request.name.empty();
  const bool all_namespaces = resource.namespaced() && request.ns.empty();
  switch (request.verb) {
    case Verb::List:
    case Verb::Watch:
      return collection;
    case Verb::Create:
      return collection && !all_namespaces;
    case Verb::DeleteCollection:
      return collection && !all_namespaces && strategy_of(resource).delete_collection;
    case Verb::Get:
    case Verb::Update:
    case Verb::Patch:
    case Verb::Delete:
      return !collection && !all_namespaces;
  }
  return false;
}

}  // namespace

Result<Call> route(const Registry& registry, Request request) {
  Call call;
  call.resource = registry.find(request.group, request.resource);
  if (call.resource == nullptr) return no_such_resource();
  call.version = call.resource->version(request.version);
  if (call.version == nullptr || !call.version->served) return no_such_resource();
  if (!call.resource->namespaced() && !request.ns.empty()) return no_such_resource();
  if (!request.subresource.empty()) {
    if (!has_subresource(*call.resource, *call.version, request.subresource)) return no_such_resource();
    if (!subresource_takes(request.verb)) return method_not_allowed();
  }
  if (!path_takes(request, *call.resource)) return method_not_allowed();
  call.request = std::move(request);
  return call;
}

// Clients derive what to ask for from the minor version; 1.20 is what our behaviour was recorded from.
Json version_document() {
  return Json::object({{"major", "1"},
                       {"minor", "20"},
                       {"gitVersion", "v1.20.2+heirloom"},
                       {"gitCommit", ""},
                       {"gitTreeState", "clean"},
                       {"buildDate", "1970-01-01T00:00:00Z"},
                       {"goVersion", "none"},
                       {"compiler", "c++"},
                       {"platform", "linux/amd64"}});
}

}  // namespace heirloom::server
