// The ownership metadata that a write leaves on an object, and how it is written down.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/resource_names.h"
#include "apis/sharer_key.h"
#include "base/json.h"
#include "policies/facts.h"
#include "policies/ledger.h"
#include "policies/live.h"
#include "policies/record.h"

namespace heirloom::policies {

struct Ownership {
  std::optional<SharerKey> owner;  // none: released, and the rest is empty
  Ledger ledger;                   // empty, or the owner first
  Marks sharers;                   // of the record
  bool adopted = false;
  std::string retained_since;      // of the record
  bool operator==(const Ownership&) const = default;
};

// Of the object as it stands (a copy: of nobody).
Ownership ownership_of(const LiveObject& live);

// The object as it will be after a write that leaves `wanted` on it.
LiveObject as_written(LiveObject live, const Ownership& wanted);

// Who stands on the object and is dead. Every write of ownership takes them off.
std::vector<SharerKey> dead_on(const LiveObject& live, const SharerKey& me, const Facts& facts);

// True when the stored metadata must be rewritten to say `wanted`: it means something else, or it means the
// same in a form that is not canonical, or a shared object has no record yet. An unshared object without a
// record gets one with its next write only.
bool differs(const LiveObject& live, const Ownership& wanted);

// Labels and annotations to set (a value) or to remove (nullopt); nothing else on the object is touched.
struct MetadataEdit {
  std::map<std::string, std::optional<std::string>> labels;
  std::map<std::string, std::optional<std::string>> annotations;
  bool operator==(const MetadataEdit&) const = default;
};

// Everything that says `wanted` on the object: owner labels, ledger, record. `fields` go into the record: the
// declared fields when content is written in the same request, otherwise those of the live record
// (live.record->fields). Released: removes owner labels, ledger, record, and what we remember of content: whoever takes
// the object on later must not conclude that its fields were declared before.
MetadataEdit ownership_edit(const Ownership& wanted, const ObjectKey& object,
                            const std::optional<Json>& fields);

// The edit as a JSON merge patch with metadata.resourceVersion as its guard, for writes that change no
// content: Hold, Join, Drop, Handover, Release. `resource_version` "" leaves the guard out (never in
// production).
Json ownership_patch(const MetadataEdit& edit, std::string_view resource_version);

}  // namespace heirloom::policies
