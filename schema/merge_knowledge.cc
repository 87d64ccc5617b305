// What merges need to know of built-in kinds when their full schemas are not at hand: one table. Source: the
// listType, listMapKey, patchStrategy and patchMergeKey marks of the Kubernetes API types.
#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "schema/schema.h"

namespace heirloom::schema {

namespace {

enum class Rule {
  Keyed,        // list that merges by the key names in `detail`, "key=default" where the key has one
  KeyedRetain,  // the same, and other members go when an element changes (volume sources exclude each other)
  Set,          // list of scalars without duplicates
  List,         // atomic list; noted because empty and absent are one
  Map,          // free map: members come and go one by one
  Retain,       // object whose other members go when it changes
  Quantity,
  IntOrString,
  Time,
  Bytes,
  Zero,     // "", 0 or false are not stored
  Default,  // what the server fills in, as JSON in `detail`; noted where it stands inside an atomic list
  Mirror,   // second name of the member in `detail`
  Use,      // the rules of the table named in `detail` hold below
};

// Paths: members separated by dots, "[]" an element of a list, "{}" a value of a map.
struct Row {
  std::string_view path;
  Rule rule;
  std::string_view detail = {};
};

constexpr Row kMeta[] = {
    {"labels", Rule::Map},
    {"annotations", Rule::Map},
    {"finalizers", Rule::Set},
    {"ownerReferences", Rule::Keyed, "uid"},
    {"creationTimestamp", Rule::Time},
    {"deletionTimestamp", Rule::Time},
};

constexpr Row kSelector[] = {{"matchLabels", Rule::Map}, {"matchExpressions", Rule::List}};

constexpr Row kResources[] = {
    {"limits", Rule::Map},          {"limits{}", Rule::Quantity},    {"requests", Rule::Map},
    {"requests{}", Rule::Quantity}, {"claims", Rule::Keyed, "name"},
};

constexpr Row kProbe[] = {{"httpGet.port", Rule::IntOrString},
                          {"httpGet.httpHeaders", Rule::List},
                          {"tcpSocket.port", Rule::IntOrString},
                          {"exec.command", Rule::List}};

constexpr Row kContainer[] = {
    {"command", Rule::List},
    {"args", Rule::List},
    {"ports", Rule::Keyed, "containerPort,protocol=TCP"},
    {"env", Rule::Keyed, "name"},
    {"env[].valueFrom.resourceFieldRef.divisor", Rule::Quantity},
    {"env[].value", Rule::Zero},
    {"envFrom", Rule::List},
    {"stdin", Rule::Zero},
    {"stdinOnce", Rule::Zero},
    {"tty", Rule::Zero},
    {"workingDir", Rule::Zero},
    {"volumeMounts[].readOnly", Rule::Zero},
    {"volumeMounts[].subPath", Rule::Zero},
    {"resources", Rule::Use, "resources"},
    {"volumeMounts", Rule::Keyed, "mountPath"},
    {"volumeDevices", Rule::Keyed, "devicePath"},
    {"livenessProbe", Rule::Use, "probe"},
    {"readinessProbe", Rule::Use, "probe"},
    {"startupProbe", Rule::Use, "probe"},
    {"lifecycle.postStart", Rule::Use, "probe"},
    {"lifecycle.preStop", Rule::Use, "probe"},
    {"securityContext.capabilities.add", Rule::List},
    {"securityContext.capabilities.drop", Rule::List},
};

constexpr Row kClaim[] = {
    {"accessModes", Rule::List},         {"resources", Rule::Use, "resources"},
    {"selector", Rule::Use, "selector"}, {"volumeMode", Rule::Default, "\"Filesystem\""},
    {"volumeName", Rule::Zero},
};

constexpr Row kVolume[] = {
    {"emptyDir.sizeLimit", Rule::Quantity},
    {"configMap.items", Rule::List},
    {"secret.items", Rule::List},
    {"downwardAPI.items", Rule::List},
    {"downwardAPI.items[].fieldRef.apiVersion", Rule::Default, "\"v1\""},
    {"downwardAPI.items[].resourceFieldRef.divisor", Rule::Default, "\"0\""},
    {"projected.sources", Rule::List},
    {"projected.sources[].serviceAccountToken.expirationSeconds", Rule::Default, "3600"},
    {"projected.sources[].downwardAPI.items[].fieldRef.apiVersion", Rule::Default, "\"v1\""},
    {"projected.sources[].downwardAPI.items[].resourceFieldRef.divisor", Rule::Default, "\"0\""},
    {"persistentVolumeClaim.readOnly", Rule::Zero},
    {"nfs.readOnly", Rule::Zero},
    {"csi.volumeAttributes", Rule::Map},
    {"flexVolume.options", Rule::Map},
    {"ephemeral.volumeClaimTemplate.metadata", Rule::Use, "meta"},
    {"ephemeral.volumeClaimTemplate.spec", Rule::Use, "claim"},
};

constexpr Row kPod[] = {
    {"containers", Rule::Keyed, "name"},
    {"containers[]", Rule::Use, "container"},
    {"initContainers", Rule::Keyed, "name"},
    {"initContainers[]", Rule::Use, "container"},
    {"ephemeralContainers", Rule::Keyed, "name"},
    {"ephemeralContainers[]", Rule::Use, "container"},
    {"volumes", Rule::KeyedRetain, "name"},
    {"volumes[]", Rule::Use, "volume"},
    {"imagePullSecrets", Rule::Keyed, "name"},
    {"hostAliases", Rule::Keyed, "ip"},
    {"hostAliases[].hostnames", Rule::List},
    {"topologySpreadConstraints", Rule::Keyed, "topologyKey,whenUnsatisfiable"},
    {"topologySpreadConstraints[].labelSelector", Rule::Use, "selector"},
    {"serviceAccount", Rule::Mirror, "serviceAccountName"},
    {"hostNetwork", Rule::Zero},
    {"hostPID", Rule::Zero},
    {"hostIPC", Rule::Zero},
    {"hostname", Rule::Zero},
    {"subdomain", Rule::Zero},
    {"nodeName", Rule::Zero},
    {"priorityClassName", Rule::Zero},
    {"nodeSelector", Rule::Map},
    {"overhead", Rule::Map},
    {"overhead{}", Rule::Quantity},
    // No list map for Kubernetes, but admission adds tolerations to Pods: told apart by all that makes one.
    {"tolerations", Rule::Keyed, "key=,operator=Equal,value=,effect="},
    {"readinessGates", Rule::List},
    {"schedulingGates", Rule::Keyed, "name"},
    {"resourceClaims", Rule::Keyed, "name"},
    {"securityContext.supplementalGroups", Rule::List},
    {"securityContext.sysctls", Rule::List},
};

constexpr Row kTemplate[] = {{"metadata", Rule::Use, "meta"}, {"spec", Rule::Use, "pod"}};

constexpr Row kWorkload[] = {
    {"selector", Rule::Use, "selector"},
    {"template", Rule::Use, "template"},
    {"strategy", Rule::Retain},
    {"strategy.rollingUpdate.maxSurge", Rule::IntOrString},
    {"strategy.rollingUpdate.maxUnavailable", Rule::IntOrString},
    {"updateStrategy.rollingUpdate.maxSurge", Rule::IntOrString},
    {"updateStrategy.rollingUpdate.maxUnavailable", Rule::IntOrString},
    {"volumeClaimTemplates", Rule::List},
    {"volumeClaimTemplates[].metadata", Rule::Use, "meta"},
    {"volumeClaimTemplates[].spec", Rule::Use, "claim"},
    {"volumeClaimTemplates[].apiVersion", Rule::Default, "\"v1\""},
    {"volumeClaimTemplates[].kind", Rule::Default, "\"PersistentVolumeClaim\""},
    {"volumeClaimTemplates[].status", Rule::Default, "{\"phase\":\"Pending\"}"},
    {"paused", Rule::Zero},
    {"minReadySeconds", Rule::Zero},
};

constexpr Row kWebhooks[] = {
    {"webhooks", Rule::Keyed, "name"},
    {"webhooks[].clientConfig.caBundle", Rule::Bytes},
    {"webhooks[].clientConfig.caBundle", Rule::Zero},
    {"webhooks[].rules", Rule::List},
    {"webhooks[].rules[].scope", Rule::Default, "\"*\""},
    {"webhooks[].namespaceSelector", Rule::Use, "selector"},
    {"webhooks[].objectSelector", Rule::Use, "selector"},
};

constexpr Row kPodKind[] = {{"spec", Rule::Use, "pod"}};
constexpr Row kPodTemplateKind[] = {{"template", Rule::Use, "template"}};
constexpr Row kWorkloadKind[] = {{"spec", Rule::Use, "workload"}};
constexpr Row kReplicationController[] = {{"spec.selector", Rule::Map},
                                          {"spec.template", Rule::Use, "template"}};
constexpr Row kCronJob[] = {{"spec.jobTemplate.metadata", Rule::Use, "meta"},
                            {"spec.jobTemplate.spec", Rule::Use, "workload"}};
constexpr Row kService[] = {
    {"spec.ports", Rule::Keyed, "port,protocol=TCP"},
    {"spec.ports[].targetPort", Rule::IntOrString},
    {"spec.selector", Rule::Map},
    {"spec.externalName", Rule::Zero},
    {"spec.loadBalancerIP", Rule::Zero},
    {"spec.publishNotReadyAddresses", Rule::Zero},
    {"spec.externalIPs", Rule::List},
    {"spec.loadBalancerSourceRanges", Rule::List},
};
constexpr Row kServiceAccount[] = {{"secrets", Rule::Keyed, "name"}, {"imagePullSecrets", Rule::List}};
constexpr Row kSecret[] = {{"data", Rule::Map}, {"data{}", Rule::Bytes}};
constexpr Row kConfigMap[] = {{"data", Rule::Map}, {"binaryData", Rule::Map}, {"binaryData{}", Rule::Bytes}};
constexpr Row kClaimKind[] = {{"spec", Rule::Use, "claim"}};
constexpr Row kVolumeKind[] = {{"spec.capacity", Rule::Map},
                               {"spec.capacity{}", Rule::Quantity},
                               {"spec.accessModes", Rule::List},
                               {"spec.mountOptions", Rule::List},
                               {"spec", Rule::Use, "volume"}};
constexpr Row kResourceQuota[] = {
    {"spec.hard", Rule::Map}, {"spec.hard{}", Rule::Quantity}, {"spec.scopes", Rule::List}};
constexpr Row kLimitRange[] = {
    {"spec.limits[].max", Rule::Map},
    {"spec.limits[].max{}", Rule::Quantity},
    {"spec.limits[].min", Rule::Map},
    {"spec.limits[].min{}", Rule::Quantity},
    {"spec.limits[].default", Rule::Map},
    {"spec.limits[].default{}", Rule::Quantity},
    {"spec.limits[].defaultRequest", Rule::Map},
    {"spec.limits[].defaultRequest{}", Rule::Quantity},
    {"spec.limits[].maxLimitRequestRatio", Rule::Map},
    {"spec.limits[].maxLimitRequestRatio{}", Rule::Quantity},
};
constexpr Row kNode[] = {{"spec.taints", Rule::Keyed, "key,effect"}};
constexpr Row kRole[] = {{"rules", Rule::List}, {"aggregationRule.clusterRoleSelectors", Rule::List}};
constexpr Row kBinding[] = {{"subjects", Rule::List},
                            {"subjects[].apiGroup", Rule::Default, "\"rbac.authorization.k8s.io\""}};
constexpr Row kAutoscaler[] = {
    {"spec.metrics", Rule::List},
    {"spec.metrics[].resource.target.averageValue", Rule::Quantity},
    {"spec.metrics[].resource.target.value", Rule::Quantity},
    {"spec.metrics[].pods.target.averageValue", Rule::Quantity},
    {"spec.metrics[].object.target.value", Rule::Quantity},
    {"spec.metrics[].object.target.averageValue", Rule::Quantity},
    {"spec.metrics[].external.target.value", Rule::Quantity},
    {"spec.metrics[].external.target.averageValue", Rule::Quantity},
};
constexpr Row kIngress[] = {{"spec.rules", Rule::List},
                            {"spec.tls", Rule::List},
                            {"spec.rules[].http.paths[].backend.servicePort", Rule::IntOrString}};
constexpr Row kNetworkPolicy[] = {
    {"spec.podSelector", Rule::Use, "selector"},
    {"spec.ingress", Rule::List},
    {"spec.egress", Rule::List},
    {"spec.policyTypes", Rule::List},
    {"spec.ingress[].ports", Rule::List},
    {"spec.egress[].ports", Rule::List},
    {"spec.ingress[].ports[].protocol", Rule::Default, "\"TCP\""},
    {"spec.egress[].ports[].protocol", Rule::Default, "\"TCP\""},
    {"spec.ingress[].from", Rule::List},
    {"spec.egress[].to", Rule::List},
    {"spec.ingress[].ports[].port", Rule::IntOrString},
    {"spec.egress[].ports[].port", Rule::IntOrString},
};
constexpr Row kDisruptionBudget[] = {{"spec.minAvailable", Rule::IntOrString},
                                     {"spec.maxUnavailable", Rule::IntOrString},
                                     {"spec.selector", Rule::Use, "selector"}};
constexpr Row kLease[] = {{"spec.acquireTime", Rule::Time}, {"spec.renewTime", Rule::Time}};
constexpr Row kApiService[] = {{"spec.caBundle", Rule::Bytes}};
constexpr Row kDefinition[] = {{"spec.conversion.webhook.clientConfig.caBundle", Rule::Bytes}};

struct Table {
  std::string_view name;
  std::span<const Row> rows;
};

const Table kShared[] = {
    {"meta", kMeta},           {"selector", kSelector}, {"resources", kResources}, {"probe", kProbe},
    {"container", kContainer}, {"claim", kClaim},       {"volume", kVolume},       {"pod", kPod},
    {"template", kTemplate},   {"workload", kWorkload},
};

// group/Kind; the core group has none.
const Table kKinds[] = {
    {"/Pod", kPodKind},
    {"/PodTemplate", kPodTemplateKind},
    {"/ReplicationController", kReplicationController},
    {"/Service", kService},
    {"/ServiceAccount", kServiceAccount},
    {"/Secret", kSecret},
    {"/ConfigMap", kConfigMap},
    {"/PersistentVolumeClaim", kClaimKind},
    {"/PersistentVolume", kVolumeKind},
    {"/ResourceQuota", kResourceQuota},
    {"/LimitRange", kLimitRange},
    {"/Node", kNode},
    {"apps/Deployment", kWorkloadKind},
    {"apps/ReplicaSet", kWorkloadKind},
    {"apps/DaemonSet", kWorkloadKind},
    {"apps/StatefulSet", kWorkloadKind},
    {"batch/Job", kWorkloadKind},
    {"batch/CronJob", kCronJob},
    {"autoscaling/HorizontalPodAutoscaler", kAutoscaler},
    {"networking.k8s.io/Ingress", kIngress},
    {"networking.k8s.io/NetworkPolicy", kNetworkPolicy},
    {"policy/PodDisruptionBudget", kDisruptionBudget},
    {"rbac.authorization.k8s.io/Role", kRole},
    {"rbac.authorization.k8s.io/ClusterRole", kRole},
    {"rbac.authorization.k8s.io/RoleBinding", kBinding},
    {"rbac.authorization.k8s.io/ClusterRoleBinding", kBinding},
    {"coordination.k8s.io/Lease", kLease},
    {"apiregistration.k8s.io/APIService", kApiService},
    {"apiextensions.k8s.io/CustomResourceDefinition", kDefinition},
    {"admissionregistration.k8s.io/ValidatingWebhookConfiguration", kWebhooks},
    {"admissionregistration.k8s.io/MutatingWebhookConfiguration", kWebhooks},
};

std::span<const Row> rows_of(std::span<const Table> tables, std::string_view name) {
  for (const Table& table : tables)
    if (table.name == name) return table.rows;
  return {};
}

// A tree under construction; nodes become const when it is done.
struct Sketch {
  Node node;
  std::map<std::string, std::unique_ptr<Sketch>, std::less<>> members;
  std::unique_ptr<Sketch> items, values;

