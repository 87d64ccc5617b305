// Sharers: the applications and their trackers as we last saw them, and whether a sharer is alive.
//
// Alive may come from the cache: a stale "live" is corrected by the event that follows. Dead costs requests: uncached
// reads made after the object was read, confirmed again after the grace period. Everything else is Unknown.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "apis/resource_names.h"
#include "apis/resource_tracker.h"
#include "apis/sharer_key.h"
#include "base/json.h"
#include "base/result.h"
#include "dispatcher/environment.h"
#include "dispatcher/object_table.h"
#include "dispatcher/own_writes.h"
#include "kube/cache.h"
#include "kube/reflector.h"
#include "policies/facts.h"

namespace heirloom::dispatcher {

// What a tracker lists, without the manifests (those are read when needed).
struct TrackedObject {
  ObjectKey key;
  std::string api_version;
  std::string component;
  bool skip_gc = false;
};

struct KnownTracker {
  std::string name;
  std::string uid;
  std::string resource_version;
  std::string application_uid;
  TrackerType type = TrackerType::Versioned;
  std::int64_t generation = 0;
  bool deleting = false;
  std::vector<std::string> finalizers;
  Status unreadable;  // its content is unknown: nobody may conclude that an object is not listed
  std::vector<TrackedObject> objects;
};
KnownTracker known_tracker(JsonView tracker);

struct LivenessAnswer {
  policies::Liveness liveness = policies::Liveness::Unknown;
  std::optional<Duration> ask_again_after;  // while a death waits for its confirmation
};

class Sharers {
 public:
  using Wake = ObjectTable::Wake;
  // Everything outlives this.
  Sharers(const Environment* environment, ObjectTable* table, Wake wake);

  // The two watches; run until cancelled, in the environment's scope.
  void start();
  Task<void> wait_synced();
  // Why we are not synced, when we are not: the watches' last failure.
  Status problem() const;

  // The application as last seen or as we last wrote it; nullptr: not in the cache. Valid until the next co_await.
  const Json* application(const SharerKey& key) const;
  std::vector<SharerKey> applications() const;
  // By label, as last seen or written; the order is by name.
  std::vector<KnownTracker> trackers(const SharerKey& key) const;
  std::vector<SharerKey> tracker_owners() const;

  // Answers to our own writes. `before`: resource_version(...) when the request went out.
  std::string application_version(const SharerKey& key) const;
  // Its finalizer is off: whatever the cache still shows of this life, nothing is left to do for it.
  void finalized(const SharerKey& key, const std::string& uid);
  void wrote_application(const SharerKey& key, const Json& answer, const std::string& before);
  void wrote_tracker(const Json& answer);
  void tracker_gone(const std::string& name);

  // Read after the object whose fate depends on it.
  Task<LivenessAnswer> liveness(SharerKey key, ObjectKey object);

  std::size_t application_count() const { return applications_.size(); }
  std::size_t memory_bytes() const { return applications_.memory_bytes() + trackers_.memory_bytes(); }

 private:
  struct KnownApplication {
    Json object;
    std::size_t memory_bytes() const { return object.memory_bytes(); }
  };
  struct TrackerEntry {
    KnownTracker tracker;
    SharerKey owner;
    std::size_t memory_bytes() const;
  };
  using Applications = kube::ObjectCache<KnownApplication>;
  using Trackers = kube::ObjectCache<TrackerEntry>;

  static TrackerEntry project_tracker(JsonView object);
  void application_changed(const Applications::Change& change);
  void tracker_changed(const Trackers::Change& change);
  void declare_tracked(const SharerKey& key);
  LivenessAnswer dead_candidate(const SharerKey& key, const ObjectKey& object);
  Task<Result<bool>> listed_uncached(SharerKey key, ObjectKey object);

  const Environment* environment_;
  ObjectTable* table_;
  Wake wake_;
  Applications applications_;
  Trackers trackers_;
  Trackers::Index by_owner_;
  OwnWrites written_applications_;
  std::map<NamespacedName, std::string> finalized_;  // UID, until the watch shows the end of that life
  std::map<std::string, TrackerEntry> written_trackers_;  // by name, until the watch shows them
  std::set<std::string> gone_trackers_;                   // names, until the watch has dropped them
  std::map<std::pair<SharerKey, ObjectKey>, MonotonicTime> first_dead_;
  kube::Reflector application_reflector_;
  kube::Reflector tracker_reflector_;
};

extern const GroupVersionResource kApplications;
extern const GroupVersionResource kTrackers;
extern const GroupVersionResource kRevisions;

}  // namespace heirloom::dispatcher
