// ObjectCache: what we keep of one collection (and selector). A per-kind projection, applied to each object
// as it arrives, says what that is; the body itself is gone after the callback.
//
//   struct Kept { std::string uid; std::string owner; std::size_t memory_bytes() const; };
//   ObjectCache<Kept> cache(executor, project_kept);      // Kept project_kept(JsonView object)
//   const auto by_owner = cache.add_index([](const Kept& k, std::vector<std::string>& out) {
//   out.push_back(k.owner); }); cache.on_change([](const ObjectCache<Kept>::Change& c) { ... }); Reflector
//   reflector(api, clock, random, metrics, options, &cache); scope.spawn("watch configmaps",
//   reflector.run());
//
// Absent from the cache is not absent: a selected watch shows what is selected, a lagging one shows the past.
// Indexes are maintained by deltas; a lookup is logarithmic. Iteration is in key order, so runs replay
// exactly.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/signal.h"
#include "kube/reflector.h"

namespace heirloom::kube {

// Kept needs `std::size_t memory_bytes() const`: heap it owns, for the report.
template <class Kept>
class ObjectCache final : public ReflectorSink {
 public:
  struct Entry {
    Kept kept;
    std::string resource_version;  // opaque; compare for equality only
  };

  // One change. Pointers are valid during the callback only.
  struct Change {
    NamespacedName key;
    const Entry* before = nullptr;  // nullptr: it was not there
    const Entry* after = nullptr;   // nullptr: gone, or no longer selected
    const Json* body =
        nullptr;  // the object of the event (its last state when gone); nullptr when a list left it out
    bool from_list = false;  // states between this one and the last may have been skipped
  };

  using Project = std::function<Kept(JsonView object)>;
  using IndexValues = std::function<void(const Kept& kept, std::vector<std::string>& values)>;
  using Index = std::size_t;
  using Keys = std::set<NamespacedName>;

  ObjectCache(Executor executor, Project project)
      : project_(std::move(project)), synced_signal_(std::move(executor)) {}

  // Both before the first object arrives. One consumer.
  Index add_index(IndexValues values) {
    HEIRLOOM_ASSERT(entries_.empty());
    indexes_.push_back({std::move(values), {}});
    return indexes_.size() - 1;
  }
  void on_change(std::function<void(const Change&)> consumer) { consumer_ = std::move(consumer); }
  // After every complete list, the first one too; its changes have been told.
  void on_listed(std::function<void()> listed) { listed_ = std::move(listed); }

  // nullptr when it is not here. Valid until the next co_await.
  const Entry* find(const NamespacedName& key) const {
    const auto at = entries_.find(key);
    return at == entries_.end() ? nullptr : &at->second.entry;
  }
  // The keys whose projection has this index value. Valid until the next co_await.
  const Keys& find_by(Index index, const std::string& value) const {
    static const Keys kNone;
    const auto& by_value = indexes_.at(index).by_value;
    const auto at = by_value.find(value);
    return at == by_value.end() ? kNone : at->second;
  }
  template <class F>  // f(key, entry), in key order; f must not wait
  void for_each(F f) const {
    for (const auto& [key, slot] : entries_) f(key, slot.entry);
  }

  std::size_t size() const { return entries_.size(); }
  // Keys, projections and index entries, estimated with the containers' node sizes.
  std::size_t memory_bytes() const { return bytes_; }

  // The collection has been complete once. From then on find() is the recent past, not the unknown.
  bool has_synced() const { return synced_; }
  Task<void> wait_synced() {
    while (!synced_) co_await synced_signal_.wait();
  }
  // False when the time came first: the caller says Waiting, and why (Reflector::status()).
  Task<bool> wait_synced_until(Clock* clock, MonotonicTime deadline) {
    while (!synced_) {
      const bool woken = co_await synced_signal_.wait_until(clock, deadline);
      if (!woken) co_return synced_;
    }
    co_return true;
  }

  // ReflectorSink
  void begin_replace() override { ++round_; }
  void listed(const Json& object) override { put(object, true); }
  void end_replace() override;
  void changed(WatchEvent::Type type, const Json& object) override {
    if (type == WatchEvent::Type::Deleted)
      drop(key_of_body(object), &object, false);
    else
      put(object, false);
  }

 private:
  struct Slot {
    Entry entry;
    std::uint64_t round = 0;  // the list that last showed it
  };
  struct IndexState {
    IndexValues values;
    std::map<std::string, Keys> by_value;
  };
  static constexpr std::size_t kNodeBytes = 48;  // red-black node and allocator header

