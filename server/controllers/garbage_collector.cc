#include "server/controllers/garbage_collector.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "base/log.h"
#include "server/controllers/own_requests.h"
#include "server/keys.h"
#include "server/metadata.h"

namespace heirloom::server {
namespace {

constexpr Duration kRetry = std::chrono::seconds(1);
constexpr std::string_view kDefinitions = "/apiextensions.k8s.io/customresourcedefinitions/";

bool has_finalizer(JsonView object, std::string_view name) {
  for (const auto& finalizer : object["metadata"]["finalizers"].elements()) {
    if (finalizer.string() == name) return true;
  }
  return false;
}

bool waits_for_dependents(JsonView object) {
  return is_deleting(object) && has_finalizer(object, finalizers::kForeground);
}

std::vector<std::string> owner_uids(JsonView object) {
  std::vector<std::string> out;
  for (const auto& reference : object["metadata"]["ownerReferences"].elements()) {
    out.emplace_back(reference["uid"].string());
  }
  return out;
}

// The owner references without those of the given owners, as a guarded merge patch.
Json patch_without_owners(JsonView object, const std::set<std::string>& owners) {
  JsonBuilder out;
  out.begin_object().key("metadata").begin_object();
  out.member("resourceVersion", object["metadata"]["resourceVersion"]);
  out.key("ownerReferences").begin_array();
  for (const auto& reference : object["metadata"]["ownerReferences"].elements()) {
    if (!owners.contains(std::string(reference["uid"].string()))) out.value(reference);
  }
  out.end_array().end_object().end_object();
  return out.take();
}

Json patch_without_finalizer(JsonView object, std::string_view name) {
  JsonBuilder out;
  out.begin_object().key("metadata").begin_object();
  out.member("resourceVersion", object["metadata"]["resourceVersion"]);
  out.key("finalizers").begin_array();
  for (const auto& finalizer : object["metadata"]["finalizers"].elements()) {
    if (finalizer.string() != name) out.value(finalizer);
  }
  out.end_array().end_object().end_object();
  return out.take();
}

// What an object's owner references come to.
struct Owners {
  std::size_t solid = 0;           // they exist and stay, or their kind is unknown
  bool unknown = false;            // the kind of one is
  std::set<std::string> dangling;  // they do not exist
  std::set<std::string> waiting;   // they are being deleted in the foreground and wait for this object
};

class GarbageCollector {
 public:
  explicit GarbageCollector(Parts* parts) : parts_(parts) {}

  Task<void> run() {
    while (true) {
      auto watch = begin();
      while (watch != nullptr) {
        auto settled = co_await work();
        std::optional<MonotonicTime> deadline;
        if (!settled) deadline = parts_->clock->monotonic() + kRetry;
        auto batch = co_await watch->next(deadline);
        if (!batch.ok()) {
          watch.reset();
          continue;
        }
        for (const auto& event : *batch) observe(*event);
      }
      co_await parts_->clock->sleep_for(kRetry);
    }
  }

 private:
  std::unique_ptr<StoreWatch> begin() {
    dependents_.clear();
    queue_.clear();
    queued_.clear();
    of_unknown_.clear();
    const auto list = parts_->store->list("", StoreListOptions());
    if (!list.ok()) return nullptr;
    for (const auto& stored : list->items) appeared(*stored);
    auto watch = parts_->store->watch("", list->revision);
    return watch.ok() ? std::move(watch).value() : nullptr;
  }

  void enqueue(const std::string& key) {
    if (queued_.insert(key).second) queue_.push_back(key);
  }

  void appeared(const StoredObject& stored) {
    for (const auto& uid : owner_uids(stored.value)) dependents_[uid].insert(stored.key);
    if (!stored.value["metadata"]["ownerReferences"].empty() || is_deleting(stored.value))
      enqueue(stored.key);
  }

