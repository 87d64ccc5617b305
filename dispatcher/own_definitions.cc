#include "dispatcher/own_definitions.h"

#include <string_view>

#include <fmt/format.h>

namespace heirloom::dispatcher {
namespace {

const GroupVersionResource kDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};

Status nothing_follows(const std::string& name, std::string_view what) {
  return Status(503, reasons::kServiceUnavailable,
                fmt::format("CustomResourceDefinition {} {}, so nothing is let go of; install it again, and what was of "
                            "its kind, and all goes on", name, what));
}

}  // namespace

Task<Status> definition_stands(const Environment* environment, std::string name, std::string since) {
  const kube::ObjectRef ref{kDefinitions, "", name};
  const kube::GetOptions options;
  const Result<Json> definition = co_await environment->api->get(ref, options);
  if (!definition.ok() && is_not_found(definition.status())) co_return nothing_follows(name, "does not exist");
  if (!definition.ok()) co_return annotate(definition.status(), fmt::format("cannot read CustomResourceDefinition {}", name));
  const JsonView metadata = (*definition)["metadata"];
  if (metadata.contains("deletionTimestamp")) co_return nothing_follows(name, "is being deleted");
  // Both times are the API server's, in one form and in UTC.
  if (!since.empty() && metadata["creationTimestamp"].string() > std::string_view(since))
    co_return nothing_follows(name, "was deleted and installed again meanwhile");
  co_return Status();
}

}  // namespace heirloom::dispatcher
