#include "policies/live.h"

#include <algorithm>
#include <set>

#include "apis/labels.h"

namespace heirloom::policies {

namespace {

// The record is about the place in one cluster; the cluster is not written into it.
bool same_object(const ObjectKey& a, const ObjectKey& b) {
  return a.group == b.group && a.kind == b.kind && a.ns == b.ns && a.name == b.name;
}

// Labels hold a claim's plural and name only: its full key is in record or ledger.
SharerKey resolve_owner(const OwnerLabels& labels, const Ledger& ledger,
                        const std::optional<Record>& record) {
  for (const SharerKey& key : ledger)
    if (owner_labels(key) == labels) return key;
  if (record)
    for (const auto& [key, mark] : record->sharers)
      if (owner_labels(key) == labels) return key;
  return key_of_owner_labels(labels);
}

}  // namespace

std::string LiveObject::mark_of(const SharerKey& sharer) const {
  if (!record) return {};
  const auto it = record->sharers.find(sharer);
  return it == record->sharers.end() ? std::string() : it->second;
}

bool LiveObject::has_mark(const SharerKey& me, std::string_view mark) const {
  return record && record->sharers.contains(me) && mark_of(me) == mark;
}

bool LiveObject::lists(const SharerKey& me) const {
  return owner == me || contains(ledger, me) || (record && record->sharers.contains(me));
}

LiveObject read_live(JsonView object, const ObjectKey& key) {
  LiveObject live;
  const JsonView metadata = object["metadata"];
  live.key = key;
  live.uid = metadata["uid"].string();
  live.resource_version = metadata["resourceVersion"].string();
  live.terminating = !metadata["deletionTimestamp"].string().empty();
  for (const JsonView finalizer : metadata["finalizers"].elements())
    live.finalizers.emplace_back(finalizer.string());

  const JsonView ledger_text = metadata["annotations"][annotations::kSharedBy];
  const JsonView record_text = metadata["annotations"][annotations::kRecord];
  live.ledger = parse_ledger(ledger_text.string());
  if (ledger_text.is_string())
    live.canonical = !live.ledger.empty() && format_ledger(live.ledger) == ledger_text.string();
  if (record_text.is_string()) {
    Result<Record> record = parse_record(record_text.string());
    if (record.ok()) live.record = std::move(record).value();
    if (!live.record) live.canonical = false;
  }

  const OwnerLabels labels{std::string(metadata["labels"][labels::kName].string()),
                           std::string(metadata["labels"][labels::kNamespace].string())};
  if (!names_nobody(labels)) live.owner = resolve_owner(labels, live.ledger, live.record);

  if (live.record && !same_object(live.record->object, key)) {
    live.copy = true;
    live.copied_owner = live.owner;
    live.owner.reset();
    live.ledger.clear();
    live.record.reset();
    live.canonical = false;
  }
  return live;
}

Ledger joined(const LiveObject& live) {
  Ledger all = live.ledger;
  if (!live.record || (live.ledger.empty() && live.record->sharers.size() < 2)) return all;
  const std::set<SharerKey> listed(all.begin(), all.end());
  const bool complete = std::all_of(live.record->sharers.begin(), live.record->sharers.end(),
                                    [&listed](const auto& mark) { return listed.contains(mark.first); });
  if (complete) return all;
  // After the one that joined before it; the first of the record comes first.
  auto at = all.begin();
  for (const auto& [key, mark] : live.record->sharers) {
    if (listed.contains(key))
      at = std::find(all.begin(), all.end(), key) + 1;
    else
      at = all.insert(at, key) + 1;
  }
  return all;
}

LiveObject restored(LiveObject live, const LiveObject& last) {
  if (live.copy || live.record || live.uid != last.uid) return live;
  const bool bare = !live.owner && live.ledger.empty();
  if (!bare && !last.record) return live;
  if (bare) {
    live.owner = last.owner;
    live.ledger = last.ledger;
  }
  live.record = last.record;
  // The labels alone do not say of which group a claim is; what stood on the object does.
  if (live.owner) live.owner = resolve_owner(owner_labels(*live.owner), last.ledger, live.record);
  live.canonical = false;
  return live;
}

std::vector<SharerKey> keys_to_check(const LiveObject& live, const SharerKey& me) {
  std::vector<SharerKey> keys;
  std::set<SharerKey> seen{me};
  const auto add = [&](const SharerKey& key) {
    if (seen.insert(key).second) keys.push_back(key);
  };
  if (live.owner) add(*live.owner);
  for (const SharerKey& key : joined(live)) add(key);
  if (live.record)
    for (const auto& [key, mark] : live.record->sharers) add(key);
  return keys;
}

}  // namespace heirloom::policies
