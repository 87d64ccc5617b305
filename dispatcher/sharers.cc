#include "dispatcher/sharers.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "apis/application.h"
#include "apis/application_revision.h"
#include "apis/claim_record.h"
#include "apis/condition.h"
#include "apis/conflict.h"
#include "apis/labels.h"
#include "base/log.h"

namespace heirloom::dispatcher {

const GroupVersionResource kApplications{std::string(kCoreGroup), std::string(kCoreVersion),
                                         std::string(kApplicationPlural)};
const GroupVersionResource kTrackers{std::string(kCoreGroup), std::string(kCoreVersion), std::string(kTrackerPlural)};
const GroupVersionResource kRevisions{std::string(kCoreGroup), std::string(kCoreVersion), std::string(kRevisionPlural)};
const GroupVersionResource kDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};
const GroupVersionResource kClaimClasses{"heirloom.dev", "v1alpha1", "claimclasses"};

namespace {

// More deaths waiting for confirmation than this are forgotten and begin again.
constexpr std::size_t kMaxPendingDeaths = 100'000;

kube::ReflectorOptions tracker_watch() {
  kube::ReflectorOptions options;
  options.collection = kube::Collection{kTrackers, ""};
  return options;
}

std::string owner_index(const SharerKey& key) { return to_string(key); }

// A 404 that names the object comes from the kind's own handler: the kind is served. Without a name the kind is gone,
// and nothing may be concluded.
bool says_absent(const Status& status, const std::string& name) {
  return is_not_found(status) && status.details().name == name;
}

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

// True when the last pass over an application got as far as the objects it wants, and took them up.
bool has_declared(JsonView application) {
  const JsonView status = application["status"];
  bool rendered = false;
  for (const JsonView condition : status["conditions"].elements()) {
    const bool holds = condition["status"].string() == "True";
    if (condition["type"].string() == condition_types::kRender) rendered = holds;
    if (condition["type"].string() == condition_types::kRevision && !holds) return false;
  }
  for (const JsonView conflict : status["conflicts"].elements())
    if (conflict["reason"].string() == conflict_reasons::kDuplicateObject) return false;
  return rendered;
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
      applications_(environment, "", kApplications, [this](const SharerWatch::Change& change) { sharer_changed(change); }),
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
                                              [this](const SharerWatch::Change& change) { sharer_changed(change); });
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

// Somebody is to be woken when the sharer has looked at its spec, or is gone; by time when too many are waited for.
void Sharers::ask_again_later(const SharerKey& key, const ObjectKey& object, LivenessAnswer& answer) {
  if (asked_too_early_.size() < kMaxPendingDeaths) asked_too_early_.emplace(key, object);
  else answer.ask_again_after = environment_->options.dead_grace;
}

// It lets go of what it is known to have. Of anything else (its tracker was emptied) it will not, and who shares that has
// to look again when it is gone.
LivenessAnswer Sharers::leaving(const SharerKey& key, const ObjectKey& object) {
  LivenessAnswer answer;
  answer.liveness = policies::Liveness::Leaving;
  if (!table_->is_interested(key, object)) ask_again_later(key, object, answer);
  return answer;
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

// A claim records its objects on itself. What it recorded in a life that is over stays until it has been let go of.
void Sharers::declare_claimed(const SharerKey& key, JsonView claim) {
  if (key.is_application() || key.kind == kClaimClassSharer) return;
  const std::optional<ClaimRecord> record = claim_record(claim);
  if (!record) return;  // as before
  std::set<ObjectKey> objects;
  for (const ClaimedObject& target : record->targets) objects.insert(target.key);
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

// Of an application that is gone: Dead, unless what it recorded says that it went with the definition of its kind. Then
// nobody deleted it, and its author brings it back.
Task<LivenessAnswer> Sharers::confirmed_death(SharerKey key) {
  LivenessAnswer answer;
  answer.liveness = policies::Liveness::Dead;
  if (!key.is_application()) co_return answer;
  std::vector<Recorded> records;
  for (KnownTracker& tracker : trackers(key)) records.push_back(std::move(tracker.recorded));
  if (records.empty()) co_return answer;
  std::string definition(kApplicationDefinition);
  const Status stands = co_await definition_stands(environment_, std::move(definition), std::move(records));
  if (stands.ok()) co_return answer;
  answer.liveness = policies::Liveness::Unknown;
  answer.away = stands.has_reason(kDefinitionLost);
  if (!answer.away) answer.ask_again_after = environment_->options.dead_grace;
  co_return answer;
}

Task<bool> Sharers::is_away(SharerKey key) {
  const LivenessAnswer answer = co_await confirmed_death(std::move(key));
  co_return answer.away;
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

Task<std::optional<GroupVersionResource>> Sharers::find_resource(std::string kind) {
  if (const SharerWatch* watch = watch_of(kind); watch != nullptr) co_return watch->resource();
  if (kind.find('.') == std::string::npos) co_return std::nullopt;  // from labels alone: the group is not known
  const kube::ObjectRef ref{kDefinitions, "", kind};
  const kube::GetOptions options;
  const Result<Json> definition = co_await environment_->api->get(ref, options);
  if (!definition.ok()) co_return std::nullopt;
  const JsonView spec = (*definition)["spec"];
  for (const JsonView version : spec["versions"].elements())
    if (version["served"].boolean())
      co_return GroupVersionResource{std::string(spec["group"].string()), std::string(version["name"].string()),
                                     std::string(spec["names"]["plural"].string())};
  co_return std::nullopt;
}

// It is dead to an object only when it has looked at its whole spec and lists the object nowhere. A pass that failed
// before that declared nothing: what the trackers do not list it may still want.
bool Sharers::has_looked(const SharerKey& key, JsonView sharer) {
  if (sharer["status"]["observedGeneration"].int64(-1) != sharer["metadata"]["generation"].int64()) return false;
  return key.is_application() ? has_declared(sharer) : claim_record(sharer).has_value();
}

Task<LivenessAnswer> Sharers::declares(SharerKey key, Json sharer, ObjectKey object) {
  LivenessAnswer answer;
  if (key.kind == kClaimClassSharer) {
    answer.liveness = policies::Liveness::Live;  // it leaves what it does not keep
    co_return answer;
  }
  if (!has_looked(key, sharer)) {
    ask_again_later(key, object, answer);
    co_return answer;
  }
  bool lists = false;
  if (key.is_application()) {
    const Result<bool> listed = co_await listed_uncached(key, object);
    if (!listed.ok()) {
      answer.ask_again_after = environment_->options.dead_grace;  // no event will tell
      co_return answer;
    }
    lists = *listed;
  } else {
    lists = claim_record(sharer)->lists(object);
  }
  answer.liveness = lists ? policies::Liveness::Live : policies::Liveness::Dead;
  co_return answer;
}

bool Sharers::is_known_to_declare(const SharerKey& key, const ObjectKey& object) const {
  const Json* known = find(key);
  return known != nullptr && !(*known)["metadata"].contains("deletionTimestamp") && table_->is_interested(key, object);
}

Task<LivenessAnswer> Sharers::liveness(SharerKey key, ObjectKey object) {
  LivenessAnswer answer;
  if (const Json* cached = find(key)) {
    if ((*cached)["metadata"].contains("deletionTimestamp")) {
      co_return leaving(key, object);
    }
    if (table_->is_interested(key, object)) {
      first_dead_.erase({key, object});
      answer.liveness = policies::Liveness::Live;
      co_return answer;
    }
  }
  const std::optional<GroupVersionResource> resource = co_await find_resource(key.kind);
  if (!resource) co_return answer;  // a kind nobody knows: nothing is concluded
  const kube::ObjectRef ref{*resource, key.ns, key.name};
  const kube::GetOptions options;
  const Result<Json> found = co_await environment_->api->get(ref, options);
  if (!found.ok()) {
    if (says_absent(found.status(), key.name)) {
      answer = dead_candidate(key, object);
      if (answer.liveness == policies::Liveness::Dead) answer = co_await confirmed_death(key);
      co_return answer;
    }
    // Its kind is not served: gone with it, or nobody knows.
    if (is_not_found(found.status())) answer = co_await confirmed_death(key);
    if (answer.away) co_return answer;
    answer.liveness = policies::Liveness::Unknown;
    answer.ask_again_after = environment_->options.dead_grace;  // no event will tell
    co_return answer;
  }
  if ((*found)["metadata"].contains("deletionTimestamp")) co_return leaving(key, object);
  Json sharer = *found;
  answer = co_await declares(key, std::move(sharer), object);
  if (answer.liveness == policies::Liveness::Live) first_dead_.erase({key, object});
  if (answer.liveness != policies::Liveness::Dead) co_return answer;
  answer.liveness = policies::Liveness::Unknown;
  if (table_->is_interested(key, object)) co_return answer;  // it declares the object since
  co_return dead_candidate(key, object);
}

}  // namespace heirloom::dispatcher
