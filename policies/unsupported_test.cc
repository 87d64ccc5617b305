#include "policies/unsupported.h"

#include <doctest/doctest.h>

#include "apis/labels.h"
#include "apis/testing/builders.h"
#include "base/yaml.h"

namespace heirloom::policies {
namespace {

using heirloom::testing::application;
using heirloom::testing::component;
using heirloom::testing::policy;

Application with_policy(std::string_view type, const std::string& yaml) {
  return application("a").with(policy(type, yaml == "null" ? Json() : *parse_yaml(yaml)));
}

TEST_CASE("a policy that would change what is written or deleted stops the application") {
  struct Case {
    std::string type;
    std::string properties;
    bool supported;
    std::string because;
  };
  const Case kCases[] = {
      {"shared-resource", "{rules: []}", true, "ours"},
      {"read-only", "{rules: []}", true, "ours"},
      {"take-over", "{rules: []}", true, "ours"},
      {"garbage-collect", "{}", true, "ours"},
      {"debug", "null", true, "it only copies values"},
      {"apply-once", "{enable: true}", false, "drift would be reverted"},
      {"apply-once", "{enable: true, rules: []}", false, "enabled is enabled"},
      {"apply-once", "{enable: false, rules: [{}]}", true, "not enabled: no effect in KubeVela either"},
      {"apply-once", "{}", true, "not enabled"},
      {"resource-update", "{rules: [{strategy: {op: replace}}]}", false, "objects would be patched"},
      {"resource-update", "{rules: []}", true, "no rule, no effect"},
      {"topology", "{clusters: [local]}", true, "where we are anyway"},
      {"topology", "{}", true, "no placement"},
      {"topology", "{clusters: [local, other]}", false, "another cluster"},
      {"topology", "{clusters: [other]}", false, "another cluster"},
      {"topology", "{namespace: x}", false, "another namespace"},
      {"topology", "{clusterLabelSelector: {a: b}}", false, "other clusters"},
      {"override", "{components: []}", false, "components would not be changed"},
      {"replication", "{keys: [a]}", false, "no copies"},
      {"env-binding", "{}", false, "deprecated"},
      {"my-policy", "{}", false, "unknown"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.type);
    CAPTURE(c.because);
    const std::vector<Unsupported> found = find_unsupported(with_policy(c.type, c.properties));
    CHECK(found.empty() == c.supported);
    if (found.empty()) continue;
    CHECK(found[0].field == "spec.policies[0]");
    CHECK(found[0].what == "policy type " + c.type);
    CHECK(found[0].message.find(c.type) != std::string::npos);
  }
}

TEST_CASE("metadata that changes identity, version or what is written stops the application") {
  const std::string_view kStops[] = {annotations::kPublishVersion, annotations::kRestartWorkflow,
                                     annotations::kUsername, annotations::kGroup};
  for (const std::string_view key : kStops) {
    CAPTURE(std::string(key));
    const std::vector<Unsupported> found = find_unsupported(application("a").annotated(key, "x"));
    REQUIRE(found.size() == 1);
    CHECK(found[0].what == "annotation " + std::string(key));
    CHECK(found[0].field == "metadata.annotations[\"" + std::string(key) + "\"]");
  }
  CHECK(find_unsupported(application("a").labelled(labels::kAddonName, "x")).size() == 1);
}

TEST_CASE("what is supported, and what changes nothing, does not stop it") {
  const std::string_view kFine[] = {annotations::kServiceAccountName, annotations::kControllerVersionRequire,
                                    annotations::kReconcileInterval,  annotations::kVersion,
                                    annotations::kFilterLabelKeys,    annotations::kWorkflowName,
                                    annotations::kForceParamMutations};
  for (const std::string_view key : kFine) {
    CAPTURE(std::string(key));
    CHECK(find_unsupported(application("a").annotated(key, "x")).empty());
  }
  CHECK(find_unsupported(application("a").labelled(labels::kPause, "true")).empty());
  CHECK(find_unsupported(application("a").finalized_by(finalizers::kOrphan)).empty());
  Application dag = application("a").with(component("c"));
  dag.spec.workflow.emplace();
  CHECK(find_unsupported(dag).empty());
}

TEST_CASE(
    "traits, values passed between components, and workflow steps stop the application, all named at once") {
  Application app = application("a").with(component("c"));
  app.spec.components[0].traits.push_back({"scaler", Json()});
  app.spec.components[0].inputs.push_back({"x", "y"});
  app.spec.components[0].outputs.push_back({"x", "y"});
  app.spec.workflow.emplace();
  app.spec.workflow->steps.push_back(Json::object({{"type", "deploy"}}));
  const Status status = unsupported_status(find_unsupported(app));
  CHECK(is_invalid(status));
  std::vector<std::string> fields;
  for (const StatusCause& cause : status.details().causes) fields.push_back(cause.field);
  CHECK(fields == std::vector<std::string>{"spec.components[0].traits", "spec.components[0].inputs",
                                           "spec.components[0].outputs", "spec.workflow"});
  CHECK(unsupported_status({}).ok());
}

}  // namespace
}  // namespace heirloom::policies
