#include "cmd/definitions.h"

#include <string>
#include <utility>
#include <vector>

#include "apis/crds.h"
#include "base/yaml.h"

namespace heirloom::cmd {
namespace {

const GroupVersionResource kDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};

// Parsed once in a process: simulations install them thousands of times.
const std::vector<Result<Json>>& parsed_files() {
  static const std::vector<Result<Json>> kParsed = [] {
    std::vector<Result<Json>> parsed;
    for (const EmbeddedFile& file : crd_files()) {
      Result<Json> definition = parse_yaml(file.content);
      if (!definition.ok()) definition = annotate(definition.status(), std::string(file.name));
      parsed.push_back(std::move(definition));
    }
    return parsed;
  }();
  return kParsed;
}

}  // namespace

Task<Status> install_definitions(kube::Api* api) {
  for (const Result<Json>& definition : parsed_files()) {
    if (!definition.ok()) co_return definition.status();
    const std::string name((*definition)["metadata"]["name"].string());
    const kube::Collection collection{kDefinitions, ""};
    const kube::WriteOptions options;
    const Result<Json> created = co_await api->create(collection, *definition, options);
    if (created.ok()) continue;
    if (!is_already_exists(created.status())) co_return annotate(created.status(), name);
    const kube::ObjectRef ref{kDefinitions, "", name};
    const Json spec = (*definition)["spec"].to_json();
    const Json patch = Json::object({{"spec", spec}});
    const Result<Json> patched = co_await api->patch(ref, kube::PatchType::Merge, patch, options);
    if (!patched.ok()) co_return annotate(patched.status(), name);
  }
  co_return Status();
}

}  // namespace heirloom::cmd
