// CacheSet: caches with their reflectors, one per collection, started when a kind comes into use and stopped
// when it goes. All share one projection and one set of selectors (ReflectorOptions other than the
// collection).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/task_scope.h"
#include "kube/cache.h"

namespace heirloom::kube {

template <class Kept>
class CacheSet {
 public:
  using Project = typename ObjectCache<Kept>::Project;
  // Adds indexes and the consumer to a cache that is about to be started.
  using Setup = std::function<void(const Collection& collection, ObjectCache<Kept>& cache)>;

  // All pointers outlive this; metrics may be null.
  CacheSet(Executor executor, Api* api, Clock* clock, Random* random, Metrics* metrics,
           ReflectorOptions common, Project project, Setup setup)
      : executor_(std::move(executor)),
        api_(api),
        clock_(clock),
        random_(random),
        metrics_(metrics),
        common_(std::move(common)),
        project_(std::move(project)),
        setup_(std::move(setup)) {}

  // The cache of the collection, started if need be. Valid until drop() or stop() of it.
  ObjectCache<Kept>& ensure(const Collection& collection) {
    const auto at = members_.find(collection);
    if (at != members_.end()) return at->second->cache;
    ReflectorOptions options = common_;
    options.collection = collection;
    auto member = std::make_unique<Member>(*this, std::move(options));
    if (setup_) setup_(collection, member->cache);
    member->scope.spawn("watch " + collection.resource.resource, member->reflector.run());
    return members_.emplace(collection, std::move(member)).first->second->cache;
  }

  // nullptr when the collection is not watched.
  const ObjectCache<Kept>* find(const Collection& collection) const {
    const auto at = members_.find(collection);
    return at == members_.end() ? nullptr : &at->second->cache;
  }
  bool all_synced() const {
    for (const auto& [collection, member] : members_)
      if (!member->cache.has_synced()) return false;
    return true;
  }
  // Of one collection, for conditions: why it is not synced. Ok and not synced when it is not watched.
  ReflectorStatus status(const Collection& collection) const {
    const auto at = members_.find(collection);
    return at == members_.end() ? ReflectorStatus() : at->second->reflector.status();
  }
  template <class F>  // f(collection, cache, reflector)
  void for_each(F f) const {
    for (const auto& [collection, member] : members_) f(collection, member->cache, member->reflector);
  }
  std::size_t size() const { return members_.size(); }
  std::size_t memory_bytes() const {
    std::size_t bytes = 0;
    for (const auto& [collection, member] : members_) bytes += member->cache.memory_bytes();
    return bytes;
  }

  // Gauges cache_objects and cache_bytes per resource; call now and then (before the metrics are read).
  void report_metrics() const {
    if (metrics_ == nullptr) return;
    for (const auto& [collection, member] : members_) {
      const MetricLabels labels = {{"resource", collection.resource.resource},
                                   {"group", collection.resource.group}};
      metrics_->set("cache_objects", labels, static_cast<double>(member->cache.size()));
      metrics_->set("cache_bytes", labels, static_cast<double>(member->cache.memory_bytes()));
    }
  }

  // Stops watching and forgets; the consumer is not told of deletions.
  Task<void> drop(Collection collection) {
    auto node = members_.extract(collection);
    if (node.empty()) co_return;
    const std::unique_ptr<Member> member = std::move(node.mapped());
    co_await member->scope.stop();
  }
  Task<void> stop() {
    while (!members_.empty()) {
      Collection first = members_.begin()->first;
      co_await drop(std::move(first));
    }
  }
  // A simulated crash.
  void abandon() {
    for (auto& [collection, member] : members_) member->scope.abandon();
  }

 private:
  struct Member {
    Member(CacheSet& set, ReflectorOptions options)
        : cache(set.executor_, set.project_),
          reflector(set.api_, set.clock_, set.random_, set.metrics_, std::move(options), &cache),
          scope(set.executor_) {}
    ObjectCache<Kept> cache;
    Reflector reflector;
    TaskScope scope;
  };

  Executor executor_;
  Api* api_;
  Clock* clock_;
  Random* random_;
  Metrics* metrics_;
  ReflectorOptions common_;
  Project project_;
  Setup setup_;
  std::map<Collection, std::unique_ptr<Member>> members_;
};

}  // namespace heirloom::kube
