// core.oam.dev/v1beta1 Application: the noun the whole program is about. Same JSON as KubeVela, plus
// status.conflicts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/application_status.h"
#include "apis/object_meta.h"
#include "apis/sharer_key.h"
#include "base/json.h"
#include "base/result.h"

namespace heirloom {

struct ComponentInput {
  std::string from;
  std::string parameter_key;
  bool operator==(const ComponentInput&) const = default;
};

struct ComponentOutput {
  std::string name;
  std::string value_from;
  bool operator==(const ComponentOutput&) const = default;
};

struct Trait {
  std::string type;
  Json properties;  // null when absent
  bool operator==(const Trait&) const = default;
};

struct Component {
  std::string name;
  std::string type;
  std::string external_revision;
  Json properties;  // null when absent; carried for the renderer, not interpreted here
  std::vector<std::string> depends_on;
  std::vector<ComponentInput> inputs;
  std::vector<ComponentOutput> outputs;
  std::vector<Trait> traits;
  bool operator==(const Component&) const = default;
};

struct Policy {
  std::string name;  // never empty after decoding: "<type>-auto-gen-<index>" when the manifest has none
  std::string type;
  Json properties;  // null when absent
  bool operator==(const Policy&) const = default;
};

struct Workflow {
  std::string ref;          // an external Workflow in the same namespace
  std::vector<Json> steps;  // carried; an empty workflow means the implicit one, components in order
  Json mode;                // null when absent
  bool empty() const { return ref.empty() && steps.empty(); }
  bool operator==(const Workflow&) const = default;
};

struct ApplicationSpec {
  std::vector<Component> components;  // order is meaningful
  std::vector<Policy> policies;
  std::optional<Workflow> workflow;
  bool operator==(const ApplicationSpec&) const = default;
};

struct Application {
  ObjectMeta metadata;
  ApplicationSpec spec;
  ApplicationStatus status;
  SharerKey key() const { return application_key(metadata.ns, metadata.name); }
  bool operator==(const Application&) const = default;
};

inline constexpr std::string_view kCoreGroup = "core.oam.dev";
inline constexpr std::string_view kCoreVersion = "v1beta1";
inline constexpr std::string_view kCoreApiVersion = "core.oam.dev/v1beta1";
inline constexpr std::string_view kApplicationKind = "Application";
inline constexpr std::string_view kApplicationPlural = "applications";

// Reads an Application as an API server sends it. Wrong types in the spec: Invalid, naming the field
// ("spec.components[0].name: expected a string, found an integer"). Missing names and other faults of meaning
// are validate_application's, so that a faulty application can still be deleted. A malformed status is read
// as far as it goes: it is ours to write again.
Result<Application> decode_application(JsonView object);

// apiVersion, kind, metadata (encode_metadata), spec; status only when it is not empty.
Json encode_application(const Application& application);
Json encode_application_spec(const ApplicationSpec& spec);

// What must hold before a version is dispatched: component name and type present, names unique, dependsOn
// names an existing component and has no cycle, policy type present, trait type present, workflow ref and
// steps not both set, metadata.name usable as a label value. Error: Invalid with one cause per fault, each
// naming its field.
Status validate_application(const Application& application);

}  // namespace heirloom
