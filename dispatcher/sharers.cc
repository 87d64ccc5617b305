#include "dispatcher/sharers.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "apis/application.h"
#include "apis/application_revision.h"
#include "apis/claim_record.h"
#include "apis/labels.h"

namespace heirloom::dispatcher {

const GroupVersionResource kApplications{std::string(kCoreGroup), std::string(kCoreVersion),
                                         std::string(kApplicationPlural)};
const GroupVersionResource kTrackers{std::string(kCoreGroup), std::string(kCoreVersion), std::string(kTrackerPlural)};
const GroupVersionResource kRevisions{std::string(kCoreGroup), std::string(kCoreVersion), std::string(kRevisionPlural)};
const GroupVersionResource kDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};
const GroupVersionResource kClaimClasses{"heirloom.dev", "v1alpha1", "claimclasses"};

namespace {

kube::ReflectorOptions tracker_watch() {
  kube::ReflectorOptions options;
  options.collection = kube::Collection{kTrackers, ""};
  return options;
}

std::string owner_index(const SharerKey& key) { return to_string(key); }

// What its status says that it had in force.
std::set<ObjectKey> applied_by(JsonView application) {
  std::set<ObjectKey> objects;
  for (const JsonView resource : application["status"]["appliedResources"].elements()) {
    const std::string kind(resource["kind"].string());
    const Result<GroupVersionKind> gvk = parse_api_version(resource["apiVersion"].string(), kind);
    if (!gvk.ok()) continue;
    objects.insert(ObjectKey{"local", gvk->group, kind, std::string(resource["namespace"].string()),
                             std::string(resource["name"].string())});
  }
  return objects;
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
  known.recorded = when_recorded(object);
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
      applications_(environment, "", kApplications, [this](const SharerWatch::Change& change) { sharer_changed(change); },
                    [this] { kind_listed(""); }),
      trackers_(environment->executor, project_tracker),
      by_owner_(trackers_.add_index([](const TrackerEntry& entry, std::vector<std::string>& values) {
        values.push_back(owner_index(entry.owner));
      })),
      tracker_reflector_(environment->api, environment->clock, environment->random, environment->metrics,
                         tracker_watch(), &trackers_) {
  trackers_.on_change([this](const Trackers::Change& change) { tracker_changed(change); });
}

void Sharers::start() {
  environment_->scope->spawn("watch applications", applications_.run());
  environment_->scope->spawn("watch resourcetrackers", tracker_reflector_.run());
}

Task<void> Sharers::wait_synced() {
  co_await applications_.wait_synced();
  co_await trackers_.wait_synced();
}

bool Sharers::synced() const { return applications_.has_synced() && trackers_.has_synced(); }

Status Sharers::problem() const {
  const Status applications = applications_.problem();
  return applications.ok() ? tracker_reflector_.status().error : applications;
}

SharerWatch* Sharers::watch_of(const std::string& kind) {
  return const_cast<SharerWatch*>(std::as_const(*this).watch_of(kind));
}

const SharerWatch* Sharers::watch_of(const std::string& kind) const {
  if (kind.empty()) return &applications_;
  const auto at = kinds_.find(kind);
  return at == kinds_.end() ? nullptr : at->second.watch.get();
}

void Sharers::watch(const std::string& kind, const GroupVersionResource& resource, const GroupKind& objects) {
  if (const SharerWatch* known = watch_of(kind); known != nullptr) {
    if (known->resource() == resource) return;
    unwatch(kind);
  }
  Kind fresh;
  fresh.objects = objects;
  fresh.watch = std::make_shared<SharerWatch>(environment_, kind, resource,
                                              [this](const SharerWatch::Change& change) { sharer_changed(change); },
                                              [this, kind] { kind_listed(kind); });
  fresh.scope = std::make_shared<TaskScope>(environment_->executor);
  fresh.scope->spawn(fmt::format("watch {}", kind), fresh.watch->run());
  fresh.scope->spawn(fmt::format("await {}", kind), announce(kind, fresh.watch));
  kinds_.emplace(kind, std::move(fresh));
}

Task<void> Sharers::announce(std::string kind, std::shared_ptr<SharerWatch> watch) {
  co_await watch->wait_synced();
  if (synced_ && watch_of(kind) == watch.get()) synced_(kind);
}

void Sharers::unwatch(const std::string& kind) {
  const auto at = kinds_.find(kind);
  if (at == kinds_.end()) return;
  const auto over = std::make_shared<Kind>(std::move(at->second));
  kinds_.erase(at);
  ending_.push_back(over);
  environment_->scope->spawn(fmt::format("stop watching {}", kind), end(over));
}

// Keeps the watch alive until it has stopped.
Task<void> Sharers::end(std::shared_ptr<Kind> kind) {
  co_await kind->scope->stop();
  std::erase(ending_, kind);
}

Task<void> Sharers::stop() {
  for (auto& [name, kind] : kinds_) ending_.push_back(std::make_shared<Kind>(std::move(kind)));
  kinds_.clear();
  while (!ending_.empty()) {
    const std::shared_ptr<Kind> kind = ending_.front();
    co_await kind->scope->stop();
    std::erase(ending_, kind);
  }
}

void Sharers::abandon() {
  for (auto& [name, kind] : kinds_) kind.scope->abandon();
  for (const std::shared_ptr<Kind>& kind : ending_) kind->scope->abandon();
}

std::vector<std::string> Sharers::watched_kinds() const {
  std::vector<std::string> names;
  for (const auto& [name, kind] : kinds_) names.push_back(name);
  return names;
}

SharerKey Sharers::with_group(SharerKey key) const {
  if (key.is_application() || key.kind.find('.') != std::string::npos) return key;
  const auto has_plural = [&key](const auto& entry) { return entry.first.starts_with(key.kind + "."); };
  const auto only = std::find_if(kinds_.begin(), kinds_.end(), has_plural);
  if (only != kinds_.end() && std::none_of(std::next(only), kinds_.end(), has_plural)) key.kind = only->first;
  return key;
}

bool Sharers::is_claim(const GroupKind& objects) const {
  return std::any_of(kinds_.begin(), kinds_.end(), [&objects](const auto& entry) {
    return entry.second.objects == objects && entry.first != kClaimClassSharer;
  });
}

bool Sharers::has_synced(const std::string& kind) const {
  const SharerWatch* watch = watch_of(kind);
  return watch != nullptr && watch->has_synced();
}

Status Sharers::problem(const std::string& kind) const {
  const SharerWatch* watch = watch_of(kind);
  return watch == nullptr ? Status() : watch->problem();
}

const Json* Sharers::find(const SharerKey& key) const {
  const SharerWatch* watch = watch_of(key.kind);
  return watch == nullptr ? nullptr : watch->find({key.ns, key.name});
}

std::vector<SharerKey> Sharers::keys(const std::string& kind) const {
  const SharerWatch* watch = watch_of(kind);
  return watch == nullptr ? std::vector<SharerKey>() : watch->keys();
}

std::optional<GroupVersionResource> Sharers::resource_of(const std::string& kind) const {
  const SharerWatch* watch = watch_of(kind);
  return watch == nullptr ? std::nullopt : std::optional(watch->resource());
}

std::size_t Sharers::memory_bytes() const {
  std::size_t bytes = applications_.memory_bytes() + trackers_.memory_bytes();
  for (const auto& [name, kind] : kinds_) bytes += kind.watch->memory_bytes();
  return bytes;
}

std::vector<KnownTracker> Sharers::trackers(const SharerKey& key) const {
  std::vector<KnownTracker> known;
  std::set<std::string> names;
  for (const NamespacedName& name : trackers_.find_by(by_owner_, owner_index(key))) {
    const auto written = written_trackers_.find(name.name);
    const KnownTracker& tracker =
        written != written_trackers_.end() ? written->second.tracker : trackers_.find(name)->kept.tracker;
    names.insert(name.name);
    if (!gone_trackers_.contains(tracker.uid)) known.push_back(tracker);
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

std::string Sharers::version(const SharerKey& key) const {
  const SharerWatch* watch = watch_of(key.kind);
  return watch == nullptr ? std::string() : watch->version({key.ns, key.name});
}

void Sharers::wrote(const SharerKey& key, const Json& answer, const std::string& before) {
  SharerWatch* watch = watch_of(key.kind);
  if (watch == nullptr) return;
  const bool news = watch->wrote({key.ns, key.name}, answer, before);
  declare_claimed(key, answer);
  if (news) wake_(key);
  answer_asked(key);
}

void Sharers::finalized(const SharerKey& key, const std::string& uid) {
  if (SharerWatch* watch = watch_of(key.kind); watch != nullptr) watch->finalized({key.ns, key.name}, uid);
}

std::string Sharers::tracker_version(const std::string& name) const {
  const Trackers::Entry* entry = trackers_.find({"", name});
  return entry == nullptr ? std::string() : entry->resource_version;
}

void Sharers::found_tracker(const Json& tracker) {
  if (tracker_version(std::string(tracker["metadata"]["name"].string())).empty()) wrote_tracker(tracker, std::string());
}

void Sharers::wrote_tracker(const Json& answer, const std::string& before) {
  TrackerEntry entry = project_tracker(answer);
  const std::string name = entry.tracker.name;
  const SharerKey owner = entry.owner;
  const std::string now = tracker_version(name);
  gone_trackers_.erase(entry.tracker.uid);
  if (entry.tracker.resource_version == now) {  // the echo was quicker
    written_trackers_.erase(name);
  } else if (before == now) {  // otherwise events have come meanwhile, and the answer may be old news
    written_trackers_.insert_or_assign(name, std::move(entry));
  }
  declare_tracked(owner);
}

void Sharers::tracker_gone(const std::string& name, const std::string& uid) {
  std::optional<SharerKey> key;
  if (const auto written = written_trackers_.find(name);
      written != written_trackers_.end() && written->second.tracker.uid == uid) {
    key = written->second.owner;
    written_trackers_.erase(written);
  }
  if (const Trackers::Entry* entry = trackers_.find({"", name}); entry != nullptr && entry->kept.tracker.uid == uid) {
    gone_trackers_.insert(uid);
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

void Sharers::sharer_changed(const SharerWatch::Change& change) {
  if (change.object.exists()) declare_claimed(change.key, change.object);
  if (!change.key.is_application() && observer_) observer_(change);
  answer_asked(change.key);
  if (change.echo) return;
  wake_(change.key);
  if (change.object.exists()) return;
  // Whoever shares an object with it may have to step in, also when its trackers were emptied before it went.
  std::set<ObjectKey> objects = applied_by(change.before);
  std::erase_if(objects, [this, &change](const ObjectKey& object) {
    const SeenObject* seen = table_->find(object);
    return seen == nullptr || !seen->live.lists(change.key);
  });
  for (const ObjectKey& object : table_->objects_of(change.key)) objects.insert(object);
  wake_others(change.key, objects);
}

void Sharers::wake_others(const SharerKey& key, const std::set<ObjectKey>& objects) {
  for (const ObjectKey& object : objects)
    for (const SharerKey& other : table_->interested(object))
      if (other != key) {
        table_->unverify(other, object);  // nothing on the object has changed
        wake_(other);
      }
}

// Whoever asked before the sharer had looked at its spec, or was gone, may ask again.
void Sharers::answer_asked(const SharerKey& key) {
  const auto first = asked_too_early_.lower_bound({key, ObjectKey()});
  if (first == asked_too_early_.end() || first->first != key) return;
  const Json* sharer = find(key);
  if (sharer != nullptr && !has_looked(key, *sharer)) return;
  std::set<ObjectKey> objects;
  auto last = first;
  for (; last != asked_too_early_.end() && last->first == key; ++last) objects.insert(last->second);
  asked_too_early_.erase(first, last);
  wake_others(key, objects);
}

void Sharers::tracker_changed(const Trackers::Change& change) {
  const std::string& name = change.key.name;
  const SharerKey owner = (change.after != nullptr ? change.after : change.before)->kept.owner;
  const auto written = written_trackers_.find(name);
  const bool ours = written != written_trackers_.end() && change.after != nullptr &&
                    written->second.tracker.resource_version == change.after->resource_version;
  // The late news of an end is about the tracker of that name before the one we have written.
  const bool before_ours = change.after == nullptr && written != written_trackers_.end() &&
                           written->second.tracker.uid != change.before->kept.tracker.uid;
  // A list may have skipped the echo of our write, which would then be waited for in vain.
  if (!before_ours && (change.after == nullptr || ours || change.from_list)) written_trackers_.erase(name);
  // One of the same name may be there already.
  const bool ended = change.before != nullptr &&
                     (change.after == nullptr || change.after->kept.tracker.uid != change.before->kept.tracker.uid);
  const bool we_removed_it = ended && gone_trackers_.erase(change.before->kept.tracker.uid) != 0;
  declare_tracked(owner);
  if (!ours && (change.after != nullptr || !we_removed_it)) wake_(owner);
}

void Sharers::declare_tracked(const SharerKey& key) {
  std::set<ObjectKey> objects;
  for (const KnownTracker& tracker : trackers(key))
    for (const TrackedObject& object : tracker.objects) objects.insert(object.key);
  table_->declare(key, ObjectTable::Source::Tracker, objects);
}

// A claim records its objects on itself. What it recorded in a life that is over stays until it has been let go of.
void Sharers::declare_claimed(const SharerKey& key, JsonView claim) {
  if (key.is_application() || key.kind == kClaimClassSharer) return;
  const std::optional<ClaimRecord> record = claim_record(claim);
  if (!record) return;  // as before
  std::set<ObjectKey> objects;
  for (const ClaimedObject& target : record->targets) objects.insert(target.key);
  table_->declare(key, ObjectTable::Source::Tracker, objects);
}

}  // namespace heirloom::dispatcher
