#include "core/health.h"

#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "apis/claim.h"
#include "apis/labels.h"

namespace heirloom::core {
namespace {

using Assess = Health (*)(JsonView object);

const Health kHealthy{true, ""};

std::string_view condition_status(JsonView object, std::string_view type) {
  for (const JsonView condition : object["status"]["conditions"].elements())
    if (condition["type"].string() == type) return condition["status"].string();
  return {};
}

std::string_view condition_message(JsonView object, std::string_view type) {
  for (const JsonView condition : object["status"]["conditions"].elements())
    if (condition["type"].string() == type) return condition["message"].string();
  return {};
}

bool observed(JsonView object) {
  return object["status"]["observedGeneration"].int64() >= object["metadata"]["generation"].int64();
}

Health replicas(std::int64_t ready, std::int64_t wanted) {
  if (ready >= wanted) return kHealthy;
  return {false, fmt::format("{} of {} replicas are ready", ready, wanted)};
}

Health deployment(JsonView object) {
  const JsonView status = object["status"];
  const std::int64_t wanted = object["spec"]["replicas"].int64(1);
  if (!observed(object)) return {false, "the new specification has not been observed yet"};
  if (condition_status(object, "Progressing") == "False")
    return {false, std::string(condition_message(object, "Progressing"))};
  if (status["updatedReplicas"].int64() < wanted)
    return {false, fmt::format("{} of {} replicas are updated", status["updatedReplicas"].int64(), wanted)};
  return replicas(status["availableReplicas"].int64(), wanted);
}

Health stateful_set(JsonView object) {
  if (!observed(object)) return {false, "the new specification has not been observed yet"};
  return replicas(object["status"]["readyReplicas"].int64(), object["spec"]["replicas"].int64(1));
}

Health daemon_set(JsonView object) {
  if (!observed(object)) return {false, "the new specification has not been observed yet"};
  const JsonView status = object["status"];
  return replicas(status["numberReady"].int64(), status["desiredNumberScheduled"].int64());
}

Health replica_set(JsonView object) {
  return replicas(object["status"]["readyReplicas"].int64(), object["spec"]["replicas"].int64(1));
}

Health job(JsonView object) {
  if (condition_status(object, "Failed") == "True")
    return {false, fmt::format("failed: {}", condition_message(object, "Failed"))};
  if (condition_status(object, "Complete") == "True" || object["spec"]["suspend"].boolean()) return kHealthy;
  return {false, fmt::format("{} of {} completions", object["status"]["succeeded"].int64(),
                             object["spec"]["completions"].int64(1))};
}

Health pod(JsonView object) {
  const std::string_view phase = object["status"]["phase"].string();
  if (phase == "Succeeded" || condition_status(object, "Ready") == "True") return kHealthy;
  return {false, fmt::format("phase {}", phase.empty() ? "unknown" : phase)};
}

Health volume_claim(JsonView object) {
  const std::string_view phase = object["status"]["phase"].string();
  // Pending is how a claim waits for its first consumer.
  if (phase == "Lost") return {false, "the volume is lost"};
  return kHealthy;
}

Health name_space(JsonView object) {
  if (object["metadata"].contains("deletionTimestamp")) return {false, "is being deleted"};
  return kHealthy;
}

Health definition(JsonView object) {
  if (condition_status(object, "Established") == "True") return kHealthy;
  if (condition_status(object, "NamesAccepted") == "False")
    return {false, std::string(condition_message(object, "NamesAccepted"))};
  return {false, "is not Established yet"};
}

// Of a claim of whatever kind: what it stands for is there. One that Kratix reconciles has no phase of ours.
Health claim(JsonView object) {
  if (decode_claim(object, "").managed_by_kratix()) return kHealthy;
  if (!observed(object)) return {false, "the claim has not been observed yet"};
  const JsonView status = object["status"];
  if (status["phase"].string() == claim_phases::kBound) return kHealthy;
  return {false, fmt::format("{}: {}", status["phase"].string("not bound"), status["message"].string("nobody has looked yet"))};
}

bool is_claim(JsonView object) {
  for (const JsonView finalizer : object["metadata"]["finalizers"].elements())
    if (finalizer.string() == finalizers::kClaim) return true;
  return false;
}

struct Rule {
  std::string_view group;
  std::string_view kind;
  Assess assess;
};
constexpr Rule kRules[] = {
    {"apps", "Deployment", deployment},
    {"apps", "StatefulSet", stateful_set},
    {"apps", "DaemonSet", daemon_set},
    {"apps", "ReplicaSet", replica_set},
    {"batch", "Job", job},
    {"", "Pod", pod},
    {"", "PersistentVolumeClaim", volume_claim},
    {"", "Namespace", name_space},
    {"apiextensions.k8s.io", "CustomResourceDefinition", definition},
    {"marketplace.kratix.io", "NamespaceClaim", claim},
};

}  // namespace

Health assess_health(JsonView object) {
  if (!object.is_object()) return {false, "does not exist"};
  const std::string_view api_version = object["apiVersion"].string();
  const std::size_t slash = api_version.find('/');
  const std::string_view group = slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
  for (const Rule& rule : kRules)
    if (rule.group == group && rule.kind == object["kind"].string()) return rule.assess(object);
  return is_claim(object) ? claim(object) : kHealthy;
}

}  // namespace heirloom::core
