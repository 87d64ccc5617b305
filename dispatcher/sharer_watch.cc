#include "dispatcher/sharer_watch.h"

#include <utility>

#include "apis/labels.h"

namespace heirloom::dispatcher {
namespace {

kube::ReflectorOptions watch_of(const GroupVersionResource& resource) {
  kube::ReflectorOptions options;
  options.collection = kube::Collection{resource, ""};
  return options;
}

Json without_managed_fields(JsonView object) {
  return rewrite(object, {remove_at({"metadata", "managedFields"})});
}

Json annotations_of_others(JsonView metadata) {
  return rewrite(metadata["annotations"].to_json(), {remove_at({std::string(annotations::kClaimTargets)})});
}

// We write status, finalizers and what a claim records; everything else is others'.
bool same_but_for_our_writes(JsonView before, JsonView after) {
  const JsonView old = before["metadata"];
  const JsonView now = after["metadata"];
  const auto same = [&old, &now](std::string_view key) {
    return old[key].exists() == now[key].exists() && (!old[key].exists() || old[key] == now[key]);
  };
  return same("uid") && same("generation") && same("deletionTimestamp") && same("labels") &&
         (same("annotations") || annotations_of_others(old) == annotations_of_others(now));
}

}  // namespace

SharerWatch::SharerWatch(const Environment* environment, std::string kind, GroupVersionResource resource,
                         OnChange on_change, OnListed on_listed)
    : kind_(std::move(kind)), resource_(std::move(resource)), on_change_(std::move(on_change)),
      objects_(environment->executor, [](JsonView object) { return Known{without_managed_fields(object)}; }),
      reflector_(environment->api, environment->clock, environment->random, environment->metrics, watch_of(resource_),
                 &objects_) {
  objects_.on_change([this](const Objects::Change& change) { changed(change); });
  objects_.on_listed(std::move(on_listed));
}

const Json* SharerWatch::find(const NamespacedName& name) const {
  const Json* known = written_.find(name);
  if (const Objects::Entry* entry = objects_.find(name); known == nullptr && entry != nullptr)
    known = &entry->kept.object;
  const auto over = finalized_.find(name);
  const bool gone = known != nullptr && over != finalized_.end() && (*known)["metadata"]["uid"].string() == over->second;
  return gone ? nullptr : known;
}

std::vector<SharerKey> SharerWatch::keys() const {
  std::vector<SharerKey> keys;
  objects_.for_each([this, &keys](const NamespacedName& name, const Objects::Entry&) { keys.push_back(key_of(name)); });
  return keys;
}

std::string SharerWatch::version(const NamespacedName& name) const {
  const Objects::Entry* entry = objects_.find(name);
  return entry == nullptr ? std::string() : entry->resource_version;
}

bool SharerWatch::wrote(const NamespacedName& name, const Json& answer, const std::string& before) {
  const Json* known = find(name);
  const bool news = known != nullptr && !same_but_for_our_writes(*known, answer);
  written_.wrote(name, without_managed_fields(answer), before, version(name));
  return news;
}

void SharerWatch::finalized(const NamespacedName& name, const std::string& uid) {
  if (objects_.find(name) != nullptr) finalized_[name] = uid;
}

void SharerWatch::changed(const Objects::Change& change) {
  const bool deleted = change.after == nullptr;
  bool finalized = false;
  if (const auto over = finalized_.find(change.key); deleted && over != finalized_.end()) {
    finalized = change.before->kept.object["metadata"]["uid"].string() == over->second;
    finalized_.erase(over);
  }
  const std::string version = deleted ? std::string() : change.after->resource_version;
  const OwnWrites::Event event = written_.classify(change.key, version, deleted, change.from_list);
  if (event == OwnWrites::Event::Stale) return;
  Change told;
  told.key = key_of(change.key);
  if (change.after != nullptr) told.object = change.after->kept.object;
  if (change.before != nullptr) told.before = change.before->kept.object;
  told.echo = event == OwnWrites::Event::Echo;
  told.finalized = finalized;
  on_change_(told);
}

}  // namespace heirloom::dispatcher
