#include "policies/ownership.h"

#include "apis/labels.h"

namespace heirloom::policies {

Ownership ownership_of(const LiveObject& live) {
  Ownership ownership;
  ownership.owner = live.owner;
  ownership.ledger = live.ledger;
  if (live.record) {
    ownership.sharers = live.record->sharers;
    ownership.adopted = live.record->adopted;
    ownership.retained_since = live.record->retained_since;
  }
  return ownership;
}

LiveObject as_written(LiveObject live, const Ownership& wanted) {
  std::optional<Json> fields = live.record ? std::move(live.record->fields) : std::nullopt;
  live.owner = wanted.owner;
  live.ledger = wanted.ledger;
  live.canonical = true;
  live.copy = false;
  live.copied_owner.reset();
  live.record.reset();
  if (wanted.owner) live.record = Record{live.key, wanted.sharers, std::move(fields), wanted.adopted, wanted.retained_since};
  return live;
}

std::vector<SharerKey> dead_on(const LiveObject& live, const SharerKey& me, const Facts& facts) {
  std::vector<SharerKey> dead;
  for (SharerKey& key : keys_to_check(live, me))
    if (facts.is_dead(key)) dead.push_back(std::move(key));
  return dead;
}

bool differs(const LiveObject& live, const Ownership& wanted) {
  if (!live.canonical) return true;
  const Ownership stored = ownership_of(live);
  if (stored.owner != wanted.owner || stored.ledger != wanted.ledger) return true;
  if (!live.record && wanted.ledger.empty()) return false;
  return !live.record || stored != wanted;
}

MetadataEdit ownership_edit(const Ownership& wanted, const ObjectKey& object,
                            const std::optional<Json>& fields) {
  std::optional<std::string> name, ns, ledger, record;
  if (wanted.owner) {
    OwnerLabels owner = owner_labels(*wanted.owner);
    name = std::move(owner.name);
    ns = std::move(owner.ns);
    if (!wanted.ledger.empty()) ledger = format_ledger(wanted.ledger);
    record = format_record({object, wanted.sharers, fields, wanted.adopted, wanted.retained_since});
  }
  MetadataEdit edit;
  edit.labels.emplace(labels::kName, std::move(name));
  edit.labels.emplace(labels::kNamespace, std::move(ns));
  edit.annotations.emplace(annotations::kSharedBy, std::move(ledger));
  edit.annotations.emplace(annotations::kRecord, std::move(record));
  if (!wanted.owner) {
    for (const std::string_view ours : {annotations::kLastApplied, annotations::kLastAppliedTime, annotations::kClaimParameters})
      edit.annotations.emplace(ours, std::nullopt);
  }
  return edit;
}

Json ownership_patch(const MetadataEdit& edit, std::string_view resource_version) {
  JsonBuilder patch;
  const auto add = [&patch](std::string_view name,
                            const std::map<std::string, std::optional<std::string>>& values) {
    if (values.empty()) return;
    patch.key(name).begin_object();
    for (const auto& [key, value] : values) {
      if (value)
        patch.member(key, *value);
      else
        patch.key(key).null();
    }
    patch.end_object();
  };
  patch.begin_object().key("metadata").begin_object();
  patch.member_unless_empty("resourceVersion", resource_version);
  add("labels", edit.labels);
  add("annotations", edit.annotations);
  patch.end_object().end_object();
  return patch.take();
}

}  // namespace heirloom::policies
