#include "dispatcher/object_table.h"

#include <algorithm>
#include <utility>

#include "apis/labels.h"
#include "base/hash.h"

namespace heirloom::dispatcher {
namespace {

// Events we may take for older ones than an answer of ours before we stop believing that its echo will come.
constexpr std::uint8_t kMaxIgnoredEvents = 16;

std::uint64_t version_hash(std::string_view resource_version) {
  const std::uint64_t hash = hash_bytes(resource_version);
  return hash == 0 ? 1 : hash;
}

std::uint64_t version_hash(JsonView object) { return version_hash(object["metadata"]["resourceVersion"].string()); }

bool is_selected(JsonView object) { return object["metadata"]["labels"].contains(labels::kName); }

}  // namespace

bool is_managed(const SeenObject& seen) { return seen.live.owner || seen.live.copied_owner; }

std::uint64_t state_hash(JsonView object) {
  std::uint64_t sum = 0;
  const auto add = [&sum](std::string_view key, JsonView value) { sum += hash_combine(hash_bytes(key), hash_json(value)); };
  for (const auto& [key, value] : object.members()) {
    if (key != "metadata") {
      add(key, value);
      continue;
    }
    for (const auto& [name, part] : value.members()) {
      if (name == "resourceVersion" || name == "generation" || name == "managedFields" || name == "selfLink") continue;
      add(name, part);
    }
  }
  return sum;
}

policies::LiveObject live_of(const ObjectKey& key, const SeenObject& seen) {
  policies::LiveObject live = seen.live;
  live.key = key;
  if (live.record) live.record->object = key;
  return live;
}

void ObjectTable::saw(const ObjectKey& key, const Json& object) {
  Entry& entry = entries_[key];
  if (entry.awaits_loss && is_selected(object) && ++entry.ignored_events < kMaxIgnoredEvents) return;
  entry.awaits_loss = entry.awaits_loss && !is_selected(object);
  const std::uint64_t version = version_hash(object);
  if (entry.awaited_version != 0) {
    if (entry.awaited_version != version && ++entry.ignored_events < kMaxIgnoredEvents) return;
    const bool echo = entry.awaited_version == version;
    entry.awaited_version = 0;
    entry.ignored_events = 0;
    if (echo && entry.seen) {
      ++entry.changes;
      return;  // the answer brought it already
    }
  }
  ++entry.changes;
  place(key, entry, object, nullptr);
}

void ObjectTable::listed(const ObjectKey& key, const Json& object) {
  Entry& entry = entries_[key];
  if (entry.awaits_loss && is_selected(object)) return doubt(key, entry);  // the list may be older than our answer
  if (entry.awaited_version != version_hash(object)) {
    entry.awaited_version = 0;
    entry.ignored_events = 0;
  }
  saw(key, object);
}

// Nobody knows what stands there: whoever is interested asks the server.
void ObjectTable::doubt(const ObjectKey& key, Entry& entry) {
  remove_seen(entry);
  wake_all(entry);
  drop_if_empty(key);
}

void ObjectTable::lost(const ObjectKey& key, Watch by) {
  const auto at = entries_.find(key);
  if (at == entries_.end()) return;
  Entry& entry = at->second;
  entry.last_loss = ++entry.changes;
  if (by == Watch::Kind) entry.awaits_loss = false;
  entry.awaited_version = 0;
  entry.ignored_events = 0;
  remove_seen(entry);
  std::vector<SharerKey> sharers;
  for (auto& [sharer, stake] : entry.stakes) {
    stake.verified.reset();
    sharers.push_back(sharer);
  }
  drop_if_empty(key);
  for (const SharerKey& sharer : sharers) wake_(sharer);
}

void ObjectTable::handed_over(const ObjectKey& key) {
  const SeenObject* seen = find(key);
  if (seen == nullptr || !is_managed(*seen)) lost(key, Watch::Name);
}

std::vector<ObjectKey> ObjectTable::selected_of(const std::string& group, const std::string& kind) const {
  std::vector<ObjectKey> keys;
  for (auto at = entries_.lower_bound(ObjectKey{"local", group, kind, "", ""}); at != entries_.end(); ++at) {
    const ObjectKey& key = at->first;
    if (key.cluster != "local" || key.group != group || key.kind != kind) break;
    if (at->second.selected || at->second.awaits_loss) keys.push_back(key);
  }
  return keys;
}

ObjectTable::Ticket ObjectTable::ticket(const ObjectKey& key) const {
  const auto at = entries_.find(key);
  return at == entries_.end() ? 0 : at->second.changes;
}

void ObjectTable::answered(const SharerKey& by, const ObjectKey& key, const Json& object, Ticket ticket) {
  Entry& entry = entries_[key];
  const std::uint64_t version = version_hash(object);
  const auto& recent = entry.recent_versions;
  const bool overtaken = entry.changes != ticket;
  const bool told = std::find(recent.begin(), recent.end(), version) != recent.end();
  if (told && entry.seen && recent.front() == version) return;                                // nothing new
  if (told && (overtaken || entry.awaited_version != 0 || entry.awaits_loss)) return;         // more has been told since
  // Lost since the request went out, perhaps to a list that skipped its last events: should it be there again, the watch
  // will tell.
  if (overtaken && (!entry.seen || entry.last_loss > ticket)) {
    drop_if_empty(key);
    return;
  }
  const bool was_selected = entry.selected && !told && !overtaken;
  if (!entry.seen) ++entry.changes;  // who was told meanwhile that it is absent is told something old
  place(key, entry, object, &by);
  // Only a selected object has an echo to wait for, unless it has come already; any other one the kind's watch reports as
  // lost.
  entry.awaited_version = is_selected(object) && !told ? version : 0;
  entry.awaits_loss = !is_selected(object) && (was_selected || entry.awaits_loss);
  entry.ignored_events = 0;
}

void ObjectTable::answered_absent(const ObjectKey& key, Ticket ticket) {
  const auto at = entries_.find(key);
  if (at == entries_.end() || at->second.changes != ticket) return;
  Entry& entry = at->second;
  entry.awaits_loss = entry.selected || entry.awaits_loss;
  remove_seen(entry);
  entry.awaited_version = 0;
  entry.ignored_events = 0;
  drop_if_empty(key);
}

const SeenObject* ObjectTable::find(const ObjectKey& key) const {
  const auto at = entries_.find(key);
  return at == entries_.end() || !at->second.seen ? nullptr : &*at->second.seen;
}

std::optional<policies::LiveObject> ObjectTable::former(const ObjectKey& key) const {
  const auto at = entries_.find(key);
  if (at == entries_.end() || at->second.former == nullptr) return std::nullopt;
  policies::LiveObject live = at->second.former->live;
  live.key = key;
  if (live.record) live.record->object = key;
  return live;
}

MonotonicTime ObjectTable::missing_since(const ObjectKey& key, MonotonicTime now) {
  std::optional<MonotonicTime>& since = entries_.at(key).former->missing_since;
  if (!since) since = now;
  return *since;
}

void ObjectTable::releasing(const ObjectKey& key, std::string_view resource_version) {
  if (const auto at = entries_.find(key); at != entries_.end()) at->second.releasing = version_hash(resource_version);
}

void ObjectTable::released(const ObjectKey& key) {
  if (const auto at = entries_.find(key); at != entries_.end()) at->second.former.reset();
}

void ObjectTable::left(const SharerKey& sharer, const ObjectKey& key) {
  const auto at = entries_.find(key);
  if (at == entries_.end() || at->second.former == nullptr) return;
  policies::LiveObject& live = at->second.former->live;
  if (live.owner == sharer) live.owner.reset();
  std::erase(live.ledger, sharer);
  if (live.record) live.record->sharers.erase(sharer);
  if (live.owner || !live.ledger.empty() || (live.record && !live.record->sharers.empty())) return;
  at->second.former.reset();
}

void ObjectTable::wake_all(Entry& entry) {
  for (auto& [other, stake] : entry.stakes) {
    stake.verified.reset();
    wake_(other);
  }
}

void ObjectTable::declare(const SharerKey& sharer, Source source, const std::set<ObjectKey>& objects) {
  const auto bit = static_cast<std::uint8_t>(source);
  auto& mine = by_sharer_[sharer];
  for (auto at = mine.begin(); at != mine.end();) {
    const auto entry = entries_.find(**at);
    Stake& stake = entry->second.stakes[sharer];
    if (!objects.contains(**at)) stake.sources &= static_cast<std::uint8_t>(~bit);
    if (stake.sources != 0) {
      ++at;
      continue;
    }
    const ObjectKey key = **at;
    at = mine.erase(at);
    entry->second.stakes.erase(sharer);
    if (entry->second.seen && entry->second.seen->live.lists(sharer)) wake_all(entry->second);
    drop_body_if_verified(entry->second);
    drop_if_empty(key);
  }
  for (const ObjectKey& key : objects) {
    const auto entry = entries_.try_emplace(key).first;
    entry->second.stakes[sharer].sources |= bit;
    mine.insert(&entry->first);
  }
  if (mine.empty()) by_sharer_.erase(sharer);
}

bool ObjectTable::is_interested(const SharerKey& sharer, const ObjectKey& key) const {
  const auto at = entries_.find(key);
  return at != entries_.end() && at->second.stakes.contains(sharer);
}

std::vector<SharerKey> ObjectTable::interested(const ObjectKey& key) const {
  std::vector<SharerKey> sharers;
  const auto at = entries_.find(key);
  if (at == entries_.end()) return sharers;
  for (const auto& [sharer, stake] : at->second.stakes) sharers.push_back(sharer);
  return sharers;
}

std::vector<ObjectKey> ObjectTable::objects_of(const SharerKey& sharer) const {
  const auto at = by_sharer_.find(sharer);
  std::vector<ObjectKey> keys;
  if (at == by_sharer_.end()) return keys;
  keys.reserve(at->second.size());
  for (const ObjectKey* key : at->second) keys.push_back(*key);
  return keys;
}

std::vector<std::pair<ObjectKey, SharerKey>> ObjectTable::joined(
    const std::function<bool(const ObjectKey&)>& wanted) const {
  std::vector<std::pair<ObjectKey, SharerKey>> found;
  for (const auto& [key, entry] : entries_) {
    if (!entry.seen || !wanted(key)) continue;
    for (const auto& [sharer, stake] : entry.stakes)
      if (entry.seen->live.lists(sharer)) found.emplace_back(key, sharer);
  }
  return found;
}

void ObjectTable::verify(const SharerKey& sharer, const ObjectKey& key, std::uint64_t hash) {
  const auto at = entries_.find(key);
  if (at == entries_.end()) return;
  const auto stake = at->second.stakes.find(sharer);
  if (stake == at->second.stakes.end()) return;
  stake->second.verified = hash;
  drop_body_if_verified(at->second);
}

bool ObjectTable::is_verified(const SharerKey& sharer, const ObjectKey& key) const {
  const auto at = entries_.find(key);
  if (at == entries_.end() || !at->second.seen) return false;
  const auto stake = at->second.stakes.find(sharer);
  return stake != at->second.stakes.end() && stake->second.verified == at->second.seen->hash;
}

void ObjectTable::unverify(const SharerKey& sharer, const ObjectKey& key) {
  const auto at = entries_.find(key);
  if (at == entries_.end()) return;
  const auto stake = at->second.stakes.find(sharer);
  if (stake != at->second.stakes.end()) stake->second.verified.reset();
}

void ObjectTable::doubt(const SharerKey& sharer) {
  const auto mine = by_sharer_.find(sharer);
  if (mine == by_sharer_.end()) return;
  for (const ObjectKey* key : mine->second) entries_[*key].stakes[sharer].verified.reset();
}

void ObjectTable::place(const ObjectKey& key, Entry& entry, const Json& object, const SharerKey* by) {
  if (entry.seen && !entry.seen->body.is_null()) --bodies_;
  SeenObject seen;
  seen.live = policies::read_live(object, key);
  seen.live.key = ObjectKey();
  if (seen.live.record) {
    seen.live.record->fields.reset();
    seen.live.record->object = ObjectKey();
  }
  seen.hash = state_hash(object);
  seen.body = object;
  ++bodies_;
  remember(entry, &seen.live);
  entry.seen = std::move(seen);
  entry.selected = is_selected(object);
  auto& recent = entry.recent_versions;
  std::rotate(recent.rbegin(), recent.rbegin() + 1, recent.rend());
  recent.front() = version_hash(object);
  drop_body_if_verified(entry);
  tell_strangers(key, entry);
  wake_unverified(entry, by);
}

// Only the record says that a sharer was here: labels and ledger may have been copied.
void ObjectTable::tell_strangers(const ObjectKey& key, const Entry& entry) {
  if (!stranger_ || !entry.seen->live.record) return;
  std::vector<SharerKey> strangers;
  for (const auto& [sharer, mark] : entry.seen->live.record->sharers)
    if (!sharer.is_application() && !entry.stakes.contains(sharer)) strangers.push_back(sharer);
  for (const SharerKey& sharer : strangers) stranger_(key, sharer);
}

// Keeps what is about to be overwritten when it says more than what is there `now` (nullptr: nothing is).
void ObjectTable::remember(Entry& entry, const policies::LiveObject* now) {
  const policies::LiveObject* before = entry.former != nullptr ? &entry.former->live : entry.seen ? &entry.seen->live : nullptr;
  if (before == nullptr) return;
  const bool another = now != nullptr && now->uid != before->uid;  // made since by somebody
  const bool misses = now == nullptr || (before->owner && !now->owner) || (before->record && !now->record);
  const bool released = entry.seen && entry.recent_versions.front() == entry.releasing;
  if (another || !misses || released || (!before->owner && before->ledger.empty())) {
    entry.former.reset();
  } else if (entry.former == nullptr) {
    entry.former = std::make_unique<Former>(Former{*before, std::nullopt});
  }
}

void ObjectTable::remove_seen(Entry& entry) {
  remember(entry, nullptr);
  if (entry.seen && !entry.seen->body.is_null()) --bodies_;
  entry.seen.reset();
  entry.selected = false;
}

void ObjectTable::drop_body_if_verified(Entry& entry) {
  if (!entry.seen || entry.seen->body.is_null()) return;
  for (const auto& [sharer, stake] : entry.stakes)
    if (stake.verified != entry.seen->hash) return;
  entry.seen->body = Json();
  --bodies_;
}

void ObjectTable::drop_if_empty(const ObjectKey& key) {
  const auto at = entries_.find(key);
  if (at != entries_.end() && !at->second.seen && at->second.stakes.empty()) entries_.erase(at);
}

void ObjectTable::wake_unverified(const Entry& entry, const SharerKey* except) {
  std::vector<SharerKey> sharers;
  for (const auto& [sharer, stake] : entry.stakes)
    if (stake.verified != entry.seen->hash && (except == nullptr || sharer != *except)) sharers.push_back(sharer);
  for (const SharerKey& sharer : sharers) wake_(sharer);
}

}  // namespace heirloom::dispatcher
