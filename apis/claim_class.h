// heirloom.dev/v1alpha1 ClaimClass, cluster-scoped: claims of one kind, keyed by their fields, stand for one object
// each. What a template makes of a claim is policies/claim_target.h; docs/spec/claims.md has the meaning of every field.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apis/condition.h"
#include "apis/object_meta.h"
#include "apis/sharer_key.h"
#include "base/embedded_file.h"
#include "base/json.h"
#include "base/result.h"

namespace heirloom {

inline constexpr std::string_view kClaimClassGroup = "heirloom.dev";
inline constexpr std::string_view kClaimClassVersion = "v1alpha1";
inline constexpr std::string_view kClaimClassApiVersion = "heirloom.dev/v1alpha1";
inline constexpr std::string_view kClaimClassKind = "ClaimClass";
inline constexpr std::string_view kClaimClassPlural = "claimclasses";

enum class WhenEmpty { Delete, Retain, Orphan };
enum class Adoption { Never, IfUnowned };
enum class OnMismatch { FirstWins, Reject };
std::string_view to_string(WhenEmpty when_empty);
std::string_view to_string(Adoption adoption);
std::string_view to_string(OnMismatch on_mismatch);

// The kind of the claims.
struct ClaimKind {
  std::string group;
  std::string version;
  std::string kind;
  std::string plural;    // the kind in lower case with an s, when the class says nothing
  std::string singular;  // the kind in lower case, when the class says nothing
  std::vector<std::string> short_names;
  Json schema;  // OpenAPI v3 of a claim's spec; null when absent
  GroupVersionKind gvk() const { return {group, version, kind}; }
  GroupVersionResource resource() const { return {group, version, plural}; }
  GroupKind group_kind() const { return {group, kind}; }
  std::string sharer_kind() const { return plural + "." + group; }  // SharerKey::kind; also its definition's name
  bool operator==(const ClaimKind&) const = default;
};

struct ClaimClassSpec {
  ClaimKind claim;
  std::vector<std::string> key;  // "spec.namespaceName"
  Json object;                   // the template; null when absent
  WhenEmpty when_empty = WhenEmpty::Delete;
  std::int64_t retain_seconds = 0;  // 0: for ever
  Adoption adoption = Adoption::Never;
  OnMismatch on_mismatch = OnMismatch::FirstWins;
  std::vector<std::string> allowed_namespaces;  // empty: all; a trailing * stands for any ending
  std::vector<std::string> protected_names;     // beside those that always are
  std::int64_t claims_per_target = 0;           // 0: no limit
  std::int64_t claims_per_namespace = 0;        // 0: no limit
  bool operator==(const ClaimClassSpec&) const = default;
};

struct ClaimClassStatus {
  std::int64_t observed_generation = 0;
  std::int64_t claims = 0;
  std::int64_t targets = 0;
  std::vector<Condition> conditions;
  std::map<std::string, Json> other;  // members of other writers and versions, carried unchanged
  bool operator==(const ClaimClassStatus&) const = default;
};

struct ClaimClass {
  ObjectMeta metadata;
  ClaimClassSpec spec;
  ClaimClassStatus status;
  // As a sharer: what a retained object's ledger holds.
  SharerKey key() const;
  bool operator==(const ClaimClass&) const = default;
};

// Reads a class as an API server sends it. Wrong types and unknown enum values: Invalid, naming the field. Faults of
// meaning are policies/claim_class_validation.h's. The metadata of a class that cannot be read is still decode_metadata.
Result<ClaimClass> decode_claim_class(JsonView object);

ClaimClassStatus decode_claim_class_status(JsonView status);  // lenient
// The whole status, to be written by PUT or as a patch. claims and targets are written when 0, too: a column of a table
// shows them.
Json encode_claim_class_status(const ClaimClassStatus& status);

// The classes compiled in from apis/classes: namespaceclaims.yaml belongs into every cluster; namespaces.yaml into those
// where a Promise brings its kind.
std::span<const EmbeddedFile> claim_class_files();

// Parameters: the claim fields, beside the key, that the template uses, with their values ("spec.size": "10Gi").
using ClaimParameters = std::map<std::string, Json, std::less<>>;
// The annotation heirloom.dev/claim-parameters on an object that stands for claims: what its content was made from.
std::string format_claim_parameters(const ClaimParameters& parameters);  // compact JSON, keys in order
// nullopt: absent or unreadable (people edit annotations): the owner's own parameters count.
std::optional<ClaimParameters> parse_claim_parameters(std::string_view annotation);

}  // namespace heirloom