  static NamespacedName key_of_body(JsonView object) {
    const JsonView metadata = object["metadata"];
    return {std::string(metadata["namespace"].string()), std::string(metadata["name"].string())};
  }
  static std::size_t heap_bytes(const std::string& s) { return s.capacity() > 15 ? s.capacity() + 17 : 0; }
  static std::size_t key_bytes(const NamespacedName& key) {
    return kNodeBytes + sizeof(NamespacedName) + heap_bytes(key.ns) + heap_bytes(key.name);
  }
  static std::size_t slot_bytes(const NamespacedName& key, const Entry& entry) {
    return key_bytes(key) + sizeof(Slot) + heap_bytes(entry.resource_version) + entry.kept.memory_bytes();
  }

  void put(const Json& object, bool from_list);
  void drop(const NamespacedName& key, const Json* body, bool from_list);
  void index(const NamespacedName& key, const Kept& kept);
  void unindex(const NamespacedName& key, const Kept& kept);
  void tell(const Change& change) {
    if (consumer_) consumer_(change);
  }

  Project project_;
  std::function<void()> listed_;
  std::function<void(const Change&)> consumer_;
  std::map<NamespacedName, Slot> entries_;
  std::vector<IndexState> indexes_;
  std::vector<std::string> scratch_;
  std::uint64_t round_ = 0;
  std::size_t bytes_ = 0;
  bool synced_ = false;
  Signal synced_signal_;
};

template <class Kept>
void ObjectCache<Kept>::put(const Json& object, bool from_list) {
  NamespacedName key = key_of_body(object);
  const std::string_view version = object["metadata"]["resourceVersion"].string();
  const auto at = entries_.find(key);
  if (at == entries_.end()) {
    Slot slot{Entry{project_(object), std::string(version)}, round_};
    bytes_ += slot_bytes(key, slot.entry);
    index(key, slot.entry.kept);
    const auto placed = entries_.emplace(key, std::move(slot)).first;
    tell(Change{std::move(key), nullptr, &placed->second.entry, &object, from_list});
    return;
  }
  Slot& slot = at->second;
  slot.round = round_;
  // A list repeats what we have: no news, and nobody is woken.
  if (from_list && !version.empty() && slot.entry.resource_version == version) return;
  bytes_ -= slot_bytes(key, slot.entry);
  unindex(key, slot.entry.kept);
  const Entry before = std::exchange(slot.entry, Entry{project_(object), std::string(version)});
  bytes_ += slot_bytes(key, slot.entry);
  index(key, slot.entry.kept);
  tell(Change{std::move(key), &before, &slot.entry, &object, from_list});
}

template <class Kept>
void ObjectCache<Kept>::drop(const NamespacedName& key, const Json* body, bool from_list) {
  const auto at = entries_.find(key);
  if (at == entries_.end()) return;
  bytes_ -= slot_bytes(at->first, at->second.entry);
  unindex(at->first, at->second.entry.kept);
  const auto node = entries_.extract(at);  // keeps key and entry alive while the consumer looks at them
  tell(Change{node.key(), &node.mapped().entry, nullptr, body, from_list});
}

template <class Kept>
void ObjectCache<Kept>::end_replace() {
  std::vector<NamespacedName> gone;
  for (const auto& [key, slot] : entries_)
    if (slot.round != round_) gone.push_back(key);
  for (const NamespacedName& key : gone) drop(key, nullptr, true);
  if (!synced_) {
    synced_ = true;
    synced_signal_.notify_all();
  }
  if (listed_) listed_();
}

template <class Kept>
void ObjectCache<Kept>::index(const NamespacedName& key, const Kept& kept) {
  for (IndexState& each : indexes_) {
    scratch_.clear();
    each.values(kept, scratch_);
    for (const std::string& value : scratch_) {
      const auto [at, fresh] = each.by_value.try_emplace(value);
      if (fresh) bytes_ += kNodeBytes + sizeof(std::string) + heap_bytes(value) + sizeof(Keys);
      if (at->second.insert(key).second) bytes_ += key_bytes(key);
    }
  }
}

template <class Kept>
void ObjectCache<Kept>::unindex(const NamespacedName& key, const Kept& kept) {
  for (IndexState& each : indexes_) {
    scratch_.clear();
    each.values(kept, scratch_);
    for (const std::string& value : scratch_) {
      const auto at = each.by_value.find(value);
      if (at == each.by_value.end()) continue;
      if (at->second.erase(key) != 0) bytes_ -= key_bytes(key);
      if (!at->second.empty()) continue;
      bytes_ -= kNodeBytes + sizeof(std::string) + heap_bytes(value) + sizeof(Keys);
      each.by_value.erase(at);
    }
  }
}

}  // namespace heirloom::kube
