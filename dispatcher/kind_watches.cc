#include "dispatcher/kind_watches.h"

#include <utility>

#include <fmt/format.h>

#include "apis/labels.h"
#include "dispatcher/object_events.h"

namespace heirloom::dispatcher {
namespace {

// How long a reconciliation waits for the first list of a kind before it comes back later.
constexpr Duration kSyncPatience = std::chrono::seconds(10);
constexpr Duration kSyncPoll = std::chrono::milliseconds(200);

}  // namespace

// Feeds one collection into the table. What a list no longer shows is lost.
class KindWatches::Feed final : public kube::ReflectorSink {
 public:
  Feed(KindWatches* watches, kube::ReflectorOptions options, kube::ResourceInfo resource)
      : watches_(watches), environment_(watches->environment_), resource_(std::move(resource)), table_(watches->table_),
        reflector_(environment_->api, environment_->clock, environment_->random, environment_->metrics,
                   std::move(options), this) {}

  kube::Reflector& reflector() { return reflector_; }
  const kube::ResourceInfo& resource() const { return resource_; }
  // The table may know it from an answer: a list that does not show it says that it is gone.
  void expect(const ObjectKey& key) {
    whole_kind_ = false;
    known_.insert({key.ns, key.name});
  }

  void begin_replace() override { listed_.clear(); }
  void listed(const Json& object) override {
    const ObjectKey key = key_of_object(object);
    if (is_anothers(object)) return hand_over(key);
    listed_.insert({key.ns, key.name});
    const bool fresh = known_.insert({key.ns, key.name}).second;
    table_->listed(key, object);
    if (fresh) report_copy(key, object);
  }
  void end_replace() override {
    // Answers may have told of objects before any event did.
    if (whole_kind_)
      for (const ObjectKey& key : table_->selected_of(resource_.kind.group, resource_.kind.kind))
        known_.insert({key.ns, key.name});
    for (auto at = known_.begin(); at != known_.end();) {
      if (listed_.contains(*at)) {
        ++at;
        continue;
      }
      const ObjectKey gone{"local", resource_.kind.group, resource_.kind.kind, at->ns, at->name};
      at = known_.erase(at);
      table_->lost(gone, told_by());
    }
    listed_.clear();
    watches_->changed_.notify_all();
  }
  // Who declares something of the kind has to look.
  void unserved() override {
    listed_.clear();
    end_replace();
  }
  void changed(kube::WatchEvent::Type type, const Json& object) override {
    const ObjectKey key = key_of_object(object);
    if (is_anothers(object)) return hand_over(key);
    if (type == kube::WatchEvent::Type::Deleted) {
      known_.erase({key.ns, key.name});
      table_->lost(key, told_by());
    } else {
      const bool fresh = known_.insert({key.ns, key.name}).second;
      table_->saw(key, object);
      if (fresh) report_copy(key, object);
    }
  }

 private:
  // The kind's watch tells of it, and of its end.
  bool is_anothers(JsonView object) const {
    return !whole_kind_ && watches_->watched(GroupKind{resource_.kind.group, resource_.kind.kind}) != nullptr &&
           object["metadata"]["labels"].contains(labels::kName);
  }
  void hand_over(const ObjectKey& key) {
    if (known_.erase({key.ns, key.name}) != 0) table_->handed_over(key);
  }

  // Nobody declares it, so nobody else will say so.
  void report_copy(const ObjectKey& key, JsonView object) const {
    const SeenObject* seen = table_->find(key);
    if (whole_kind_ && seen != nullptr && seen->live.copy) tell_copy(*environment_, resource_.kind, object);
  }

  ObjectTable::Watch told_by() const { return whole_kind_ ? ObjectTable::Watch::Kind : ObjectTable::Watch::Name; }
  ObjectKey key_of_object(JsonView object) const {
    const JsonView metadata = object["metadata"];
    return ObjectKey{"local", resource_.kind.group, resource_.kind.kind, std::string(metadata["namespace"].string()),
                     std::string(metadata["name"].string())};
  }

