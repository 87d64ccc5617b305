#include "dispatcher/sharers.h"

#include <algorithm>

#include <fmt/format.h>

#include "apis/application.h"
#include "apis/application_revision.h"
#include "apis/labels.h"
#include "base/log.h"

namespace heirloom::dispatcher {

const GroupVersionResource kApplications{std::string(kCoreGroup), std::string(kCoreVersion),
                                         std::string(kApplicationPlural)};
const GroupVersionResource kTrackers{std::string(kCoreGroup), std::string(kCoreVersion), std::string(kTrackerPlural)};
const GroupVersionResource kRevisions{std::string(kCoreGroup), std::string(kCoreVersion), std::string(kRevisionPlural)};

namespace {

// More deaths waiting for confirmation than this are forgotten and begin again.
constexpr std::size_t kMaxPendingDeaths = 100'000;

kube::ReflectorOptions watch_of(const GroupVersionResource& resource) {
  kube::ReflectorOptions options;
  options.collection = kube::Collection{resource, ""};
  return options;
}

Json without_managed_fields(JsonView object) {
  return rewrite(object, {remove_at({"metadata", "managedFields"})});
}

std::string owner_index(const SharerKey& key) { return to_string(key); }

// We write status and finalizers; everything else is others'.
bool same_but_for_our_writes(JsonView before, JsonView after) {
  const JsonView old = before["metadata"];
  const JsonView now = after["metadata"];
  const auto same = [&old, &now](std::string_view key) {
    return old[key].exists() == now[key].exists() && (!old[key].exists() || old[key] == now[key]);
  };
  return same("uid") && same("generation") && same("deletionTimestamp") && same("labels") && same("annotations");
}

// A 404 that names the object comes from the kind's own handler: the kind is served. Without a name the kind is gone,
// and nothing may be concluded.
bool says_absent(const Status& status, const std::string& name) {
  return is_not_found(status) && status.details().name == name;
}

}  // namespace

KnownTracker known_tracker(JsonView object) {
  KnownTracker known;
  const JsonView metadata = object["metadata"];
  known.name = metadata["name"].string();
  known.uid = metadata["uid"].string();
  known.resource_version = metadata["resourceVersion"].string();
  known.application_uid = metadata["labels"][labels::kUid].string();
  known.deleting = metadata.contains("deletionTimestamp");
  for (const JsonView finalizer : metadata["finalizers"].elements()) known.finalizers.emplace_back(finalizer.string());
  Result<ResourceTracker> decoded = decode_resource_tracker(object);
  if (!decoded.ok()) {
    known.unreadable = std::move(decoded).status();
    return known;
  }
  known.type = decoded->type;
  known.generation = decoded->application_generation;
  known.objects.reserve(decoded->resources.size());
  for (const ManagedResource& resource : decoded->resources)
    known.objects.push_back({resource.key(), resource.api_version, resource.component, resource.skip_gc});
  return known;
}

std::size_t Sharers::TrackerEntry::memory_bytes() const {
  std::size_t bytes = tracker.objects.capacity() * sizeof(TrackedObject);
  for (const TrackedObject& object : tracker.objects)
    bytes += object.key.name.capacity() + object.key.ns.capacity() + object.component.capacity();
  return bytes;
}

Sharers::Sharers(const Environment* environment, ObjectTable* table, Wake wake)
    : environment_(environment), table_(table), wake_(std::move(wake)),
      applications_(environment->executor,
                    [](JsonView object) { return KnownApplication{without_managed_fields(object)}; }),
      trackers_(environment->executor, project_tracker),
      by_owner_(trackers_.add_index([](const TrackerEntry& entry, std::vector<std::string>& values) {
        values.push_back(owner_index(entry.owner));
      })),
      application_reflector_(environment->api, environment->clock, environment->random, environment->metrics,
                             watch_of(kApplications), &applications_),
      tracker_reflector_(environment->api, environment->clock, environment->random, environment->metrics,
                         watch_of(kTrackers), &trackers_) {
  applications_.on_change([this](const Applications::Change& change) { application_changed(change); });
  trackers_.on_change([this](const Trackers::Change& change) { tracker_changed(change); });
}

void Sharers::start() {
  environment_->scope->spawn("watch applications", application_reflector_.run());
  environment_->scope->spawn("watch resourcetrackers", tracker_reflector_.run());
}

Task<void> Sharers::wait_synced() {
  co_await applications_.wait_synced();
  co_await trackers_.wait_synced();
}

Status Sharers::problem() const {
  const Status applications = application_reflector_.status().error;
  return applications.ok() ? tracker_reflector_.status().error : applications;
}

const Json* Sharers::application(const SharerKey& key) const {
  const NamespacedName name{key.ns, key.name};
  const Json* known = written_applications_.find(name);
  if (const Applications::Entry* entry = applications_.find(name); known == nullptr && entry != nullptr)
    known = &entry->kept.object;
  const auto over = finalized_.find(name);
  const bool gone = known != nullptr && over != finalized_.end() && (*known)["metadata"]["uid"].string() == over->second;
  return gone ? nullptr : known;
}

std::vector<SharerKey> Sharers::applications() const {
  std::vector<SharerKey> keys;
  applications_.for_each([&keys](const NamespacedName& name, const Applications::Entry&) {
    keys.push_back(application_key(name.ns, name.name));
  });
  return keys;
}

std::vector<KnownTracker> Sharers::trackers(const SharerKey& key) const {
  std::vector<KnownTracker> known;
  std::set<std::string> names;
  for (const NamespacedName& name : trackers_.find_by(by_owner_, owner_index(key))) {
    if (gone_trackers_.contains(name.name)) continue;
    const auto written = written_trackers_.find(name.name);
    known.push_back(written != written_trackers_.end() ? written->second.tracker : trackers_.find(name)->kept.tracker);
    names.insert(name.name);
  }
  for (const auto& [name, entry] : written_trackers_)
    if (entry.owner == key && !names.contains(name)) known.push_back(entry.tracker);
  std::sort(known.begin(), known.end(), [](const KnownTracker& a, const KnownTracker& b) { return a.name < b.name; });
  return known;
}

std::vector<SharerKey> Sharers::tracker_owners() const {
  std::set<SharerKey> owners;
  trackers_.for_each([&owners](const NamespacedName&, const Trackers::Entry& entry) { owners.insert(entry.kept.owner); });
  return {owners.begin(), owners.end()};
}

std::string Sharers::application_version(const SharerKey& key) const {
  const Applications::Entry* entry = applications_.find({key.ns, key.name});
  return entry == nullptr ? std::string() : entry->resource_version;
}

void Sharers::wrote_application(const SharerKey& key, const Json& answer, const std::string& before) {
  // The answer may bring what somebody else wrote meanwhile; the event about that is older than it and wakes nobody.
  const Json* known = application(key);
  const bool news = known != nullptr && !same_but_for_our_writes(*known, answer);
  written_applications_.wrote({key.ns, key.name}, without_managed_fields(answer), before, application_version(key));
  if (news) wake_(key);
}

void Sharers::finalized(const SharerKey& key, const std::string& uid) {
  if (applications_.find({key.ns, key.name}) != nullptr) finalized_[{key.ns, key.name}] = uid;
}

void Sharers::wrote_tracker(const Json& answer) {
  TrackerEntry entry = project_tracker(answer);
  const std::string name = entry.tracker.name;
  const SharerKey owner = entry.owner;
  gone_trackers_.erase(name);
  written_trackers_.insert_or_assign(name, std::move(entry));
  declare_tracked(owner);
}

void Sharers::tracker_gone(const std::string& name) {
  std::optional<SharerKey> key;
  if (const auto written = written_trackers_.find(name); written != written_trackers_.end()) {
    key = written->second.owner;
    written_trackers_.erase(written);
  }
  if (const Trackers::Entry* entry = trackers_.find({"", name})) {
    gone_trackers_.insert(name);
    key = entry->kept.owner;
  }
  if (key) declare_tracked(*key);
}

Sharers::TrackerEntry Sharers::project_tracker(JsonView object) {
  TrackerEntry entry{known_tracker(object), {}};
  const JsonView labels = object["metadata"]["labels"];
  entry.owner = application_key(labels[labels::kNamespace].string(), labels[labels::kName].string());
  return entry;
}

void Sharers::application_changed(const Applications::Change& change) {
  const SharerKey key = application_key(change.key.ns, change.key.name);
  const bool deleted = change.after == nullptr;
  if (deleted) finalized_.erase(change.key);
  const std::string version = deleted ? std::string() : change.after->resource_version;
  if (written_applications_.classify(change.key, version, deleted, change.from_list) != OwnWrites::Event::News) return;
  wake_(key);
  if (!deleted) return;
  // Whoever shares an object with it may have to step in.
  for (const ObjectKey& object : table_->objects_of(key))
    for (const SharerKey& other : table_->interested(object))
      if (other != key) wake_(other);
}

void Sharers::tracker_changed(const Trackers::Change& change) {
  const std::string& name = change.key.name;
  const SharerKey owner = (change.after != nullptr ? change.after : change.before)->kept.owner;
  const auto written = written_trackers_.find(name);
  const bool ours = written != written_trackers_.end() && change.after != nullptr &&
                    written->second.tracker.resource_version == change.after->resource_version;
  // A list may have skipped the echo of our write, which would then be waited for in vain.
  if (change.after == nullptr || ours || change.from_list) written_trackers_.erase(name);
  const bool we_removed_it = change.after == nullptr && gone_trackers_.erase(name) != 0;
  declare_tracked(owner);
  if (!ours && !we_removed_it) wake_(owner);
}

void Sharers::declare_tracked(const SharerKey& key) {
  std::set<ObjectKey> objects;
  for (const KnownTracker& tracker : trackers(key))
    for (const TrackedObject& object : tracker.objects) objects.insert(object.key);
  table_->declare(key, ObjectTable::Source::Tracker, objects);
}

LivenessAnswer Sharers::dead_candidate(const SharerKey& key, const ObjectKey& object) {
  if (first_dead_.size() > kMaxPendingDeaths) first_dead_.clear();
  const MonotonicTime now = environment_->clock->monotonic();
  const auto [at, first] = first_dead_.try_emplace({key, object}, now);
  const Duration grace = environment_->options.dead_grace;
  LivenessAnswer answer;
  if (now - at->second >= grace) {
    answer.liveness = policies::Liveness::Dead;
  } else {
    answer.ask_again_after = grace - (now - at->second);
  }
  return answer;
}

Task<Result<bool>> Sharers::listed_uncached(SharerKey key, ObjectKey object) {
  kube::ListOptions options;
  options.label_selector = tracker_label_selector({key.ns, key.name});
  const kube::Collection collection{kTrackers, ""};
  Result<kube::ListPage> page = co_await environment_->api->list(collection, options);
  if (!page.ok()) co_return std::move(page).status();
  for (const Json& tracker : page->items) {
    const KnownTracker known = known_tracker(tracker);
    if (!known.unreadable.ok()) co_return known.unreadable;
    for (const TrackedObject& tracked : known.objects)
      if (tracked.key == object) co_return true;
  }
  co_return false;
}

Task<LivenessAnswer> Sharers::liveness(SharerKey key, ObjectKey object) {
  LivenessAnswer answer;
  if (!key.is_application()) co_return answer;  // claims: until their watch exists, nothing is concluded
  if (const Json* cached = application(key)) {
    if ((*cached)["metadata"].contains("deletionTimestamp")) {
      answer.liveness = policies::Liveness::Leaving;
      co_return answer;
    }
    if (table_->is_interested(key, object)) {
      first_dead_.erase({key, object});
      answer.liveness = policies::Liveness::Live;
      co_return answer;
    }
  }
  const kube::ObjectRef ref{kApplications, key.ns, key.name};
  const kube::GetOptions options;
  const Result<Json> found = co_await environment_->api->get(ref, options);
  if (!found.ok()) {
    if (says_absent(found.status(), key.name)) co_return dead_candidate(key, object);
    co_return answer;
  }
  const JsonView metadata = (*found)["metadata"];
  if (metadata.contains("deletionTimestamp")) {
    answer.liveness = policies::Liveness::Leaving;
    co_return answer;
  }
  // It exists. It is dead to this object only when it has looked at its whole spec and lists the object nowhere.
  if ((*found)["status"]["observedGeneration"].int64(-1) != metadata["generation"].int64()) co_return answer;
  const Result<bool> listed = co_await listed_uncached(key, object);
  if (!listed.ok()) co_return answer;
  if (*listed) {
    first_dead_.erase({key, object});
    answer.liveness = policies::Liveness::Live;
    co_return answer;
  }
  if (table_->is_interested(key, object)) co_return answer;  // it declares the object since
  co_return dead_candidate(key, object);
}

}  // namespace heirloom::dispatcher
