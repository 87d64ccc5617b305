#include "core/render.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "apis/labels.h"
#include "base/hash.h"
#include "core/clean_manifest.h"
#include "core/component_types.h"

namespace heirloom::core {
namespace {

using dispatcher::Manifest;

struct Place {
  std::string component;
  std::string field;   // spec.components[0].properties.objects[1]
  bool main = false;   // the component's first object
  std::size_t index = 0;
};

std::string default_name(const Place& place, JsonView object) {
  if (place.main) return place.component;
  return fmt::format("{}-auxiliaryworkload-{:08x}", place.component,
                     static_cast<std::uint32_t>(hash_json(object)));
}

std::set<std::string, std::less<>> split_keys(std::string_view list) {
  std::set<std::string, std::less<>> keys;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view item = list.substr(0, comma);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (!item.empty()) keys.emplace(item);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return keys;
}

// Application annotations that are about the application, not about what it declares.
bool stays_on_application(std::string_view key) {
  return key == annotations::kKubectlLastApplied || key == annotations::kInplaceUpgrade ||
         key == annotations::kFilterLabelKeys || key == annotations::kFilterAnnotationKeys ||
         is_reserved_annotation(key);
}

std::string label_value_of_type(std::string type) {  // x@v1 cannot be a label value
  std::replace(type.begin(), type.end(), '@', '-');
  return type;
}

class Dresser {
 public:
  Dresser(const Application& application, const std::string& revision, const std::string& revision_hash)
      : application_(application), revision_(revision), revision_hash_(revision_hash),
        hidden_labels_(split_keys(application.metadata.annotation(annotations::kFilterLabelKeys))),
        hidden_annotations_(split_keys(application.metadata.annotation(annotations::kFilterAnnotationKeys))) {}

  Json dress(JsonView declared, const Component& component, const Place& place) const {
    std::map<std::string, std::string> labels;
    if (place.main) {
      labels[std::string(labels::kWorkloadType)] = label_value_of_type(component.type);
    } else {
      labels[std::string(labels::kTraitType)] = kAuxiliaryWorkload;
      labels[std::string(labels::kTraitResource)] = fmt::format("objects-{}", place.index);
    }
    labels[std::string(labels::kResourceType)] = place.main ? kResourceTypeWorkload : kResourceTypeTrait;
    for (const auto& [key, value] : application_.metadata.labels)
      if (!is_reserved_label(key) && !hidden_labels_.contains(key)) labels[key] = value;
    labels[std::string(labels::kComponent)] = component.name;

    std::vector<JsonEdit> edits;
    for (auto& [key, value] : labels) edits.push_back(set_at({"metadata", "labels", key}, Json::string(value)));
    for (const auto& [key, value] : application_.metadata.annotations) {
      if (stays_on_application(key) || hidden_annotations_.contains(key)) continue;
      edits.push_back(set_at({"metadata", "annotations", key}, Json::string(value)));
    }
    return rewrite(declared, edits);
  }

  std::map<std::string, std::string> revision_labels() const {
    return {{std::string(labels::kAppRevision), revision_}, {std::string(labels::kAppRevisionHash), revision_hash_}};
  }

 private:
  const Application& application_;
  const std::string& revision_;
  const std::string& revision_hash_;
  std::set<std::string, std::less<>> hidden_labels_;
  std::set<std::string, std::less<>> hidden_annotations_;
};

// Before discovery says which kinds are cluster-scoped, only Namespace is known to be (KubeVela 8.4).
std::string namespace_for(JsonView object, const Application& application) {
  if (object["kind"].string() == "Namespace" && object["apiVersion"].string() == "v1") return {};
  const std::string_view own = object["metadata"]["namespace"].string();
  if (!own.empty()) return std::string(own);
  return application.metadata.ns.empty() ? "default" : application.metadata.ns;
}

}  // namespace

Result<Rendering> render(const Application& application, const std::string& revision, const std::string& revision_hash) {
  Rendering rendering;
  const Dresser dresser(application, revision, revision_hash);
  for (std::size_t c = 0; c < application.spec.components.size(); ++c) {
    const Component& component = application.spec.components[c];
    const std::string field = fmt::format("spec.components[{}]", c);
    const ComponentType* type = find_component_type(component.type);
    if (type == nullptr)
      return invalid(fmt::format("{}.type: component {} has the unknown type \"{}\"; known types: {}", field,
                                 component.name, component.type, known_component_types()), field + ".type");
    const RenderInput input{application, component, field};
    TRY(const std::vector<Json> objects, type->render(input));
    for (std::size_t i = 0; i < objects.size(); ++i) {
      const Json& object = objects[i];
      const Place place{component.name, fmt::format("{}.properties.objects[{}]", field, i), i == 0, i};
      const std::string api_version(object["apiVersion"].string());
      Manifest manifest;
      TRY(manifest.gvk, parse_api_version(api_version, object["kind"].string()));
      std::string name(object["metadata"]["name"].string());
      if (name.empty()) name = default_name(place, object);
      const std::string ns = namespace_for(object, application);
      manifest.declared = clean_manifest(object, name, ns, place.field, rendering.dropped);
      manifest.desired = dresser.dress(manifest.declared, component, place);
      manifest.revision_labels = dresser.revision_labels();
      manifest.key = ObjectKey{"local", manifest.gvk.group, manifest.gvk.kind, ns, name};
      manifest.component = component.name;
      manifest.depends_on = component.depends_on;
      rendering.manifests.push_back(std::move(manifest));
    }
  }
  return rendering;
}

}  // namespace heirloom::core
