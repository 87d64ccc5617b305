// Sharers: everyone who can share an object, as we last saw them: applications with their trackers, claims of the kinds
// that are watched, claim classes. And whether a sharer is alive.
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
#include "dispatcher/own_definitions.h"
#include "dispatcher/sharer_watch.h"
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
  Recorded recorded;
  Status unreadable;  // its content is unknown: nobody may conclude that an object is not listed
  std::vector<TrackedObject> objects;
};
KnownTracker known_tracker(JsonView tracker);

struct LivenessAnswer {
  policies::Liveness liveness = policies::Liveness::Unknown;
  std::optional<Duration> ask_again_after;  // while a death waits for its confirmation
  bool away = false;  // Unknown: it went with the definition of its kind. An event tells when it is back
};

class Sharers {
 public:
  using Wake = ObjectTable::Wake;
  // Everything outlives this.
  Sharers(const Environment* environment, ObjectTable* table, Wake wake);

  // The watches of applications and trackers; run until cancelled, in the environment's scope.
  void start();
  Task<void> wait_synced();
  bool synced() const;
  // Why we are not synced, when we are not: the watches' last failure.
  Status problem() const;

  // Claims and claim classes: one watch per kind, which comes and goes with the kind's definition. `kind`:
  // SharerKey::kind; `objects`: what its objects are. Watching a kind again in another version starts over.
  void watch(const std::string& kind, const GroupVersionResource& resource, const GroupKind& objects);
  void unwatch(const std::string& kind);
  std::vector<std::string> watched_kinds() const;  // without applications
  // Objects of this kind are claims: to let go of one may take away what its object is home to.
  bool is_claim(const GroupKind& objects) const;
  // A claim known from owner labels alone lacks its group: completed when one watched kind, and no other, has its plural.
  SharerKey with_group(SharerKey key) const;
  bool has_synced(const std::string& kind) const;
  Status problem(const std::string& kind) const;
  // After the environment's scope was stopped, or its tasks abandoned: they may start watches.
  Task<void> stop();
  void abandon();

  // Called for every change of a claim or claim class, the echoes of our own writes included; and when a kind's list
  // is complete for the first time.
  using Observer = std::function<void(const SharerWatch::Change& change)>;
  using Synced = std::function<void(const std::string& kind)>;
  void observe(Observer observer, Synced synced) {
    observer_ = std::move(observer);
    synced_ = std::move(synced);
  }

  // The sharer as last seen or as we last wrote it; nullptr: not in the cache. Valid until the next co_await.
  const Json* find(const SharerKey& key) const;
  std::vector<SharerKey> keys(const std::string& kind = {}) const;  // "" = applications
  // What serves the kind, when it is watched.
  std::optional<GroupVersionResource> resource_of(const std::string& kind) const;

  // By label, as last seen or written; the order is by name.
  std::vector<KnownTracker> trackers(const SharerKey& key) const;
  std::vector<SharerKey> tracker_owners() const;

  // Answers to our own writes. `before`: version(...) when the request went out.
  std::string version(const SharerKey& key) const;
  void wrote(const SharerKey& key, const Json& answer, const std::string& before);
  // Its finalizer is off: whatever the cache still shows of this life, nothing is left to do for it.
  void finalized(const SharerKey& key, const std::string& uid);
  // The same of trackers, by name. A version is "" while the cache knows none.
  std::string tracker_version(const std::string& name) const;
  void wrote_tracker(const Json& answer, const std::string& before);
  // An uncached list shows a tracker that the watch has not shown yet.
  void found_tracker(const Json& tracker);
  void tracker_gone(const std::string& name, const std::string& uid);

  // Known to live and to declare the object, by what was seen last: costs no request, and says nothing about the others.
  bool is_known_to_declare(const SharerKey& key, const ObjectKey& object) const;
  // Read after the object whose fate depends on it.
  Task<LivenessAnswer> liveness(SharerKey key, ObjectKey object);

  // Whether a sharer that is gone went with the definition of its kind: then nobody let go of what it has.
  Task<bool> is_away(SharerKey key);

  std::size_t memory_bytes() const;

 private:
  // A claim kind's watch, with a scope of its own: it can end before the others.
  struct Kind {
    GroupKind objects;
    std::shared_ptr<SharerWatch> watch;
    std::shared_ptr<TaskScope> scope;
  };
  struct TrackerEntry {
    KnownTracker tracker;
    SharerKey owner;
    std::size_t memory_bytes() const;
  };
  using Trackers = kube::ObjectCache<TrackerEntry>;

  static TrackerEntry project_tracker(JsonView object);
  SharerWatch* watch_of(const std::string& kind);
  const SharerWatch* watch_of(const std::string& kind) const;
  void sharer_changed(const SharerWatch::Change& change);
  void kind_listed(const std::string& kind);
  Task<void> announce(std::string kind, std::shared_ptr<SharerWatch> watch);
  Task<void> end(std::shared_ptr<Kind> kind);
  void tracker_changed(const Trackers::Change& change);
  void declare_tracked(const SharerKey& key);
  void declare_claimed(const SharerKey& key, JsonView claim);
  void ask_again_later(const SharerKey& key, const ObjectKey& object, LivenessAnswer& answer);
  LivenessAnswer leaving(const SharerKey& key, const ObjectKey& object);
  LivenessAnswer dead_candidate(const SharerKey& key, const ObjectKey& object);
  Task<LivenessAnswer> confirmed_death(SharerKey key);
  Task<Result<bool>> listed_uncached(SharerKey key, ObjectKey object);
  static bool has_looked(const SharerKey& key, JsonView sharer);
  // Whether the sharer, as an uncached read shows it, declares the object. Dead: not yet confirmed.
  Task<LivenessAnswer> declares(SharerKey key, Json sharer, ObjectKey object);
  void answer_asked(const SharerKey& key);
  void wake_others(const SharerKey& key, const std::set<ObjectKey>& objects);
  // What to read a sharer from whose kind nobody watches: its definition says.
  Task<std::optional<GroupVersionResource>> find_resource(std::string kind);

  const Environment* environment_;
  ObjectTable* table_;
  Wake wake_;
  Observer observer_;
  Synced synced_;
  SharerWatch applications_;
  std::map<std::string, Kind> kinds_;  // of claims and claim classes
  std::vector<std::shared_ptr<Kind>> ending_;  // in order: a set of pointers would end them in the order of addresses
  Trackers trackers_;
  Trackers::Index by_owner_;
  std::map<std::string, TrackerEntry> written_trackers_;  // by name, until the watch shows them
  std::set<std::string> gone_trackers_;                   // UIDs, until the watch has dropped them
  std::map<std::pair<SharerKey, ObjectKey>, MonotonicTime> first_dead_;
  std::set<std::pair<SharerKey, ObjectKey>> asked_too_early_;  // sharer, and the object that somebody asked about
  kube::Reflector tracker_reflector_;
};

extern const GroupVersionResource kApplications;
extern const GroupVersionResource kTrackers;
extern const GroupVersionResource kRevisions;
extern const GroupVersionResource kDefinitions;  // CustomResourceDefinitions
extern const GroupVersionResource kClaimClasses;
// SharerKey::kind of a ClaimClass: it keeps objects whose last claim is gone.
inline constexpr std::string_view kClaimClassSharer = "claimclasses.heirloom.dev";

}  // namespace heirloom::dispatcher
