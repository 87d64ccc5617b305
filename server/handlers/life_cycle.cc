#include "server/handlers/life_cycle.h"

#include "server/errors.h"
#include "server/keys.h"
#include "server/metadata.h"

namespace heirloom::server {

Status check_namespace_takes_content(Parts& parts, const Call& call) {
  if (!call.resource->namespaced()) return {};
  const auto namespaces = parts.registry.find("", "namespaces");
  if (namespaces == nullptr) return {};
  const auto& ns = call.request.ns;
  const auto stored = parts.store->get(object_key(*namespaces, "", ns));
  if (stored == nullptr) return not_found(*namespaces, ns);
  if (is_deleting(stored->value)) {
    return namespace_terminating(*call.resource, call.request.body["metadata"]["name"].string(), ns);
  }
  return {};
}

Status check_definition_takes_objects(Parts& parts, const Call& call) {
  if (!call.resource->custom) return {};
  const auto definitions = parts.registry.find("apiextensions.k8s.io", "customresourcedefinitions");
  if (definitions == nullptr) return {};
  const auto stored = parts.store->get(object_key(*definitions, "", call.resource->qualified()));
  if (stored == nullptr) return no_such_resource();
  if (!is_deleting(stored->value)) return {};
  return {405, reasons::kMethodNotAllowed,
          "create not allowed while custom resource definition is terminating"};
}

}  // namespace heirloom::server
