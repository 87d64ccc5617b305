// Application.status. Field names on the wire are KubeVela's exactly; `conflicts` is ours.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/condition.h"
#include "apis/conflict.h"
#include "base/json.h"
#include "base/result.h"

namespace heirloom {

// status.status; note that the JSON name is "status", not "phase".
namespace phases {
inline constexpr std::string_view kStarting = "starting";
inline constexpr std::string_view kRendering = "rendering";
inline constexpr std::string_view kGeneratingPolicy = "generatingPolicy";
inline constexpr std::string_view kRunningWorkflow = "runningWorkflow";
inline constexpr std::string_view kWorkflowSuspending = "workflowSuspending";
inline constexpr std::string_view kWorkflowTerminated = "workflowTerminated";
inline constexpr std::string_view kWorkflowFailed = "workflowFailed";
inline constexpr std::string_view kRunning = "running";
inline constexpr std::string_view kUnhealthy = "unhealthy";
inline constexpr std::string_view kDeleting = "deleting";
}  // namespace phases

struct TraitStatus {
  std::string type;
  bool healthy = false;
  bool pending = false;
  std::string message;
  std::map<std::string, std::string, std::less<>> details;
  bool operator==(const TraitStatus&) const = default;
};

// status.services[]: one per (name, namespace, cluster, env).
struct ServiceStatus {
  std::string name;
  std::string ns;
  std::string cluster;
  std::string env;
  std::string workload_api_version;  // workloadDefinition
  std::string workload_kind;
  bool healthy = false;
  bool workload_healthy = false;
  std::string message;
  std::map<std::string, std::string, std::less<>> details;
  std::vector<TraitStatus> traits;
  bool operator==(const ServiceStatus&) const = default;
};

// status.appliedResources[]
struct AppliedResource {
  std::string cluster;
  std::string creator;
  std::string api_version;
  std::string kind;
  std::string ns;
  std::string name;
  std::string uid;
  bool operator==(const AppliedResource&) const = default;
};

struct LatestRevision {
  std::string name;
  std::int64_t revision = 0;
  std::string revision_hash;
  bool operator==(const LatestRevision&) const = default;
};

// status.workflow: enough for people and the vela command line; steps are carried.
struct WorkflowStatus {
  std::string app_revision;  // the restart token
  std::string mode;          // "DAG-DAG", "StepByStep-DAG"
  std::string status;        // initializing executing suspending terminated failed succeeded skipped
  std::string message;
  bool suspend = false;
  std::string suspend_state;
  bool terminated = false;
  bool finished = false;
  Json context_backend;  // null when absent
  std::vector<Json> steps;
  std::string start_time;  // RFC 3339; written as null when empty, as KubeVela does
  std::string end_time;
  bool operator==(const WorkflowStatus&) const = default;
};

struct ApplicationStatus {
  std::vector<Condition> conditions;
  std::int64_t observed_generation = 0;
  std::string phase;  // "status" on the wire
  std::vector<ServiceStatus> services;
  std::optional<WorkflowStatus> workflow;
  std::optional<LatestRevision> latest_revision;
  std::vector<AppliedResource> applied_resources;
  std::vector<Conflict> conflicts;
  std::map<std::string, Json> other;  // members of other writers and versions, carried unchanged

  bool empty() const { return *this == ApplicationStatus(); }
  bool operator==(const ApplicationStatus&) const = default;
};

// Lenient: members of the wrong type are skipped.
ApplicationStatus decode_application_status(JsonView status);
// The whole status, to be written by PUT (or as a patch against what was read): empty members are left out as
// Go's omitempty does.
Json encode_application_status(const ApplicationStatus& status);

}  // namespace heirloom
