// core.oam.dev/v1beta1 ResourceTracker: everything an application may have created, recorded before it is
// created.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apis/object_meta.h"
#include "apis/sharer_key.h"
#include "base/json.h"
#include "base/result.h"

namespace heirloom {

enum class TrackerType {
  Root,               // garbage-collect strategy onAppDelete or never: lives until the application goes
  Versioned,          // one per generation, or per publishVersion
  ComponentRevision,  // of old KubeVela versions: only cleaned up
  Legacy,             // empty spec.type, before KubeVela 1.2: ignored
};

struct ManagedResource {
  std::string api_version;
  std::string kind;
  std::string ns;  // "" for cluster-scoped objects
  std::string name;
  std::string uid;
  std::string cluster;  // as written; "" counts as local
  std::string creator;
  std::string component;
  std::string trait;
  Json raw;  // the manifest as rendered; null = metadata only
  bool deleted = false;
  bool skip_gc = false;   // garbage-collect strategy never: release, do not delete
  ObjectKey key() const;  // identity: group, kind, cluster, namespace, name; not the version
  bool operator==(const ManagedResource&) const = default;
};

struct ResourceTracker {
  ObjectMeta metadata;
  TrackerType type = TrackerType::Versioned;
  std::int64_t application_generation = 0;  // 0 for root and component-revision trackers
  std::vector<ManagedResource> resources;
  std::string compression;  // "", "gzip" or "zstd" as it was stored; we write uncompressed

  SharerKey application() const;  // from the labels
  std::string_view application_uid() const;
  const ManagedResource* find(const ObjectKey& key) const;  // or nullptr
  // Adds the entry or replaces the one with its key; true when something changed.
  bool upsert(ManagedResource resource);
  bool operator==(const ResourceTracker&) const = default;
};

inline constexpr std::string_view kTrackerKind = "ResourceTracker";
inline constexpr std::string_view kTrackerPlural = "resourcetrackers";
// etcd's default request limit is 1.5 MiB; a tracker that would not fit is refused before any write.
inline constexpr std::size_t kMaxTrackerBytes = 1'500'000;
// Bound on what a compressed tracker may expand to.
inline constexpr std::size_t kMaxExpandedTrackerBytes = 64u << 20;

// Compressed trackers (KubeVela's Helm chart writes zstd by default) are read when the codec is there: gzip
// always. Errors: Invalid naming the tracker and the field; NotImplemented-like Invalid for an unknown or
// unavailable compression, in which case the tracker's content is UNKNOWN: nobody may conclude that an object
// is not listed.
Result<ResourceTracker> decode_resource_tracker(JsonView object);
// Uncompressed. Error: RequestEntityTooLarge naming the tracker and its size.
Result<Json> encode_resource_tracker(const ResourceTracker& tracker);

// "<app>-<ns>", "<app>-v<generation>-<ns>", "<app>-<publishVersion>-<ns>". Names of two applications can
// collide (app a-v1 in b, and version 1 of app a in b): trackers are found by label, never by name, and a
// taken name gets a suffix.
std::string root_tracker_name(const NamespacedName& app);
std::string versioned_tracker_name(const NamespacedName& app, std::int64_t generation);
std::string published_tracker_name(const NamespacedName& app, std::string_view publish_version);
// The name to take when `name` belongs to another application: 8 hex digits of the application's key and UID
// behind it.
std::string distinct_tracker_name(std::string_view name, const NamespacedName& app, std::string_view uid);

// A new tracker with the labels and the finalizer KubeVela gives it; metadata.name is the caller's.
ResourceTracker new_tracker(TrackerType type, const NamespacedName& app, std::string_view uid,
                            std::string_view app_revision, std::int64_t generation);
// "app.oam.dev/name=web,app.oam.dev/namespace=prod"
std::string tracker_label_selector(const NamespacedName& app);

// An entry for a manifest: component and trait from its labels.
ManagedResource managed_resource(JsonView manifest, bool skip_gc);

}  // namespace heirloom
