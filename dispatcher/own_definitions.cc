#include "dispatcher/own_definitions.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"

namespace heirloom::dispatcher {
namespace {

const GroupVersionResource kDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};

Status nothing_follows(const std::string& name, std::string_view what) {
  return Status(503, kDefinitionLost,
                fmt::format("CustomResourceDefinition {} {}, so nothing is let go of; install it again, and what was of "
                            "its kind, and all goes on", name, what));
}

}  // namespace

Task<Result<std::string>> definition_uid(const Environment* environment, std::string name) {
  const kube::ObjectRef ref{kDefinitions, "", name};
  const kube::GetOptions options;
  const Result<Json> definition = co_await environment->api->get(ref, options);
  if (!definition.ok()) co_return annotate(definition.status(), fmt::format("cannot read CustomResourceDefinition {}", name));
  co_return std::string((*definition)["metadata"]["uid"].string());
}

Recorded when_recorded(JsonView object) {
  const JsonView metadata = object["metadata"];
  const std::string_view noted = metadata["annotations"][kDefinitionUidAnnotation].string();
  if (!noted.empty()) return {hash_bytes(noted), {}};
  return {0, std::string(metadata["creationTimestamp"].string())};
}

bool stood_since(JsonView definition, const Recorded& record) {
  const JsonView metadata = definition["metadata"];
  if (record.definition != 0) return hash_bytes(metadata["uid"].string()) == record.definition;
  // Both times are the API server's, in one form and in UTC.
  return metadata["creationTimestamp"].string() <= std::string_view(record.created);
}

Task<Status> definition_stands(const Environment* environment, std::string name, std::vector<Recorded> records) {
  const kube::ObjectRef ref{kDefinitions, "", name};
  const kube::GetOptions options;
  const Result<Json> definition = co_await environment->api->get(ref, options);
  if (!definition.ok() && is_not_found(definition.status())) co_return nothing_follows(name, "does not exist");
  if (!definition.ok()) co_return annotate(definition.status(), fmt::format("cannot read CustomResourceDefinition {}", name));
  if ((*definition)["metadata"].contains("deletionTimestamp")) co_return nothing_follows(name, "is being deleted");
  const auto stood = [&definition](const Recorded& record) { return stood_since(*definition, record); };
  if (!records.empty() && std::none_of(records.begin(), records.end(), stood))
    co_return nothing_follows(name, "was deleted and installed again meanwhile");
  co_return Status();
}

}  // namespace heirloom::dispatcher