  KindWatches* watches_;
  const Environment* environment_;
  kube::ResourceInfo resource_;
  ObjectTable* table_;
  std::set<NamespacedName> listed_;
  std::set<NamespacedName> known_;
  bool whole_kind_ = true;  // otherwise one object, by name
  kube::Reflector reflector_;
};

struct KindWatches::NamedWatch {
  std::unique_ptr<Feed> feed;
  std::set<SharerKey> sharers;
  std::unique_ptr<TaskScope> scope;
};

KindWatches::KindWatches(const Environment* environment, ObjectTable* table)
    : environment_(environment), table_(table), changed_(environment->executor) {}

KindWatches::~KindWatches() = default;

Task<Status> KindWatches::ensure(kube::ResourceInfo resource) {
  const GroupKind group_kind{resource.kind.group, resource.kind.kind};
  if (!kinds_.contains(group_kind)) {
    kube::ReflectorOptions options;
    options.collection = kube::Collection{resource.resource, ""};
    options.label_selector = std::string(labels::kName);
    auto feed = std::make_unique<Feed>(this, std::move(options), resource);
    kube::Reflector& reflector = feed->reflector();
    kinds_.emplace(group_kind, std::move(feed));
    environment_->scope->spawn(fmt::format("watch {}", resource.resource.resource), reflector.run());
  }
  const MonotonicTime patience = environment_->clock->monotonic() + kSyncPatience;
  while (true) {
    const kube::ReflectorStatus status = kinds_.at(group_kind)->reflector().status();
    if (status.synced) co_return Status();
    if (kube::says_kind_is_gone(status.error)) environment_->mapper->invalidate(resource.kind.group);
    if (!status.error.ok()) co_return annotate(status.error, fmt::format("cannot watch {}", resource.kind.kind));
    if (environment_->clock->monotonic() >= patience)
      co_return timed_out(fmt::format("the list of {} objects takes longer than 10 s", resource.kind.kind));
    const MonotonicTime next = environment_->clock->monotonic() + kSyncPoll;
    co_await changed_.wait_until(environment_->clock, next);
  }
}

const kube::ResourceInfo* KindWatches::watched(const GroupKind& kind) const {
  const auto at = kinds_.find(kind);
  return at == kinds_.end() ? nullptr : &at->second->resource();
}

void KindWatches::wait_for(const SharerKey& sharer, const std::vector<Named>& objects) {
  std::set<ObjectKey> wanted;
  for (const Named& object : objects) {
    wanted.insert(object.key);
    auto& watch = named_[object.key];
    if (!watch) {
      watch = std::make_shared<NamedWatch>();
      kube::ReflectorOptions options;
      options.collection = kube::Collection{object.resource.resource, object.key.ns};
      options.field_selector = "metadata.name=" + object.key.name;
      watch->feed = std::make_unique<Feed>(this, std::move(options), object.resource);
      watch->feed->expect(object.key);
      watch->scope = std::make_unique<TaskScope>(environment_->executor);
      watch->scope->spawn(fmt::format("watch {}", object.key.to_string()), watch->feed->reflector().run());
    }
    watch->sharers.insert(sharer);
  }
  const auto before = waiting_.find(sharer);
  if (before != waiting_.end()) {
    for (const ObjectKey& key : before->second) {
      if (wanted.contains(key)) continue;
      const auto at = named_.find(key);
      if (at == named_.end()) continue;
      at->second->sharers.erase(sharer);
      if (!at->second->sharers.empty()) continue;
      ending_.push_back(at->second);
      environment_->scope->spawn(fmt::format("stop watching {}", key.to_string()), stop_named(std::move(at->second)));
      named_.erase(at);
    }
  }
  if (wanted.empty()) waiting_.erase(sharer);
  else waiting_[sharer] = std::move(wanted);
}

Task<void> KindWatches::stop() {
  waiting_.clear();
  for (auto& [key, watch] : named_) ending_.push_back(std::move(watch));
  named_.clear();
  while (!ending_.empty()) {
    const std::shared_ptr<NamedWatch> watch = ending_.front();
    co_await watch->scope->stop();
    std::erase(ending_, watch);
  }
}

void KindWatches::abandon() {
  for (auto& [key, watch] : named_) watch->scope->abandon();
  for (const std::shared_ptr<NamedWatch>& watch : ending_) watch->scope->abandon();
}

// Stops a watch that nobody needs any more; keeps it alive until it has.
Task<void> KindWatches::stop_named(std::shared_ptr<NamedWatch> watch) {
  co_await watch->scope->stop();
  std::erase(ending_, watch);
}

}  // namespace heirloom::dispatcher