  Sketch& member(std::string_view name) {
    auto at = members.find(name);
    if (at == members.end()) at = members.emplace(name, std::make_unique<Sketch>()).first;
    return *at->second;
  }

  NodePtr build() {
    node.preserve_unknown = true;
    if (items) node.items = items->build();
    if (values) node.additional = values->build();
    for (auto& [name, child] : members) node.properties.emplace_back(name, child->build());
    return std::make_shared<Node>(std::move(node));
  }
};

Sketch& created(std::unique_ptr<Sketch>& child) {
  if (!child) child = std::make_unique<Sketch>();
  return *child;
}

Sketch& walk(Sketch& from, std::string_view path) {
  Sketch* at = &from;
  while (!path.empty()) {
    if (path.front() == '.') path.remove_prefix(1);
    if (path.starts_with("[]") || path.starts_with("{}")) {
      at = &created(path.front() == '[' ? at->items : at->values);
      path.remove_prefix(2);
      continue;
    }
    const std::size_t end = std::min(path.find_first_of(".[{"), path.size());
    at = &at->member(path.substr(0, end));
    path.remove_prefix(end);
  }
  return *at;
}

void set_keys(Sketch& list, std::string_view keys) {
  list.node.list_type = ListType::Map;
  while (!keys.empty()) {
    const std::size_t end = std::min(keys.find(','), keys.size());
    const std::string_view key = keys.substr(0, end);
    keys.remove_prefix(std::min(end + 1, keys.size()));
    const std::size_t equals = std::min(key.find('='), key.size());
    list.node.list_map_keys.emplace_back(key.substr(0, equals));
    if (equals < key.size())
      created(list.items).member(key.substr(0, equals)).node.default_value =
          Json::string(key.substr(equals + 1));
  }
}

void apply(Sketch& root, std::span<const Row> rows);

void apply(Sketch& root, const Row& row) {
  Sketch& place = walk(root, row.path);
  switch (row.rule) {
    case Rule::KeyedRetain:
      place.node.patch_retain_keys = true;
      [[fallthrough]];
    case Rule::Keyed:
      set_keys(place, row.detail);
      [[fallthrough]];
    case Rule::List:
      place.node.empty_is_absent = true;
      break;
    case Rule::Set:
      place.node.list_type = ListType::Set;
      place.node.empty_is_absent = true;
      break;
    case Rule::Map:
      created(place.values);
      place.node.empty_is_absent = true;
      break;
    case Rule::Retain:
      place.node.patch_retain_keys = true;
      break;
    case Rule::Quantity:
      place.node.form = Form::Quantity;
      break;
    case Rule::IntOrString:
      place.node.form = Form::IntOrString;
      break;
    case Rule::Time:
      place.node.form = Form::Time;
      break;
    case Rule::Bytes:
      place.node.form = Form::Bytes;
      break;
    case Rule::Zero:
      place.node.empty_is_absent = true;
      break;
    case Rule::Default: {
      const Result<Json> value = Json::parse(row.detail);
      HEIRLOOM_ASSERT(value.ok());
      place.node.default_value = *value;
      break;
    }
    case Rule::Mirror:
      place.node.mirror_of = row.detail;
      break;
    case Rule::Use:
      apply(place, rows_of(kShared, row.detail));
      break;
  }
}

void apply(Sketch& root, std::span<const Row> rows) {
  for (const Row& row : rows) apply(root, row);
}

Schema sketch_kind(std::span<const Row> rows) {
  Sketch root;
  apply(root.member("metadata"), kMeta);
  apply(root, rows);
  return Schema(root.build());
}

}  // namespace

const Schema* find_merge_knowledge(std::string_view group, std::string_view kind) {
  static const auto kKnown = [] {
    std::map<std::string, Schema, std::less<>> known;
    for (const Table& table : kKinds) known.emplace(table.name, sketch_kind(table.rows));
    return known;
  }();
  const auto at = kKnown.find(std::string(group).append("/").append(kind));
  return at != kKnown.end() ? &at->second : nullptr;
}

const Schema& merge_knowledge(std::string_view group, std::string_view kind) {
  static const Schema kMetadataOnly = sketch_kind({});
  const Schema* known = find_merge_knowledge(group, kind);
  return known != nullptr ? *known : kMetadataOnly;
}

const Schema& object_meta() {
  static const Schema kMetadata = [] {
    const Result<Json> json = Json::parse(R"({
      "type": "object",
      "properties": {
        "name": {"type": "string"},
        "generateName": {"type": "string"},
        "namespace": {"type": "string"},
        "selfLink": {"type": "string"},
        "uid": {"type": "string"},
        "resourceVersion": {"type": "string"},
        "generation": {"type": "integer", "format": "int64"},
        "creationTimestamp": {"type": "string", "format": "date-time", "nullable": true},
        "deletionTimestamp": {"type": "string", "format": "date-time", "nullable": true},
        "deletionGracePeriodSeconds": {"type": "integer", "format": "int64"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
        "ownerReferences": {
          "type": "array",
          "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["uid"],
          "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "uid",
          "items": {
            "type": "object",
            "required": ["apiVersion", "kind", "name", "uid"],
            "properties": {
              "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "name": {"type": "string"},
              "uid": {"type": "string"}, "controller": {"type": "boolean"}, "blockOwnerDeletion": {"type": "boolean"}
            }
          }
        },
        "finalizers": {
          "type": "array", "x-kubernetes-list-type": "set", "x-kubernetes-patch-strategy": "merge",
          "items": {"type": "string"}
        },
        "clusterName": {"type": "string"},
        "managedFields": {
          "type": "array",
          "items": {
            "type": "object",
            "properties": {
              "manager": {"type": "string"}, "operation": {"type": "string"}, "apiVersion": {"type": "string"},
              "time": {"type": "string", "format": "date-time"}, "fieldsType": {"type": "string"},
              "fieldsV1": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
              "subresource": {"type": "string"}
            }
          }
        }
      }
    })");
    HEIRLOOM_ASSERT(json.ok());
    CompileOptions options;
    options.builtin = true;
    options.resource_root = false;
    Compiled compiled = compile_schema(*json, options);
    HEIRLOOM_ASSERT(compiled.errors.empty());
    return compiled.schema;
  }();
  return kMetadata;
}

}  // namespace heirloom::schema
