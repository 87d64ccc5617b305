// Deployment, Job, Pod, Service, Lease, rbac. Source of the rules: kubernetes/pkg/apis/{apps,batch,core,rbac}
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

// --- Deployment ---

Json prepare_with_empty_status(const Json& object) {
  return rewrite(object, {set_at(path({"status"}), Json::object())});
}

void validate_deployment(JsonView object, schema::FieldErrors& errors) {
  const auto spec = object["spec"];
  const auto selector = spec["selector"];
  const auto labels = spec["template"]["metadata"]["labels"];
  if (!selector.is_object()) {
    errors.push_back(schema::required_value("spec.selector"));
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
  const Json empty = prepare_with_empty_status(object);
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

void validate_job_update(JsonView object, JsonView old, schema::FieldErrors& errors) {
  check_immutable(object, old, "spec", "completions", errors);
  check_immutable(object, old, "spec", "selector", errors);
  check_immutable(object, old, "spec", "template", errors);
}

// A replace that leaves out what the server generated keeps it.
Json keep_job_selector(const Json& object, const Json& old) {
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

// --- Service ---

Json prepare_service(const Json& object) {
  return rewrite(object, {set_at(path({"status"}), Json::object({{"loadBalancer", Json::object()}}))});
}

// A replace without a cluster address keeps the one that was allocated.
Json keep_cluster_ip(const Json& object, const Json& old) {
  const JsonView before = old.view()["spec"];
  std::vector<JsonEdit> edits;
  for (const auto field : {"clusterIP", "clusterIPs"}) {
    if (!object.view()["spec"][field].exists() && before[field].exists()) {
      edits.push_back(set_at(path({"spec", field}), before[field].to_json()));
    }
  }
  return edits.empty() ? object : rewrite(object, edits);
}

void validate_service(JsonView object, schema::FieldErrors& errors) {
  const auto spec = object["spec"];
  const bool external = spec["type"].string() == "ExternalName";
  if (external && spec["externalName"].string().empty())
    errors.push_back(schema::required_value("spec.externalName"));
  if (!external && spec["clusterIP"].string() != "None" && spec["ports"].empty()) {
    errors.push_back(schema::required_value("spec.ports"));
  }
}

void validate_service_update(JsonView object, JsonView old, schema::FieldErrors& errors) {
  validate_service(object, errors);
  const auto before = old["spec"]["clusterIP"].string();
  if (!before.empty() && object["spec"]["type"].string() != "ExternalName") {
    check_immutable(object, old, "spec", "clusterIP", errors);
  }
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

// --- rbac ---

// Users and groups belong to the rbac group, service accounts to the core group.
Json prepare_binding(const Json& object) {
  std::vector<JsonEdit> edits;
  std::size_t index = 0;
  for (const auto& subject : object.view()["subjects"].elements()) {
    const auto kind = subject["kind"].string();
    if ((kind == "User" || kind == "Group") && subject["apiGroup"].string().empty()) {
      edits.push_back(set_at({std::string("subjects"), index, std::string("apiGroup")},
                             Json::string("rbac.authorization.k8s.io")));
    }
    ++index;
  }
  if (object.view()["roleRef"].is_object() && object.view()["roleRef"]["apiGroup"].string().empty()) {
    edits.push_back(set_at(path({"roleRef", "apiGroup"}), Json::string("rbac.authorization.k8s.io")));
  }
  return edits.empty() ? object : rewrite(object, edits);
}

Json prepare_binding_update(const Json& object, const Json&) { return prepare_binding(object); }

void validate_role(JsonView object, schema::FieldErrors& errors) {
  std::size_t index = 0;
  for (const auto& rule : object["rules"].elements()) {
    const auto at = schema::index_path("rules", index++);
    if (rule["verbs"].empty()) {
      errors.push_back(schema::required_value(at + ".verbs", "verbs must contain at least one value"));
    }
    if (!rule["nonResourceURLs"].empty()) continue;
    if (rule["apiGroups"].empty()) {
      errors.push_back(
          schema::required_value(at + ".apiGroups", "resource rules must supply at least one api group"));
    }
    if (rule["resources"].empty()) {
      errors.push_back(
          schema::required_value(at + ".resources", "resource rules must supply at least one resource"));
    }
  }
}

void validate_role_update(JsonView object, JsonView, schema::FieldErrors& errors) {
  validate_role(object, errors);
}

void validate_binding(JsonView object, schema::FieldErrors& errors) {
  if (object["roleRef"]["name"].string().empty()) errors.push_back(schema::required_value("roleRef.name"));
  const auto kind = object["roleRef"]["kind"].string();
  if (kind != "Role" && kind != "ClusterRole") {
    errors.push_back(schema::unsupported_value("roleRef.kind", kind, {"Role", "ClusterRole"}));
  }
  std::size_t index = 0;
  for (const auto& subject : object["subjects"].elements()) {
    const auto at = schema::index_path("subjects", index++);
    if (subject["name"].string().empty()) errors.push_back(schema::required_value(at + ".name"));
    if (subject["kind"].string() == "ServiceAccount" && subject["namespace"].string().empty()) {
      errors.push_back(schema::required_value(at + ".namespace"));
    }
  }
}

void validate_binding_update(JsonView object, JsonView old, schema::FieldErrors& errors) {
  validate_binding(object, errors);
  if (object["roleRef"] != old["roleRef"]) {
    errors.push_back(schema::invalid_value("roleRef", object["roleRef"], "cannot change roleRef"));
  }
}

}  // namespace

const Strategy kDeployment = [] {
  Strategy strategy;
  strategy.prepare_create = prepare_with_empty_status;
  strategy.validate_create = validate_deployment;
  strategy.validate_update = validate_deployment_update;
  return strategy;
}();

const Strategy kJob = [] {
  Strategy strategy;
  strategy.orphan_by_default = true;  // batch/v1 keeps what batch/v1beta1 began with
  strategy.prepare_create = prepare_job;
  strategy.prepare_update = keep_job_selector;
  strategy.validate_update = validate_job_update;
  return strategy;
}();

const Strategy kPod = [] {
  Strategy strategy;
  strategy.prepare_create = prepare_pod;
  return strategy;
}();

const Strategy kService = [] {
  Strategy strategy;
  strategy.name_check = schema::check_dns1035_label;
  strategy.delete_collection = false;
  strategy.prepare_create = prepare_service;
  strategy.prepare_update = keep_cluster_ip;
  strategy.validate_create = validate_service;
  strategy.validate_update = validate_service_update;
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

const Strategy kRole = [] {
  Strategy strategy;
  strategy.name_check = schema::check_path_segment_name;
  strategy.validate_create = validate_role;
  strategy.validate_update = validate_role_update;
  return strategy;
}();

const Strategy kRoleBinding = [] {
  Strategy strategy;
  strategy.name_check = schema::check_path_segment_name;
  strategy.prepare_create = prepare_binding;
  strategy.prepare_update = prepare_binding_update;
  strategy.validate_create = validate_binding;
  strategy.validate_update = validate_binding_update;
  return strategy;
}();

}  // namespace heirloom::server::strategies
