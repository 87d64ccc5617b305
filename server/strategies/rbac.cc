// Role, ClusterRole and their bindings. Source of the rules: kubernetes/pkg/apis/rbac as a real server
// answers.
#include "server/strategies/strategies.h"

namespace heirloom::server::strategies {
namespace {

JsonPath path(std::initializer_list<std::string_view> steps) {
  JsonPath out;
  for (const auto step : steps) out.emplace_back(std::string(step));
  return out;
}

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
