#include "base/json_keys.h"

#include <array>

#include "base/hash.h"

namespace heirloom::detail {
namespace {

// The numbers live only in memory, so the list may change freely. Names of up to a few bytes gain little, but
// their blocks shrink all the same.
constexpr std::string_view kKeys[] = {
    "apiVersion", "kind", "metadata", "spec", "status", "data", "items",
    // metadata
    "name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp",
    "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences",
    "finalizers", "managedFields", "selfLink", "controller", "blockOwnerDeletion", "manager", "operation",
    "time", "fieldsType", "fieldsV1", "subresource", "continue", "remainingItemCount",
    // workloads
    "replicas", "selector", "matchLabels", "matchExpressions", "template", "strategy", "rollingUpdate",
    "maxSurge", "maxUnavailable", "revisionHistoryLimit", "progressDeadlineSeconds", "minReadySeconds",
    "containers", "initContainers", "image", "imagePullPolicy", "imagePullSecrets", "command", "args",
    "workingDir", "env", "envFrom", "value", "valueFrom", "configMapKeyRef", "secretKeyRef", "fieldRef",
    "fieldPath", "resourceFieldRef", "configMapRef", "secretRef", "optional", "prefix", "ports",
    "containerPort", "hostPort", "protocol", "port", "targetPort", "nodePort", "appProtocol", "resources",
    "limits", "requests", "cpu", "memory", "ephemeral-storage", "storage", "volumeMounts", "mountPath",
    "subPath", "readOnly", "volumes", "emptyDir", "hostPath", "configMap", "secret", "secretName",
    "defaultMode", "projected", "sources", "persistentVolumeClaim", "claimName", "volumeClaimTemplates",
    "accessModes", "storageClassName", "volumeMode", "volumeName", "livenessProbe", "readinessProbe",
    "startupProbe", "httpGet", "tcpSocket", "exec", "httpHeaders", "path", "scheme", "host",
    "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold",
    "lifecycle", "preStop", "postStart", "terminationMessagePath", "terminationMessagePolicy",
    "terminationGracePeriodSeconds", "restartPolicy", "dnsPolicy", "schedulerName", "securityContext",
    "runAsNonRoot", "runAsUser", "runAsGroup", "fsGroup", "capabilities", "drop", "add", "privileged",
    "allowPrivilegeEscalation", "readOnlyRootFilesystem", "seccompProfile", "serviceAccountName",
    "serviceAccount", "automountServiceAccountToken", "nodeSelector", "nodeName", "affinity", "tolerations",
    "effect", "key", "operator", "values", "topologyKey", "labelSelector", "topologySpreadConstraints",
    "hostNetwork", "priorityClassName", "serviceName", "podManagementPolicy", "updateStrategy", "completions",
    "parallelism", "backoffLimit", "jobTemplate", "schedule", "suspend", "concurrencyPolicy",
    "activeDeadlineSeconds",
    // services, ingress, access
    "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy",
    "externalTrafficPolicy", "sessionAffinity", "type", "externalName", "loadBalancer", "loadBalancerIP",
    "ingress", "ip", "hostname", "ingressClassName", "rules", "http", "paths", "pathType", "backend",
    "service", "number", "tls", "hosts", "subsets", "addresses", "subjects", "roleRef", "apiGroup",
    "apiGroups", "verbs", "resourceNames", "nonResourceURLs", "stringData", "immutable", "binaryData",
    // status
    "observedGeneration", "conditions", "reason", "message", "lastTransitionTime", "lastUpdateTime",
    "lastProbeTime", "lastHeartbeatTime", "availableReplicas", "readyReplicas", "updatedReplicas",
    "unavailableReplicas", "currentReplicas", "collisionCount", "phase", "podIP", "podIPs", "hostIP",
    "startTime", "qosClass", "containerStatuses", "containerID", "imageID", "ready", "restartCount",
    "started", "state", "running", "startedAt", "terminated", "finishedAt", "exitCode", "waiting",
    "lastState",
    // API machinery
    "group", "version", "versions", "scope", "names", "plural", "singular", "shortNames", "listKind",
    "categories", "served", "schema", "openAPIV3Schema", "properties", "required", "description", "format",
    "additionalProperties", "enum", "default", "pattern", "minimum", "maximum", "minLength", "maxLength",
    "nullable", "subresources", "scale", "additionalPrinterColumns", "jsonPath", "priority",
    "x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string", "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys", "x-kubernetes-map-type", "code", "details", "causes", "field",
    "retryAfterSeconds", "object", "involvedObject", "firstTimestamp", "lastTimestamp", "count", "source",
    "component", "reportingComponent", "reportingInstance", "eventTime",
    // applications
    "components", "traits", "policies", "workflow", "steps", "dependsOn", "objects", "inputs", "outputs",
    "sharers", "fields", "owner", "adopted", "resource", "raw", "cluster", "creator", "trait", "env",
    "revision", "applicationGeneration", "managedResources", "compressed", "latestRevision", "revisionHash",
    "services", "appliedResources", "healthy", "conflicts", "differences", "fix", "app.kubernetes.io/name",
    "app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/component",
    "app.kubernetes.io/part-of", "app.kubernetes.io/managed-by", "kubernetes.io/metadata.name",
    "deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration",
    "pod-template-hash", "app", "tier", "app.oam.dev/name", "app.oam.dev/namespace", "app.oam.dev/shared-by",
    "app.oam.dev/component", "app.oam.dev/appRevision", "app.oam.dev/revision", "app.oam.dev/uid",
    "app.oam.dev/app-revision-hash", "app.oam.dev/resourceType", "app.oam.dev/render-hash",
    "app.oam.dev/last-applied-configuration", "app.oam.dev/last-applied-time", "app.oam.dev/publishVersion",
    "oam.dev/kubevela-version", "oam.dev/render-hash", "heirloom.dev/record"};

constexpr std::size_t kSlots = 1024;
static_assert(std::size(kKeys) * 2 < kSlots);

// Open addressing; 0 is a free slot, otherwise the index plus one.
constexpr std::array<std::uint16_t, kSlots> fill() {
  std::array<std::uint16_t, kSlots> slots{};
  for (std::size_t i = 0; i < std::size(kKeys); ++i) {
    std::size_t at = hash_bytes(kKeys[i]) % kSlots;
    while (slots[at] != 0 && kKeys[slots[at] - 1u] != kKeys[i]) at = (at + 1) % kSlots;
    if (slots[at] == 0) slots[at] = static_cast<std::uint16_t>(i + 1);
  }
  return slots;
}
constexpr std::array<std::uint16_t, kSlots> kTable = fill();

}  // namespace

std::string_view known_key(std::uint32_t index) { return kKeys[index]; }

std::optional<std::uint32_t> find_known_key(std::string_view key, std::uint64_t hash) {
  for (std::size_t at = hash % kSlots; kTable[at] != 0; at = (at + 1) % kSlots)
    if (kKeys[kTable[at] - 1u] == key) return kTable[at] - 1u;
  return std::nullopt;
}

}  // namespace heirloom::detail
