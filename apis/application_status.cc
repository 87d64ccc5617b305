#include "apis/application_status.h"

#include <array>

#include "apis/status_members.h"

namespace heirloom {

namespace {

using Details = std::map<std::string, std::string, std::less<>>;

constexpr std::array<std::string_view, 8> kKnown = {
    "conditions", "observedGeneration", "status",           "services",
    "workflow",   "latestRevision",     "appliedResources", "conflicts"};

Details decode_details(JsonView json) {
  Details details;
  for (const JsonMember member : json.members())
    if (member.value.is_string()) details.emplace(member.key, member.value.string());
  return details;
}

void encode_details(JsonBuilder& builder, const Details& details) {
  if (details.empty()) return;
  builder.key("details").begin_object();
  for (const auto& [key, value] : details) builder.member(key, value);
  builder.end_object();
}

TraitStatus decode_trait(JsonView json) {
  TraitStatus trait;
  trait.type = json["type"].string();
  trait.healthy = json["healthy"].boolean();
  trait.pending = json["pending"].boolean();
  trait.message = json["message"].string();
  trait.details = decode_details(json["details"]);
  return trait;
}

void encode_trait(JsonBuilder& builder, const TraitStatus& trait) {
  builder.begin_object();
  builder.member("type", trait.type).member("healthy", trait.healthy);
  if (trait.pending) builder.member("pending", true);
  encode_details(builder, trait.details);
  builder.member_unless_empty("message", trait.message);
  builder.end_object();
}

ServiceStatus decode_service(JsonView json) {
  ServiceStatus service;
  service.name = json["name"].string();
  service.ns = json["namespace"].string();
  service.cluster = json["cluster"].string();
  service.env = json["env"].string();
  service.workload_api_version = json["workloadDefinition"]["apiVersion"].string();
  service.workload_kind = json["workloadDefinition"]["kind"].string();
  service.healthy = json["healthy"].boolean();
  service.workload_healthy = json["workloadHealthy"].boolean();
  service.message = json["message"].string();
  service.details = decode_details(json["details"]);
  for (const JsonView trait : json["traits"].elements()) service.traits.push_back(decode_trait(trait));
  return service;
}

void encode_service(JsonBuilder& builder, const ServiceStatus& service) {
  builder.begin_object();
  builder.member("name", service.name);
  builder.member_unless_empty("namespace", service.ns);
  builder.member_unless_empty("cluster", service.cluster);
  builder.member_unless_empty("env", service.env);
  // A struct in Go: written even when it is empty.
  builder.key("workloadDefinition").begin_object();
  builder.member("apiVersion", service.workload_api_version).member("kind", service.workload_kind);
  builder.end_object();
  builder.member("healthy", service.healthy);
  if (service.workload_healthy) builder.member("workloadHealthy", true);
  encode_details(builder, service.details);
  builder.member_unless_empty("message", service.message);
  if (!service.traits.empty()) {
    builder.key("traits").begin_array();
    for (const TraitStatus& trait : service.traits) encode_trait(builder, trait);
    builder.end_array();
  }
  builder.end_object();
}

AppliedResource decode_applied(JsonView json) {
  AppliedResource resource;
  resource.cluster = json["cluster"].string();
  resource.creator = json["creator"].string();
  resource.api_version = json["apiVersion"].string();
  resource.kind = json["kind"].string();
  resource.ns = json["namespace"].string();
  resource.name = json["name"].string();
  resource.uid = json["uid"].string();
  return resource;
}

void encode_applied(JsonBuilder& builder, const AppliedResource& resource) {
  builder.begin_object();
  builder.member_unless_empty("cluster", resource.cluster);
  builder.member_unless_empty("creator", resource.creator);
  builder.member_unless_empty("kind", resource.kind);
  builder.member_unless_empty("namespace", resource.ns);
  builder.member_unless_empty("name", resource.name);
  builder.member_unless_empty("uid", resource.uid);
  builder.member_unless_empty("apiVersion", resource.api_version);
  builder.end_object();
}

WorkflowStatus decode_workflow(JsonView json) {
  WorkflowStatus workflow;
  workflow.app_revision = json["appRevision"].string();
  workflow.mode = json["mode"].string();
  workflow.status = json["status"].string();
  workflow.message = json["message"].string();
  workflow.suspend = json["suspend"].boolean();
  workflow.suspend_state = json["suspendState"].string();
  workflow.terminated = json["terminated"].boolean();
  workflow.finished = json["finished"].boolean();
  if (json["contextBackend"].is_object()) workflow.context_backend = json["contextBackend"].to_json();
  for (const JsonView step : json["steps"].elements()) workflow.steps.push_back(step.to_json());
  workflow.start_time = json["startTime"].string();
  workflow.end_time = json["endTime"].string();
  return workflow;
}

void encode_time(JsonBuilder& builder, std::string_view key, const std::string& time) {
  if (time.empty())
    builder.key(key).null();
  else
    builder.member(key, time);
}

void encode_workflow(JsonBuilder& builder, const WorkflowStatus& workflow) {
  builder.begin_object();
  builder.member_unless_empty("appRevision", workflow.app_revision);
  builder.member("mode", workflow.mode);
  builder.member_unless_empty("status", workflow.status);
  builder.member_unless_empty("message", workflow.message);
  builder.member("suspend", workflow.suspend);
  builder.member_unless_empty("suspendState", workflow.suspend_state);
  builder.member("terminated", workflow.terminated).member("finished", workflow.finished);
  if (!workflow.context_backend.is_null()) builder.member("contextBackend", workflow.context_backend);
  if (!workflow.steps.empty()) {
    builder.key("steps").begin_array();
    for (const Json& step : workflow.steps) builder.value(step);
    builder.end_array();
  }
  encode_time(builder, "startTime", workflow.start_time);
  encode_time(builder, "endTime", workflow.end_time);
  builder.end_object();
}

template <class T, class Encode>
void encode_list(JsonBuilder& builder, std::string_view key, const std::vector<T>& values, Encode encode) {
  if (values.empty()) return;
  builder.key(key).begin_array();
  for (const T& value : values) encode(builder, value);
  builder.end_array();
}

}  // namespace

ApplicationStatus decode_application_status(JsonView json) {
  ApplicationStatus status;
  status.conditions = decode_conditions(json["conditions"]);
  status.observed_generation = json["observedGeneration"].int64();
  status.phase = json["status"].string();
  for (const JsonView service : json["services"].elements())
    status.services.push_back(decode_service(service));
  if (json["workflow"].is_object()) status.workflow = decode_workflow(json["workflow"]);
  if (const JsonView latest = json["latestRevision"]; latest.is_object()) {
    status.latest_revision = LatestRevision{std::string(latest["name"].string()), latest["revision"].int64(),
                                            std::string(latest["revisionHash"].string())};
  }
  for (const JsonView resource : json["appliedResources"].elements())
    status.applied_resources.push_back(decode_applied(resource));
  for (const JsonView conflict : json["conflicts"].elements())
    status.conflicts.push_back(decode_conflict(conflict));
  status.other = other_members(json, kKnown);
  return status;
}

Json encode_application_status(const ApplicationStatus& status) {
  JsonBuilder builder;
  builder.begin_object();
  encode_list(builder, "conditions", status.conditions,
              [](JsonBuilder& b, const Condition& c) { b.value(encode_condition(c)); });
  if (status.observed_generation != 0) builder.member("observedGeneration", status.observed_generation);
  builder.member_unless_empty("status", status.phase);
  encode_list(builder, "services", status.services, encode_service);
  if (status.workflow) {
    builder.key("workflow");
    encode_workflow(builder, *status.workflow);
  }
  if (status.latest_revision) {
    builder.key("latestRevision").begin_object();
    builder.member("name", status.latest_revision->name).member("revision", status.latest_revision->revision);
    builder.member_unless_empty("revisionHash", status.latest_revision->revision_hash);
    builder.end_object();
  }
  encode_list(builder, "appliedResources", status.applied_resources, encode_applied);
  encode_list(builder, "conflicts", status.conflicts,
              [](JsonBuilder& b, const Conflict& c) { b.value(encode_conflict(c)); });
  for (const auto& [key, value] : status.other) builder.member(key, value);
  builder.end_object();
  return builder.take();
}

}  // namespace heirloom
