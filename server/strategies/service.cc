// Service. Source of the rules: kubernetes/pkg/apis/core as a real server answers.
#include <fmt/format.h>

#include "server/strategies/strategies.h"

namespace heirloom::server::strategies {
namespace {

JsonPath path(std::initializer_list<std::string_view> steps) {
  JsonPath out;
  for (const auto step : steps) out.emplace_back(std::string(step));
  return out;
}

Json prepare_ports(const Json& object) {
  std::vector<JsonEdit> edits;
  std::size_t index = 0;
  for (const auto& port : object.view()["spec"]["ports"].elements()) {
    const bool absent = !port["targetPort"].exists() || port["targetPort"].int64(-1) == 0;
    if (absent && port["port"].is_integer()) {
      edits.push_back(set_at({std::string("spec"), std::string("ports"), index, std::string("targetPort")},
                             port["port"].to_json()));
    }
    ++index;
  }
  return edits.empty() ? object : rewrite(object, edits);
}

bool has_address(JsonView spec) { return spec["type"].string() != "ExternalName"; }

// Nothing routes to these addresses: they are there because clients expect one, drawn from the uid, so that a
// strategy needs no register of what is taken. 10.96.0.0/12 is the range clusters commonly use.
std::string address_for(JsonView object) {
  const auto hash = hash_json(object["metadata"]["uid"]);
  return fmt::format("10.{}.{}.{}", 96 + (hash >> 16) % 16, (hash >> 8) % 256, 1 + hash % 254);
}

Json with_address(const Json& object, const std::string& address) {
  return rewrite(object, {set_at(path({"spec", "clusterIP"}), Json::string(address)),
                          set_at(path({"spec", "clusterIPs"}), Json::array({address}))});
}

Json prepare_service(const Json& sent) {
  const Json object = rewrite(prepare_ports(sent),
                              {set_at(path({"status"}), Json::object({{"loadBalancer", Json::object()}}))});
  const JsonView spec = object.view()["spec"];
  if (!has_address(spec)) return object;
  const auto given = spec["clusterIP"].string();
  return with_address(object, given.empty() ? address_for(object) : std::string(given));
}

// A replace without a cluster address keeps the one that was allocated.
Json prepare_service_update(const Json& sent, const Json& old) {
  const Json object = prepare_ports(sent);
  const JsonView spec = object.view()["spec"];
  if (!has_address(spec)) return object;
  const auto given = spec["clusterIP"].string();
  const auto before = old.view()["spec"]["clusterIP"].string();
  if (given.empty()) return with_address(object, before.empty() ? address_for(object) : std::string(before));
  return with_address(object, std::string(given));
}

void check_port(JsonView value, const std::string& at, schema::FieldErrors& errors) {
  if (!value.is_integer() || (value.int64() >= 1 && value.int64() <= 65535)) return;
  errors.push_back(schema::invalid_value(at, value, "must be between 1 and 65535, inclusive"));
}

void validate_service(JsonView object, schema::FieldErrors& errors) {
  const auto spec = object["spec"];
  const bool external = !has_address(spec);
  if (external && spec["externalName"].string().empty())
    errors.push_back(schema::required_value("spec.externalName"));
  if (!external && spec["clusterIP"].string() != "None" && spec["ports"].empty()) {
    errors.push_back(schema::required_value("spec.ports"));
  }
  std::size_t index = 0;
  for (const auto& port : spec["ports"].elements()) {
    const auto at = schema::index_path("spec.ports", index++);
    if (spec["ports"].size() > 1 && port["name"].string().empty())
      errors.push_back(schema::required_value(at + ".name"));
    check_port(port["port"], at + ".port", errors);
    check_port(port["targetPort"], at + ".targetPort", errors);
  }
}

void validate_service_update(JsonView object, JsonView old, schema::FieldErrors& errors) {
  validate_service(object, errors);
  const auto before = old["spec"]["clusterIP"];
  const auto now = object["spec"]["clusterIP"];
  if (before.string().empty() || !has_address(object["spec"]) || now == before) return;
  errors.push_back(schema::invalid_value("spec.clusterIP", now, "field is immutable"));
}

}  // namespace

const Strategy kService = [] {
  Strategy strategy;
  strategy.name_check = schema::check_dns1035_label;
  strategy.delete_collection = false;
  strategy.prepare_create = prepare_service;
  strategy.prepare_update = prepare_service_update;
  strategy.validate_create = validate_service;
  strategy.validate_update = validate_service_update;
  return strategy;
}();

}  // namespace heirloom::server::strategies
