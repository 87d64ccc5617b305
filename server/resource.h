// Resource: what the server knows about one served resource, built-in or from a CustomResourceDefinition. An
// immutable snapshot: handlers hold it by shared_ptr for the length of a request while the registry moves on.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/resource_names.h"
#include "base/json.h"

namespace heirloom::schema {
class Schema;
}

namespace heirloom::server {

struct Strategy;  // server/strategy.h

enum class Scope { Cluster, Namespaced };

// One column of `kubectl get`, as additionalPrinterColumns has it. Built-in kinds whose columns are computed
// (Ready of a Pod, Age) name a function of server/table.cc instead of a path.
struct PrinterColumn {
  std::string name;
  std::string type;    // string | integer | number | boolean | date
  std::string format;  // "name" for the Name column; usually ""
  std::string description;
  int priority = 0;       // 0: always shown; above: only with -o wide
  std::string json_path;  // ".spec.replicas"; "" when `computed` says how
  std::string computed;   // e.g. "pod-ready", "age"; "" when json_path says how
};

struct ScaleSubresource {
  std::string spec_replicas_path;    // ".spec.replicas"
  std::string status_replicas_path;  // ".status.replicas"
  std::string label_selector_path;   // may be ""
};

struct ResourceVersionInfo {
  std::string name;  // "v1beta1"
  bool served = true;
  bool storage = false;  // exactly one version of a resource
  bool deprecated = false;
  std::string deprecation_warning;
  std::shared_ptr<const schema::Schema>
      schema;    // never null; without its own apiVersion, kind and metadata rules
  Json openapi;  // the OpenAPI v3 schema it was compiled from (for /openapi/v2 and explain); an object
  bool status_subresource = false;
  std::optional<ScaleSubresource> scale;
  std::vector<PrinterColumn> columns;  // without Name and (for custom resources without columns) with Age
};

struct Resource {
  std::string group;      // "" for the core group
  std::string kind;       // "ConfigMap"
  std::string list_kind;  // "ConfigMapList"
  std::string plural;     // "configmaps"
  std::string singular;   // "configmap"
  std::vector<std::string> short_names;
  std::vector<std::string> categories;  // "all"
  Scope scope = Scope::Namespaced;
  std::vector<ResourceVersionInfo> versions;  // in order of preference
  bool custom = false;                        // from a CustomResourceDefinition
  // metadata.generation is counted: set to 1 on create, raised when anything but metadata and status changes.
  bool has_generation = false;
  // Fields beyond metadata.name and metadata.namespace that fieldSelector accepts, dotted: "status.phase".
  std::vector<std::string> selectable_fields;
  // Extra subresources of built-in kinds besides status and scale, for discovery ("finalize" of namespaces).
  std::vector<std::string> extra_subresources;
  // Rules in code that a schema cannot say (built-in kinds); null: server/strategy.cc's default.
  const Strategy* strategy = nullptr;

  bool namespaced() const { return scope == Scope::Namespaced; }
  // Null when the version is unknown; a version that is not served is still found.
  const ResourceVersionInfo* version(std::string_view name) const;
  const ResourceVersionInfo& storage_version() const;
  GroupKind group_kind() const { return {group, kind}; }
  // "configmaps", "applications.core.oam.dev": as Status messages name it.
  std::string qualified() const { return group.empty() ? plural : plural + "." + group; }
};

using ResourcePtr = std::shared_ptr<const Resource>;

}  // namespace heirloom::server
