#include "policies/unsupported.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "apis/field_reader.h"
#include "apis/labels.h"

namespace heirloom::policies {

namespace {

using Findings = std::vector<Unsupported>;

bool never_harmless(JsonView) { return false; }
bool always_harmless(JsonView) { return true; }
// KubeVela: without enable: true an apply-once policy has no effect, its rules included.
bool not_enabled(JsonView properties) { return !properties["enable"].boolean(); }
bool has_no_rules(JsonView properties) { return properties["rules"].empty(); }

// The cluster the controller works in, and no other namespace: what happens without the policy.
bool is_here(JsonView properties) {
  for (const JsonMember member : properties.members())
    if (member.key != "clusters" && member.key != "allowEmpty") return false;
  const JsonView clusters = properties["clusters"];
  return clusters.empty() || (clusters.size() == 1 && clusters.element(0).string() == "local");
}

struct PolicyRule {
  std::string_view type;
  bool (*harmless)(JsonView properties);  // in this form it changes nothing
  std::string_view effect;                // what ignoring it would break
};

constexpr PolicyRule kPolicies[] = {
    {"shared-resource", always_harmless, ""},
    {"read-only", always_harmless, ""},
    {"take-over", always_harmless, ""},
    {"garbage-collect", always_harmless, ""},
    {"debug", always_harmless, ""},  // it stores copies of step values, no more
    {"apply-once", not_enabled, "it leaves changed fields as others set them, which would be reverted here"},
    {"resource-update", has_no_rules, "it replaces or recreates objects, which are only patched here"},
    {"topology", is_here, "it places objects in other clusters or namespaces"},
    {"override", never_harmless, "it changes the components before they are dispatched"},
    {"replication", never_harmless, "it makes several copies of a component"},
    {"env-binding", never_harmless, "it places and changes components by environment"},
};

struct MetadataRule {
  std::string_view key;
  bool (*applies)(std::string_view value);
  std::string_view effect;
};

bool any_value(std::string_view) { return true; }
bool not_empty(std::string_view value) { return !value.empty(); }

constexpr MetadataRule kAnnotations[] = {
    {annotations::kPublishVersion, not_empty, "it pins the running version, whatever the spec says"},
    {annotations::kRestartWorkflow, any_value, "it runs the workflow again"},
    {annotations::kUsername, not_empty, "it says under whose identity objects are written"},
    {annotations::kGroup, not_empty, "it says under whose identity objects are written"},
};

constexpr MetadataRule kLabels[] = {
    {labels::kAddonName, any_value,
     "an addon's objects are applied once and then left as others change them"},
};

void find_policies(const Application& application, Findings& findings) {
  for (std::size_t i = 0; i < application.spec.policies.size(); ++i) {
    const Policy& policy = application.spec.policies[i];
    const auto* rule = std::find_if(std::begin(kPolicies), std::end(kPolicies),
                                    [&](const PolicyRule& r) { return r.type == policy.type; });
    const bool known = rule != std::end(kPolicies);
    if (known && rule->harmless(policy.properties)) continue;
    const std::string_view effect =
        known ? rule->effect
              : std::string_view("its type is unknown here: it may render objects or change components");
    findings.push_back({element_path("spec.policies", i), "policy type " + policy.type,
                        fmt::format("policy {} of type {} is not supported ({}): remove it", policy.name,
                                    policy.type, effect)});
  }
}

void find_metadata(const std::map<std::string, std::string, std::less<>>& values,
                   std::span<const MetadataRule> rules, std::string_view what, Findings& findings) {
  for (const MetadataRule& rule : rules) {
    const auto it = values.find(rule.key);
    if (it == values.end() || !rule.applies(it->second)) continue;
    findings.push_back({fmt::format("metadata.{}s[\"{}\"]", what, rule.key),
                        fmt::format("{} {}", what, rule.key),
                        fmt::format("{} {} is not supported ({}): remove it", what, rule.key, rule.effect)});
  }
}

void find_components(const Application& application, Findings& findings) {
  const auto add = [&findings](std::string path, std::string_view what, std::string_view component) {
    findings.push_back({std::move(path), std::string(what),
                        fmt::format("component {}: {} are not supported: remove them", component, what)});
  };
  for (std::size_t i = 0; i < application.spec.components.size(); ++i) {
    const Component& component = application.spec.components[i];
    const std::string path = element_path("spec.components", i);
    if (!component.traits.empty()) add(path + ".traits", "traits", component.name);
    if (!component.inputs.empty()) add(path + ".inputs", "inputs", component.name);
    if (!component.outputs.empty()) add(path + ".outputs", "outputs", component.name);
  }
}

void find_workflow(const Application& application, Findings& findings) {
  if (!application.spec.workflow || application.spec.workflow->empty()) return;
  findings.push_back(
      {"spec.workflow", "workflow steps",
       "workflow steps are not supported (components are applied in order, dependsOn respected): remove "
       "spec.workflow"});
}

}  // namespace

std::vector<Unsupported> find_unsupported(const Application& application) {
  Findings findings;
  find_policies(application, findings);
  find_metadata(application.metadata.annotations, kAnnotations, "annotation", findings);
  find_metadata(application.metadata.labels, kLabels, "label", findings);
  find_components(application, findings);
  find_workflow(application, findings);
  return findings;
}

Status unsupported_status(const std::vector<Unsupported>& unsupported) {
  if (unsupported.empty()) return {};
  std::string message;
  StatusDetails details;
  for (const Unsupported& u : unsupported) {
    if (!message.empty()) message += "; ";
    message += u.message;
    details.causes.push_back({std::string(reasons::kFieldValueNotSupported), u.message, u.field});
  }
  return {422, reasons::kInvalid, std::move(message), std::move(details)};
}

}  // namespace heirloom::policies
