// What a claim has recorded about itself before it acted: the annotation heirloom.dev/claim-targets, written together
// with the claim's finalizer. What trackers are to an application; docs/adr/0006-claims-record-on-themselves.md.
//
//   {"targets":[["v1","Namespace","","team-a",{"spec.namespaceName":"team-a"}]],"whenEmpty":"Delete"}
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "apis/resource_names.h"
#include "base/json.h"

namespace heirloom {

struct ClaimedObject {
  std::string api_version;
  ObjectKey key;
  // The claim's key fields that lead to this object ("spec.namespaceName": "team-a"), so that it can be kept while the
  // claim, edited, does not have another one yet. Null: written by a version that did not know.
  Json fields{};
  bool operator==(const ClaimedObject&) const = default;
};

struct ClaimRecord {
  // Everything the claim may have created or joined and has not let go of yet; the present target first.
  std::vector<ClaimedObject> targets;
  // As the class said when this was written: what to do when the class is gone.
  std::string when_empty;
  bool lists(const ObjectKey& key) const;
  bool operator==(const ClaimRecord&) const = default;
};

// More are refused: a claim that is retargeted before the former objects are let go of waits.
inline constexpr std::size_t kMaxClaimTargets = 32;

std::string format_claim_record(const ClaimRecord& record);
// nullopt: unreadable (people edit annotations): nobody may conclude that an object is not listed. An empty text is an
// empty record.
std::optional<ClaimRecord> parse_claim_record(std::string_view annotation);

// Of a claim as it stands on the server: its annotation and, should somebody have taken that away, status.boundTo.
// nullopt: unreadable.
std::optional<ClaimRecord> claim_record(JsonView claim);

}  // namespace heirloom
