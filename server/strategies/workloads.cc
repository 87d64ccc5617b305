// Deployment, Job, Pod, Lease. Source of the rules: kubernetes/pkg/apis/{apps,batch,core,coordination}
// as a real server answers.
#include "schema/selector.h"
#include "server/strategies/strategies.h"

namespace heirloom::server::strategies {
namespace {

JsonPath path(std::initializer_list<std::string_view> steps) {
  JsonPath out;
  for (const auto step : steps) out.emplace_back(std::string(step));
  return out;
}

void check_immutable(JsonView object, JsonView old, std::string_view parent, std::string_view field,
                     schema::FieldErrors& errors) {
  if (object[parent][field] == old[parent][field]) return;
  errors.push_back(
      schema::invalid_value(schema::child_path(parent, field), object[parent][field], "field is immutable"));
}

// --- Pod templates ---

// "repo/name:tag@digest" without a tag, or tagged latest, may change behind its name.
std::string_view pull_policy(std::string_view image) {
  if (image.find('@') != std::string_view::npos) return "IfNotPresent";
  const auto name = image.substr(image.rfind('/') == std::string_view::npos ? 0 : image.rfind('/') + 1);
  const auto colon = name.find(':');
  return colon == std::string_view::npos || name.substr(colon + 1) == "latest" ? "Always" : "IfNotPresent";
}

// What a schema's defaults cannot say about the pod spec at this path.
Json with_pull_policies(const Json& object, const JsonPath& pod_spec) {
  std::vector<JsonEdit> edits;
  for (const auto list : {"containers", "initContainers"}) {
    std::size_t index = 0;
    for (const auto& container : at_path(object, pod_spec)[list].elements()) {
      JsonPath at = pod_spec;
      at.emplace_back(std::string(list));
      at.emplace_back(index++);
      at.emplace_back(std::string("imagePullPolicy"));
      if (!container.is_object() || container["imagePullPolicy"].exists()) continue;
      edits.push_back(set_at(std::move(at), Json::string(pull_policy(container["image"].string()))));
    }
  }
  return edits.empty() ? object : rewrite(object, edits);
}

const JsonPath kTemplateSpec = path({"spec", "template", "spec"});

// --- Deployment ---

Json prepare_with_empty_status(const Json& object) {
  return rewrite(object, {set_at(path({"status"}), Json::object())});
}

Json prepare_deployment(const Json& object) {
  return with_pull_policies(prepare_with_empty_status(object), kTemplateSpec);
}

Json prepare_deployment_update(const Json& object, const Json&) {
  return with_pull_policies(object, kTemplateSpec);
}

void validate_deployment(JsonView object, schema::FieldErrors& errors) {
  const auto spec = object["spec"];
  const auto selector = spec["selector"];
  const auto labels = spec["template"]["metadata"]["labels"];
  if (!selector.is_object()) {
    errors.push_back(schema::required_value("spec.selector"));
    errors.push_back(schema::invalid_value("spec.template.metadata.labels", labels,
                                           "`selector` does not match template `labels`"));
    return;
  }
  const auto parsed = schema::LabelSelector::from_json(selector);
  if (!parsed.ok()) {
    errors.push_back(schema::invalid_value("spec.selector", selector, parsed.status().message()));
  } else if (selector.empty()) {
    errors.push_back(
        schema::invalid_value("spec.selector", selector, "empty selector is invalid for deployment"));
  } else if (!parsed->matches(labels)) {
    errors.push_back(schema::invalid_value("spec.template.metadata.labels", labels,
                                           "`selector` does not match template `labels`"));
  }
  if (spec["replicas"].int64() < 0) {
    errors.push_back(
        schema::invalid_value("spec.replicas", spec["replicas"], "must be greater than or equal to 0"));
  }
  if (spec["template"]["spec"]["containers"].empty()) {
    errors.push_back(schema::required_value("spec.template.spec.containers"));
  }
}

void validate_deployment_update(JsonView object, JsonView old, schema::FieldErrors& errors) {
  validate_deployment(object, errors);
  check_immutable(object, old, "spec", "selector", errors);
}

// --- Job: the selector and the labels of its pods carry its uid ---

Json prepare_job(const Json& object) {
  const Json empty = with_pull_policies(prepare_with_empty_status(object), kTemplateSpec);
  const JsonView view = empty.view();
  if (view["spec"]["manualSelector"].boolean()) return empty;
  const auto uid = view["metadata"]["uid"].string();
  const auto name = view["metadata"]["name"].string();
  const JsonPath labels = path({"spec", "template", "metadata", "labels"});
  const auto label = [&](std::string_view key) {
    JsonPath at = labels;
    at.emplace_back(std::string(key));
    return at;
  };
  return rewrite(
      empty,
      {set_at(path({"spec", "selector", "matchLabels", "controller-uid"}), Json::string(uid)),
       set_at(label("controller-uid"), Json::string(uid)), set_at(label("job-name"), Json::string(name))});
}

void validate_job(JsonView object, schema::FieldErrors& errors) {
  const auto pod = object["spec"]["template"]["spec"];
  if (pod["containers"].empty()) errors.push_back(schema::required_value("spec.template.spec.containers"));
  const auto policy = pod["restartPolicy"].string();
  if (policy == "Never" || policy == "OnFailure") return;
  errors.push_back(
      schema::unsupported_value("spec.template.spec.restartPolicy", policy, {"OnFailure", "Never"}));
}

void validate_job_update(JsonView object, JsonView old, schema::FieldErrors& errors) {
  check_immutable(object, old, "spec", "completions", errors);
  check_immutable(object, old, "spec", "selector", errors);
  check_immutable(object, old, "spec", "template", errors);
}

// A replace that leaves out what the server generated keeps it.
Json keep_job_selector(const Json& sent, const Json& old) {
  const Json object = with_pull_policies(sent, kTemplateSpec);
  const JsonView before = old.view()["spec"];
  std::vector<JsonEdit> edits;
  if (!object.view()["spec"]["selector"].exists() && before["selector"].exists()) {
    edits.push_back(set_at(path({"spec", "selector"}), before["selector"].to_json()));
  }
  return edits.empty() ? object : rewrite(object, edits);
}

// --- Pod: a record; no node runs it ---

Json prepare_pod(const Json& object) {
  return rewrite(
      object, {set_at(path({"status"}), Json::object({{"phase", "Pending"}, {"qosClass", "BestEffort"}}))});
}

// --- Lease ---

void validate_lease(JsonView object, schema::FieldErrors& errors) {
  const auto spec = object["spec"];
  if (spec["leaseDurationSeconds"].is_integer() && spec["leaseDurationSeconds"].int64() <= 0) {
    errors.push_back(schema::invalid_value("spec.leaseDurationSeconds", spec["leaseDurationSeconds"],
                                           "must be greater than 0"));
  }
  if (spec["leaseTransitions"].int64() < 0) {
    errors.push_back(schema::invalid_value("spec.leaseTransitions", spec["leaseTransitions"],
                                           "must be greater than or equal to 0"));
  }
}

void validate_lease_update(JsonView object, JsonView, schema::FieldErrors& errors) {
  validate_lease(object, errors);
}

}  // namespace

const Strategy kDeployment = [] {
  Strategy strategy;
  strategy.annotations_count = true;
  strategy.prepare_create = prepare_deployment;
  strategy.prepare_update = prepare_deployment_update;
  strategy.validate_create = validate_deployment;
  strategy.validate_update = validate_deployment_update;
  return strategy;
}();

const Strategy kJob = [] {
  Strategy strategy;
  strategy.orphan_by_default = true;  // batch/v1 keeps what batch/v1beta1 began with
  strategy.prepare_create = prepare_job;
  strategy.validate_create = validate_job;
  strategy.prepare_update = keep_job_selector;
  strategy.validate_update = validate_job_update;
  return strategy;
}();

const Strategy kPod = [] {
  Strategy strategy;
  strategy.prepare_create = prepare_pod;
  return strategy;
}();

const Strategy kLease = [] {
  Strategy strategy;
  strategy.create_on_update = true;
  strategy.needs_resource_version = true;
  strategy.validate_create = validate_lease;
  strategy.validate_update = validate_lease_update;
  return strategy;
}();

}  // namespace heirloom::server::strategies
