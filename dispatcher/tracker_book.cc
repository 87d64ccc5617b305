#include "dispatcher/tracker_book.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "apis/labels.h"
#include "dispatcher/own_definitions.h"

namespace heirloom::dispatcher {
namespace {

bool is_current(const KnownTracker& tracker, const Version& version) {
  return tracker.type == TrackerType::Versioned && tracker.generation == version.generation && !tracker.deleting &&
         tracker.application_uid == version.uid;
}

bool is_root(const KnownTracker& tracker, const Version& version) {
  return tracker.type == TrackerType::Root && !tracker.deleting && tracker.application_uid == version.uid;
}

bool lists(const KnownTracker& tracker, const ObjectKey& key) {
  return std::any_of(tracker.objects.begin(), tracker.objects.end(),
                     [&key](const TrackedObject& object) { return object.key == key; });
}

struct Entries {
  std::vector<ManagedResource> versioned;
  std::vector<ManagedResource> root;
};

Entries entries_of(const Version& version) {
  Entries entries;
  for (const Manifest& manifest : version.manifests) {
    const policies::CollectStrategy strategy = version.policies.collect_strategy(manifest.desired);
    const bool never = strategy == policies::CollectStrategy::Never;
    ManagedResource resource = managed_resource(manifest.desired, never);
    (strategy == policies::CollectStrategy::OnAppUpdate ? entries.versioned : entries.root)
        .push_back(std::move(resource));
  }
  return entries;
}

std::vector<ManagedResource> missing_in(const KnownTracker* tracker, const std::vector<ManagedResource>& wanted) {
  std::vector<ManagedResource> missing;
  for (const ManagedResource& resource : wanted)
    if (tracker == nullptr || !lists(*tracker, resource.key())) missing.push_back(resource);
  return missing;
}

const KnownTracker* find(const std::vector<KnownTracker>& trackers, const Version& version,
                         bool (*is_it)(const KnownTracker&, const Version&)) {
  for (const KnownTracker& tracker : trackers)
    if (is_it(tracker, version) && tracker.unreadable.ok()) return &tracker;
  return nullptr;
}

Json without_ours(const std::vector<std::string>& all) {
  JsonBuilder rest;
  rest.begin_array();
  for (const std::string& finalizer : all)
    if (finalizer != finalizers::kTracker) rest.string(finalizer);
  rest.end_array();
  return rest.take();
}

}  // namespace

bool TrackerBook::is_recorded(const Version& version) const {
  const std::vector<KnownTracker> trackers = sharers_->trackers(version.me);
  const Entries entries = entries_of(version);
  const KnownTracker* current = find(trackers, version, is_current);
  if (current == nullptr) return false;
  return missing_in(current, entries.versioned).empty() &&
         (entries.root.empty() || missing_in(find(trackers, version, is_root), entries.root).empty());
}

Task<Status> TrackerBook::record(std::shared_ptr<const Version> version, std::string revision) {
  const std::vector<KnownTracker> trackers = sharers_->trackers(version->me);
  const Entries entries = entries_of(*version);
  const NamespacedName application{version->me.ns, version->me.name};
  struct Part {
    const KnownTracker* known;
    const std::vector<ManagedResource>* wanted;
    TrackerType type;
    std::string name;
  };
  const Part parts[] = {
      {find(trackers, *version, is_root), &entries.root, TrackerType::Root, root_tracker_name(application)},
      {find(trackers, *version, is_current), &entries.versioned, TrackerType::Versioned,
       versioned_tracker_name(application, version->generation)},
  };
  for (const Part& part : parts) {
    const bool needed = part.type == TrackerType::Versioned || !part.wanted->empty();
    std::vector<ManagedResource> missing = missing_in(part.known, *part.wanted);
    if (!needed || (part.known != nullptr && missing.empty())) continue;
    Status status;
    if (part.known != nullptr) {
      std::string name = part.known->name;
      status = co_await extend(std::move(name), std::move(missing));
    } else {
      const std::int64_t generation = part.type == TrackerType::Versioned ? version->generation : 0;
      ResourceTracker tracker = new_tracker(part.type, application, version->uid, revision, generation);
      tracker.metadata.name = part.name;
      tracker.resources = std::move(missing);
      status = co_await write(std::move(tracker), version->me, version->uid);
    }
    if (!status.ok()) co_return status;
  }
  co_return Status();
}

// The UID of the definition under which the application lives. Read with the first tracker, and again when the application
// for which it was read is gone, as the definition may have been replaced since. Whoever went with the former one must not
// note its successor: that application is known before the definition is read, and read after it; any other is in the same
// cache, which shows who has gone before it shows who came later.
Task<Result<std::string>> TrackerBook::definition_of(SharerKey application, std::string uid) {
  const auto is_known = [this](const SharerKey& key, const std::string& life) {
    const Json* known = sharers_->find(key);
    return known != nullptr && (*known)["metadata"]["uid"].string() == life;
  };
  const Status gone(409, reasons::kConflict, fmt::format("application {} is gone, or another one by now", to_string(application)));
  if (!is_known(application, uid)) co_return gone;
  if (!definition_.empty() && is_known(witness_, witness_uid_)) co_return definition_;
  std::string name(kApplicationDefinition);
  Result<std::string> definition = co_await definition_uid(environment_, std::move(name));
  if (!definition.ok()) co_return std::move(definition).status();
  const kube::ObjectRef ref{kApplications, application.ns, application.name};
  const kube::GetOptions options;
  const Result<Json> now = co_await environment_->api->get(ref, options);
  if (!now.ok()) co_return annotate(now.status(), fmt::format("cannot read application {}", to_string(application)));
  if ((*now)["metadata"]["uid"].string() != uid) co_return gone;
  definition_ = *definition;
  witness_ = std::move(application);
  witness_uid_ = std::move(uid);
  co_return definition;
}

// A name is taken by a former life's tracker, by one of ours that somebody deletes (both go when this one stands and its
// version is in force), or by another application's.
constexpr int kMostNames = 4;

// POST. A taken name is ours when its labels say so (we crashed, or the cache lags), otherwise another application's.
Task<Status> TrackerBook::write(ResourceTracker tracker, SharerKey application, std::string uid) {
  const NamespacedName name{application.ns, application.name};
  Result<std::string> definition = co_await definition_of(application, uid);
  if (!definition.ok()) co_return std::move(definition).status();
  tracker.metadata.annotations.insert_or_assign(std::string(kDefinitionUidAnnotation), std::move(definition).value());
  std::vector<std::string> taken;
  for (int attempt = 0; attempt < kMostNames; ++attempt) {
    const Result<Json> body = encode_resource_tracker(tracker);
    if (!body.ok()) co_return body.status();
    const kube::Collection collection{kTrackers, ""};
    kube::WriteOptions options;
    options.deadline = environment_->clock->monotonic() + environment_->options.write_timeout;
    const std::string before = sharers_->tracker_version(tracker.metadata.name);
    const Result<Json> answer = co_await environment_->api->create(collection, *body, options);
    if (answer.ok()) {
      sharers_->wrote_tracker(*answer, before);
      co_return Status();
    }
    if (!is_already_exists(answer.status()))
      co_return annotate(answer.status(), fmt::format("cannot record ResourceTracker {}", tracker.metadata.name));
    const kube::ObjectRef ref{kTrackers, "", tracker.metadata.name};
    const kube::GetOptions get;
    const std::string before_read = sharers_->tracker_version(tracker.metadata.name);
    const Result<Json> found = co_await environment_->api->get(ref, get);
    if (!found.ok()) co_return found.status();
    const Result<ResourceTracker> there = decode_resource_tracker(*found);
    const bool ours = there.ok() && there->application() == application && there->application_uid() == uid &&
                      there->type == tracker.type && there->application_generation == tracker.application_generation &&
                      !there->metadata.is_deleting();
    if (ours) {
      sharers_->wrote_tracker(*found, before_read);
      std::vector<ManagedResource> resources = tracker.resources;
      std::string tracker_name = tracker.metadata.name;
      co_return co_await extend(std::move(tracker_name), std::move(resources));
    }
    taken.push_back(tracker.metadata.name);
    tracker.metadata.name = distinct_tracker_name(tracker.metadata.name, name, uid);
  }
  co_return Status(409, reasons::kAlreadyExists,
                   fmt::format("ResourceTrackers {} are in the way: of another life of the application, or being deleted; "
                               "delete those that are no longer needed", fmt::join(taken, ", ")));
}

Task<Status> TrackerBook::extend(std::string name, std::vector<ManagedResource> resources) {
  for (int attempt = 0; attempt < environment_->options.max_attempts; ++attempt) {
    const kube::ObjectRef ref{kTrackers, "", name};
    const kube::GetOptions get;
    const std::string before = sharers_->tracker_version(name);
    const Result<Json> found = co_await environment_->api->get(ref, get);
    if (!found.ok()) co_return found.status();
    Result<ResourceTracker> tracker = decode_resource_tracker(*found);
    if (!tracker.ok()) co_return std::move(tracker).status();
    bool changed = false;
    for (const ManagedResource& resource : resources) changed = tracker->upsert(resource) || changed;
    if (!changed) {
      sharers_->wrote_tracker(*found, before);
      co_return Status();
    }
    const Result<Json> body = encode_resource_tracker(*tracker);
    if (!body.ok()) co_return body.status();
    kube::WriteOptions options;
    options.deadline = environment_->clock->monotonic() + environment_->options.write_timeout;
    const Result<Json> answer = co_await environment_->api->update(ref, *body, options);
    if (answer.ok()) {
      sharers_->wrote_tracker(*answer, before);
      co_return Status();
    }
    if (!is_conflict(answer.status()))
      co_return annotate(answer.status(), fmt::format("cannot record in ResourceTracker {}", name));
  }
  co_return Status(409, reasons::kConflict, fmt::format("ResourceTracker {} keeps changing", name));
}

Task<Result<std::vector<ResourceTracker>>> TrackerBook::read_all(SharerKey application) {
  kube::ListOptions options;
  options.label_selector = tracker_label_selector({application.ns, application.name});
  const kube::Collection collection{kTrackers, ""};
  const Result<kube::ListPage> page = co_await environment_->api->list(collection, options);
  if (!page.ok()) co_return page.status();
  std::vector<ResourceTracker> trackers;
  for (const Json& item : page->items) {
    Result<ResourceTracker> tracker = decode_resource_tracker(item);
    if (!tracker.ok()) co_return std::move(tracker).status();
    trackers.push_back(std::move(tracker).value());
  }
  co_return trackers;
}

// The finalizer first, guarded by what was last seen; a lost race looks again.
Task<Status> TrackerBook::remove(KnownTracker tracker) {
  const kube::ObjectRef ref{kTrackers, "", tracker.name};
  for (int attempt = 0; attempt < environment_->options.max_attempts; ++attempt) {
    kube::WriteOptions options;
    options.deadline = environment_->clock->monotonic() + environment_->options.write_timeout;
    const Json changes = Json::object({{"resourceVersion", tracker.resource_version},
                                       {"uid", tracker.uid},
                                       {"finalizers", without_ours(tracker.finalizers)}});
    const Json patch = Json::object({{"metadata", changes}});
    Result<Json> answer = co_await environment_->api->patch(ref, kube::PatchType::Merge, patch, options);
    if (answer.ok() && !tracker.deleting) {
      kube::RemoveOptions remove;
      remove.uid = tracker.uid;
      remove.deadline = options.deadline;
      answer = co_await environment_->api->remove(ref, remove);
    }
    if (answer.ok() || is_not_found(answer.status())) {
      sharers_->tracker_gone(tracker.name, tracker.uid);
      co_return Status();
    }
    if (!is_conflict(answer.status()))
      co_return annotate(answer.status(), fmt::format("cannot delete ResourceTracker {}", tracker.name));
    const kube::GetOptions get;
    const Result<Json> current = co_await environment_->api->get(ref, get);
    if (!current.ok() && !is_not_found(current.status())) co_return current.status();
    if (!current.ok() || (*current)["metadata"]["uid"].string() != tracker.uid) {  // another one by now
      sharers_->tracker_gone(tracker.name, tracker.uid);
      co_return Status();
    }
    tracker = known_tracker(*current);
  }
  co_return Status(409, reasons::kConflict, fmt::format("ResourceTracker {} keeps changing", tracker.name));
}

}  // namespace heirloom::dispatcher