  void observe(const StoreEvent& event) {
    if (event.previous != nullptr) {
      for (const auto& uid : owner_uids(event.previous->value)) {
        const auto it = dependents_.find(uid);
        if (it == dependents_.end()) continue;
        it->second.erase(event.key());
        if (it->second.empty()) dependents_.erase(it);
      }
      enqueue_owners(event.previous->value);
    }
    if (event.current != nullptr) {
      appeared(*event.current);
      if (event.key().starts_with(kDefinitions)) look_again();
      return;
    }
    of_unknown_.erase(event.key());
    const auto it = dependents_.find(std::string(event.previous->value["metadata"]["uid"].string()));
    if (it == dependents_.end()) return;
    for (const auto& key : it->second) enqueue(key);
  }

  // A kind may be served from now on.
  void look_again() {
    for (const std::string& key : of_unknown_) enqueue(key);
    of_unknown_.clear();
  }

  // A dependent that changed or went may be what its owner waits for.
  void enqueue_owners(JsonView object) {
    for (const auto& reference : object["metadata"]["ownerReferences"].elements()) {
      const auto key = owner_key(reference, object["metadata"]["namespace"].string());
      if (!key) continue;
      const auto owner = parts_->store->get(*key);
      if (owner != nullptr && is_deleting(owner->value)) enqueue(*key);
    }
  }

  // nullopt when the owner's kind is not served: then nothing is known about it.
  std::optional<std::string> owner_key(JsonView reference, std::string_view ns) const {
    const auto gvk = parse_api_version(reference["apiVersion"].string(), reference["kind"].string());
    if (!gvk.ok()) return std::nullopt;
    const auto resource = parts_->registry.find_kind(gvk->group, gvk->kind);
    if (resource == nullptr) return std::nullopt;
    // An owner lives in the dependent's namespace or in none.
    return object_key(*resource, resource->namespaced() ? ns : std::string_view(),
                      reference["name"].string());
  }

  Owners classify(JsonView object) const {
    Owners owners;
    for (const auto& reference : object["metadata"]["ownerReferences"].elements()) {
      const std::string uid(reference["uid"].string());
      const auto key = owner_key(reference, object["metadata"]["namespace"].string());
      if (!key) {
        ++owners.solid;
        owners.unknown = true;
        continue;
      }
      const auto owner = parts_->store->get(*key);
      if (owner == nullptr || owner->value["metadata"]["uid"].string() != uid) {
        owners.dangling.insert(uid);
      } else if (waits_for_dependents(owner->value)) {
        owners.waiting.insert(uid);
      } else {
        ++owners.solid;
      }
    }
    return owners;
  }

  std::vector<StoredPtr> dependents_of(JsonView object) const {
    std::vector<StoredPtr> out;
    const auto it = dependents_.find(std::string(object["metadata"]["uid"].string()));
    if (it == dependents_.end()) return out;
    for (const auto& key : it->second) {
      if (auto stored = parts_->store->get(key)) out.push_back(std::move(stored));
    }
    return out;
  }

  // True when nothing has to be tried again later.
  Task<bool> work() {
    std::vector<std::string> again;
    while (!queue_.empty()) {
      const std::string key = std::move(queue_.front());
      queue_.pop_front();
      queued_.erase(key);
      auto status = co_await collect(key);
      if (status.ok() || is_not_found(status)) continue;
      // A lost race brings an event, which makes the object due again.
      if (!is_conflict(status)) {
        log::warning("an object could not be collected", {{"key", key}, {"error", status.message()}});
      }
      again.push_back(key);
    }
    for (const auto& key : again) enqueue(key);
    co_return again.empty();
  }

  Task<Status> collect(std::string key) {
    const auto stored = parts_->store->get(key);
    if (stored == nullptr) co_return Status();
    if (is_deleting(stored->value)) {
      auto status = co_await finish_deleting(stored);
      co_return status;
    }
    const auto owners = classify(stored->value);
    if (owners.unknown) of_unknown_.insert(key);
    if (owners.dangling.empty() && owners.waiting.empty()) co_return Status();
    if (owners.solid > 0) {
      std::set<std::string> gone = owners.dangling;
      gone.insert(owners.waiting.begin(), owners.waiting.end());
      Json patch = patch_without_owners(stored->value, gone);
      auto status = co_await apply_patch(stored, std::move(patch));
      co_return status;
    }
    // Kubernetes: an owner that waits in the foreground makes its dependents' dependents go first, too.
    const bool foreground = !owners.waiting.empty() && !dependents_of(stored->value).empty();
    auto status = co_await remove(stored, foreground ? "Foreground" : "");
    co_return status;
  }

