#include "apis/resource_tracker.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "apis/application.h"
#include "apis/compression.h"
#include "apis/field_reader.h"
#include "apis/labels.h"

namespace heirloom {

namespace {

constexpr std::string_view kVersioned = "versioned";
constexpr std::string_view kRoot = "root";
constexpr std::string_view kComponentRevision = "component-revision";

std::string_view type_name(TrackerType type) {
  switch (type) {
    case TrackerType::Root:
      return kRoot;
    case TrackerType::Versioned:
      return kVersioned;
    case TrackerType::ComponentRevision:
      return kComponentRevision;
    case TrackerType::Legacy:
      return "";
  }
  return "";
}

TrackerType decode_type(FieldReader& reader, JsonView spec) {
  const std::string type = reader.string(spec, "type", "spec");
  if (type == kRoot) return TrackerType::Root;
  if (type == kVersioned) return TrackerType::Versioned;
  if (type == kComponentRevision) return TrackerType::ComponentRevision;
  if (!type.empty()) reader.fail("spec.type", fmt::format("unknown type \"{}\"", type));
  return TrackerType::Legacy;
}

ManagedResource decode_resource(FieldReader& reader, JsonView json, const std::string& path) {
  ManagedResource resource;
  resource.api_version = reader.string(json, "apiVersion", path);
  resource.kind = reader.string(json, "kind", path);
  resource.ns = reader.string(json, "namespace", path);
  resource.name = reader.string(json, "name", path);
  resource.uid = reader.string(json, "uid", path);
  resource.cluster = reader.string(json, "cluster", path);
  resource.creator = reader.string(json, "creator", path);
  resource.component = reader.string(json, "component", path);
  resource.trait = reader.string(json, "trait", path);
  if (const JsonView raw = reader.object(json, "raw", path); raw.exists()) resource.raw = raw.to_json();
  resource.deleted = reader.boolean(json, "deleted", path);
  resource.skip_gc = reader.boolean(json, "skipGC", path);
  if (resource.kind.empty() || resource.name.empty()) reader.fail(path, "needs kind and name");
  return resource;
}

void decode_resources(FieldReader& reader, JsonView list, std::vector<ManagedResource>& resources) {
  std::size_t index = 0;
  for (const JsonView element : list.elements()) {
    const std::string path = element_path("spec.managedResources", index++);
    if (reader.is_object(element, path)) resources.push_back(decode_resource(reader, element, path));
  }
}

Result<Json> expand(std::string_view type, std::string_view data) {
  TRY(const std::string text, decompress(type, data, kMaxExpandedTrackerBytes));
  TRY(Json list, Json::parse(text));
  if (!list.is_array() && !list.is_null()) return bad_request("want an array");
  return list;
}

void encode_resource(JsonBuilder& builder, const ManagedResource& resource) {
  builder.begin_object();
  builder.member_unless_empty("apiVersion", resource.api_version);
  builder.member_unless_empty("kind", resource.kind);
  builder.member_unless_empty("name", resource.name);
  builder.member_unless_empty("namespace", resource.ns);
  builder.member_unless_empty("uid", resource.uid);
  builder.member_unless_empty("cluster", resource.cluster);
  builder.member_unless_empty("creator", resource.creator);
  builder.member_unless_empty("component", resource.component);
  builder.member_unless_empty("trait", resource.trait);
  if (!resource.raw.is_null()) builder.member("raw", resource.raw);
  if (resource.deleted) builder.member("deleted", true);
  if (resource.skip_gc) builder.member("skipGC", true);
  builder.end_object();
}

std::uint32_t stable_hash(std::string_view text) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

std::string_view group_of(std::string_view api_version) {
  const auto slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

// As comparing key() would, without building it.
bool is_at(const ManagedResource& resource, const ObjectKey& key) {
  const std::string_view cluster = resource.cluster.empty() ? std::string_view("local") : resource.cluster;
  return resource.name == key.name && resource.ns == key.ns && resource.kind == key.kind &&
         group_of(resource.api_version) == key.group && cluster == key.cluster;
}

}  // namespace

ObjectKey ManagedResource::key() const {
  ObjectKey key;
  if (!cluster.empty()) key.cluster = cluster;
  key.group = group_of(api_version);
  key.kind = kind;
  key.ns = ns;
  key.name = name;
  return key;
}

SharerKey ResourceTracker::application() const {
  return application_key(metadata.label(labels::kNamespace), metadata.label(labels::kName));
}

std::string_view ResourceTracker::application_uid() const { return metadata.label(labels::kUid); }

const ManagedResource* ResourceTracker::find(const ObjectKey& key) const {
  const auto it = std::find_if(resources.begin(), resources.end(),
                               [&](const ManagedResource& r) { return is_at(r, key); });
  return it == resources.end() ? nullptr : &*it;
}

bool ResourceTracker::upsert(ManagedResource resource) {
  const ObjectKey key = resource.key();
  for (ManagedResource& existing : resources) {
    if (!is_at(existing, key)) continue;
    if (existing == resource) return false;
    existing = std::move(resource);
    return true;
  }
  resources.push_back(std::move(resource));
  return true;
}

Result<ResourceTracker> decode_resource_tracker(JsonView object) {
  ResourceTracker tracker;
  tracker.metadata = decode_metadata(object);
  const std::string subject = "ResourceTracker " + tracker.metadata.name;
  FieldReader reader;
  const JsonView spec = reader.object(object, "spec", "");
  tracker.type = decode_type(reader, spec);
  tracker.application_generation = reader.int64(spec, "applicationGeneration", "spec");
  const JsonView compression = reader.object(spec, "compression", "spec");
  tracker.compression = reader.string(compression, "type", "spec.compression");
  if (tracker.compression.empty()) {
    decode_resources(reader, reader.array(spec, "managedResources", "spec"), tracker.resources);
  } else {
    Result<Json> list = expand(tracker.compression, compression["data"].string());
    if (!list.ok()) return annotate(list.status(), subject + ": spec.compression");
    decode_resources(reader, *list, tracker.resources);
  }
  TRY_VOID(reader.status(subject));
  return tracker;
}

Result<Json> encode_resource_tracker(const ResourceTracker& tracker) {
  JsonBuilder builder;
  builder.begin_object().member("apiVersion", kCoreApiVersion).member("kind", kTrackerKind);
  builder.member("metadata", encode_metadata(tracker.metadata));
  builder.key("spec").begin_object();
  builder.member_unless_empty("type", type_name(tracker.type));
  builder.member("applicationGeneration", tracker.application_generation);
  if (!tracker.resources.empty()) {
    builder.key("managedResources").begin_array();
    for (const ManagedResource& resource : tracker.resources) encode_resource(builder, resource);
    builder.end_array();
  }
  builder.end_object().end_object();
  Json json = builder.take();
  const std::size_t bytes = write_json(json).size();
  if (bytes > kMaxTrackerBytes)
    return too_large(
        fmt::format("ResourceTracker {} of {} would be {} bytes, more than the {} an API server stores: "
                    "split the application",
                    tracker.metadata.name, to_string(tracker.application()), bytes, kMaxTrackerBytes));
  return json;
}

std::string root_tracker_name(const NamespacedName& app) { return fmt::format("{}-{}", app.name, app.ns); }

std::string versioned_tracker_name(const NamespacedName& app, std::int64_t generation) {
  return fmt::format("{}-v{}-{}", app.name, generation, app.ns);
}

std::string published_tracker_name(const NamespacedName& app, std::string_view publish_version) {
  return fmt::format("{}-{}-{}", app.name, publish_version, app.ns);
}

std::string distinct_tracker_name(std::string_view name, const NamespacedName& app, std::string_view uid) {
  return fmt::format("{}-{:08x}", name, stable_hash(fmt::format("{}/{}/{}", app.ns, app.name, uid)));
}

ResourceTracker new_tracker(TrackerType type, const NamespacedName& app, std::string_view uid,
                            std::string_view app_revision, std::int64_t generation) {
  ResourceTracker tracker;
  tracker.type = type;
  tracker.application_generation = type == TrackerType::Versioned ? generation : 0;
  tracker.metadata.labels.emplace(labels::kName, app.name);
  tracker.metadata.labels.emplace(labels::kNamespace, app.ns);
  tracker.metadata.labels.emplace(labels::kUid, uid);
  if (!app_revision.empty()) tracker.metadata.labels.emplace(labels::kAppRevision, app_revision);
  tracker.metadata.finalizers.emplace_back(finalizers::kTracker);
  return tracker;
}

std::string tracker_label_selector(const NamespacedName& app) {
  return fmt::format("{}={},{}={}", labels::kName, app.name, labels::kNamespace, app.ns);
}

ManagedResource managed_resource(JsonView manifest, bool skip_gc) {
  const JsonView metadata = manifest["metadata"];
  const JsonView labels_json = metadata["labels"];
  ManagedResource resource;
  resource.api_version = manifest["apiVersion"].string();
  resource.kind = manifest["kind"].string();
  resource.ns = metadata["namespace"].string();
  resource.name = metadata["name"].string();
  resource.cluster = labels_json[labels::kCluster].string();
  resource.component = labels_json[labels::kComponent].string();
  resource.trait = labels_json[labels::kTraitType].string();
  resource.raw = manifest.to_json();
  resource.skip_gc = skip_gc;
  return resource;
}

}  // namespace heirloom