  Task<Status> finish_deleting(StoredPtr stored) {
    if (has_finalizer(stored->value, finalizers::kOrphan)) {
      auto status = co_await orphan_dependents(stored);
      co_return status;
    }
    if (!has_finalizer(stored->value, finalizers::kForeground)) co_return Status();
    bool blocked = false;
    const std::string uid(stored->value["metadata"]["uid"].string());
    for (const auto& dependent : dependents_of(stored->value)) {
      if (!is_deleting(dependent->value)) enqueue(dependent->key);
      for (const auto& reference : dependent->value["metadata"]["ownerReferences"].elements()) {
        blocked = blocked || (reference["uid"].string() == uid && reference["blockOwnerDeletion"].boolean());
      }
    }
    if (blocked) co_return Status();
    Json patch = patch_without_finalizer(stored->value, finalizers::kForeground);
    auto status = co_await apply_patch(stored, std::move(patch));
    co_return status;
  }

  Task<Status> orphan_dependents(StoredPtr stored) {
    std::set<std::string> owner;
    owner.insert(std::string(stored->value["metadata"]["uid"].string()));
    const auto dependents = dependents_of(stored->value);
    for (const auto& dependent : dependents) {
      Json patch = patch_without_owners(dependent->value, owner);
      auto status = co_await apply_patch(dependent, std::move(patch));
      if (!status.ok() && !is_not_found(status)) co_return status;
    }
    Json patch = patch_without_finalizer(stored->value, finalizers::kOrphan);
    auto status = co_await apply_patch(stored, std::move(patch));
    co_return status;
  }

  ResourcePtr resource_of(const StoredObject& stored) const {
    const auto key = parse_key(stored.key);
    return key ? parts_->registry.find(key->group, key->plural) : nullptr;
  }

  Task<Status> apply_patch(StoredPtr stored, Json patch) {
    const auto resource = resource_of(*stored);
    if (resource == nullptr) co_return Status();
    Request request =
        own_merge_patch(*resource, std::string(stored->value["metadata"]["namespace"].string()),
                        std::string(stored->value["metadata"]["name"].string()), std::move(patch));
    auto done = co_await parts_->server->handle(std::move(request));
    co_return done.ok() ? Status() : std::move(done).status();
  }

  Task<Status> remove(StoredPtr stored, std::string propagation) {
    const auto resource = resource_of(*stored);
    if (resource == nullptr) co_return Status();
    const JsonView object = stored->value;
    Request request =
        own_request(Verb::Delete, *resource, std::string(object["metadata"]["namespace"].string()),
                    std::string(object["metadata"]["name"].string()));
    request.remove.precondition_uid = std::string(object["metadata"]["uid"].string());
    request.remove.precondition_resource_version =
        std::string(object["metadata"]["resourceVersion"].string());
    // An orphan or foreground finalizer that is there already decides; otherwise in the background.
    const bool decided =
        has_finalizer(object, finalizers::kOrphan) || has_finalizer(object, finalizers::kForeground);
    if (propagation.empty() && !decided) propagation = "Background";
    request.remove.propagation = std::move(propagation);
    auto done = co_await parts_->server->handle(std::move(request));
    co_return done.ok() ? Status() : std::move(done).status();
  }

  Parts* parts_;
  std::map<std::string, std::set<std::string>> dependents_;  // owner uid -> keys
  std::deque<std::string> queue_;  // each key at most once, so bounded by the objects
  std::set<std::string> queued_;
  std::set<std::string> of_unknown_;  // keys of dependents of an owner whose kind is not served
};

}  // namespace

Task<void> run_garbage_collector(Parts* parts) {
  GarbageCollector collector(parts);
  co_await collector.run();
}

}  // namespace heirloom::server
