#include "policies/claim_admission.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "policies/claim_template.h"
#include "schema/names.h"

namespace heirloom::policies {

namespace {

constexpr int kUnprocessable = 422;
// More keys, and a name made of them would fit nothing.
constexpr std::size_t kMaxKeys = 8;

// Kinds of these groups are what Kubernetes, KubeVela and we are made of.
constexpr std::array<std::string_view, 4> kReservedGroups = {"core.oam.dev", "heirloom.dev", "platform.kratix.io",
                                                             "apiextensions.k8s.io"};

Status class_fault(const ClaimClass& claim_class, std::string_view path, std::string_view message) {
  return {kUnprocessable, claim_reasons::kClassInvalid,
          fmt::format("ClaimClass {}: {}: {}", claim_class.metadata.name, path, message)};
}

// A trailing * stands for any ending; there are no other wildcards.
bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches(pattern, name); });
}

bool is_version(std::string_view version) {
  return !version.empty() && version.front() == 'v' && schema::check_dns1035_label(version).empty();
}

Status check_claim_kind(const ClaimClass& claim_class) {
  const ClaimKind& claim = claim_class.spec.claim;
  for (const auto& [member, value] : {std::pair<std::string_view, std::string_view>{"group", claim.group},
                                      {"version", claim.version}, {"kind", claim.kind}}) {
    if (value.empty())
      return class_fault(claim_class, fmt::format("spec.claim.{}", member), "the kind of the claims needs it; add it");
  }
  if (!schema::check_dns1123_subdomain(claim.group).empty() || claim.group.find('.') == std::string::npos)
    return class_fault(claim_class, "spec.claim.group",
                       fmt::format("\"{}\" is no group for a kind; want a domain such as example.com", claim.group));
  if (std::count(kReservedGroups.begin(), kReservedGroups.end(), claim.group) != 0)
    return class_fault(claim_class, "spec.claim.group",
                       fmt::format("kinds of {} cannot be claims; take a group of your own", claim.group));
  if (!is_version(claim.version))
    return class_fault(claim_class, "spec.claim.version",
                       fmt::format("\"{}\" is no version; want one such as v1alpha1", claim.version));
  std::string lowered = claim.kind;
  for (char& c : lowered)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (const auto& [member, value] : {std::pair<std::string_view, std::string_view>{"kind", lowered},
                                      {"plural", claim.plural}, {"singular", claim.singular}}) {
    const schema::Complaints complaints = schema::check_dns1035_label(value);
    if (!complaints.empty())
      return class_fault(claim_class, fmt::format("spec.claim.{}", member),
                         fmt::format("\"{}\": {}", value, complaints.front()));
  }
  return {};
}

Status check_key(const ClaimClass& claim_class) {
  const std::vector<std::string>& key = claim_class.spec.key;
  if (key.empty())
    return class_fault(claim_class, "spec.key", "name the fields of a claim that say which object it stands for");
  if (key.size() > kMaxKeys)
    return class_fault(claim_class, "spec.key", fmt::format("{} fields are more than {}", key.size(), kMaxKeys));
  std::set<std::string_view> seen;
  for (const std::string& field : key) {
    if (!is_claim_field(field) || !field.starts_with("spec."))
      return class_fault(claim_class, "spec.key",
                         fmt::format("\"{}\" is no field of a claim's spec; want spec.<field>", field));
    if (!seen.insert(field).second)
      return class_fault(claim_class, "spec.key", fmt::format("{} is there twice", field));
  }
  return {};
}

bool serves_before(const ClaimClass& a, const ClaimClass& b) {
  return std::tie(a.metadata.creation_timestamp, a.metadata.name) <
         std::tie(b.metadata.creation_timestamp, b.metadata.name);
}

bool same_class(const ClaimClass& a, const ClaimClass& b) { return a.metadata.name == b.metadata.name; }

// One definition, or one kind of one group, is one class'.
bool same_claims(const ClaimClass& a, const ClaimClass& b) {
  return a.spec.claim.group_kind() == b.spec.claim.group_kind() ||
         a.spec.claim.sharer_kind() == b.spec.claim.sharer_kind();
}

GroupKind object_kind(const ClaimClass& claim_class) {
  const GroupVersionKind gvk = gvk_of(claim_class.spec.object);
  return {gvk.group, gvk.kind};
}

// Claims that stand for claims are fine, as long as it ends somewhere.
bool leads_back(const ClaimClass& claim_class, std::span<const ClaimClass> others) {
  std::set<GroupKind> seen;
  GroupKind kind = object_kind(claim_class);
  while (seen.insert(kind).second) {
    if (kind == claim_class.spec.claim.group_kind()) return true;
    const auto next = std::find_if(others.begin(), others.end(), [&](const ClaimClass& other) {
      return !same_class(other, claim_class) && other.spec.claim.group_kind() == kind;
    });
    if (next == others.end()) return false;
    kind = object_kind(*next);
  }
  return false;  // a circle of others: theirs to be told of
}

Status refuse(std::string_view reason, std::string message) { return {kUnprocessable, reason, std::move(message)}; }

// Names that are the cluster's own, whatever the class says.
bool is_system_name(std::string_view name, std::string_view own_namespace) {
  return name == "default" || name.starts_with("kube-") || (!own_namespace.empty() && name == own_namespace);
}

Status check_protected(const ClaimClass& claim_class, const Claim& claim, const Target& target,
                       std::string_view own_namespace) {
  const bool is_namespace = target.key.group.empty() && target.key.kind == "Namespace";
  if (is_namespace ? is_protected_name(claim_class, target.key.name, own_namespace)
                   : matches_any(claim_class.spec.protected_names, target.key.name))
    return refuse(claim_reasons::kProtectedName,
                  fmt::format("{}: {} is protected, no claim may stand for it; claim another name", to_string(claim),
                              target.key.to_string()));
  // A namespace that the class wrote down is the class author's word; one that a claim chose is not.
  const JsonView ns = claim_class.spec.object["metadata"]["namespace"];
  if (is_namespace || ns.string().find("${") == std::string_view::npos || target.key.ns == claim.metadata.ns) return {};
  if (!is_protected_name(claim_class, target.key.ns, own_namespace)) return {};
  return refuse(claim_reasons::kProtectedName,
                fmt::format("{}: {} would be in the protected namespace {}; claim one in another namespace",
                            to_string(claim), target.key.to_string(), target.key.ns));
}

}  // namespace

bool is_protected_name(const ClaimClass& claim_class, std::string_view name, std::string_view own_namespace) {
  return is_system_name(name, own_namespace) || matches_any(claim_class.spec.protected_names, name);
}

Status validate_claim_class(const ClaimClass& claim_class, std::span<const ClaimClass> others) {
  TRY_VOID(check_claim_kind(claim_class));
  TRY_VOID(check_key(claim_class));
  TRY_VOID(check_template(claim_class));
  if (claim_class.spec.retain_seconds != 0 && claim_class.spec.when_empty != WhenEmpty::Retain)
    return class_fault(claim_class, "spec.retainSeconds",
                       fmt::format("only whenEmpty: Retain keeps an object for a time; whenEmpty is {}",
                                   to_string(claim_class.spec.when_empty)));
  for (const ClaimClass& other : others) {
    if (same_class(other, claim_class) || !same_claims(other, claim_class)) continue;
    if (serves_before(other, claim_class))
      return class_fault(claim_class, "spec.claim",
                         fmt::format("{} is already served by ClaimClass {}; one class serves a kind: edit that one, "
                                     "or take another kind", claim_class.spec.claim.kind, other.metadata.name));
  }
  if (leads_back(claim_class, others))
    return class_fault(claim_class, "spec.object.kind",
                       fmt::format("{} leads back to {} through the classes of other claims; claims must end at "
                                   "something else", claim_class.spec.object["kind"].string(),
                                   claim_class.spec.claim.kind));
  return {};
}

Status admit_claim(const ClaimClass& claim_class, const Claim& claim, const Target& target, const ClaimUsage& usage,
                   std::string_view own_namespace, bool joined) {
  if (joined) return {};
  const ClaimClassSpec& spec = claim_class.spec;
  if (!spec.allowed_namespaces.empty() && !matches_any(spec.allowed_namespaces, claim.metadata.ns))
    return refuse(claim_reasons::kNamespaceNotAllowed,
                  fmt::format("{}: ClaimClass {} takes no claims in namespace {}; its allowedNamespaces are {}",
                              to_string(claim), claim_class.metadata.name, claim.metadata.ns,
                              fmt::join(spec.allowed_namespaces, ", ")));
  TRY_VOID(check_protected(claim_class, claim, target, own_namespace));
  if (spec.claims_per_namespace != 0 && usage.in_namespace >= spec.claims_per_namespace)
    return refuse(claim_reasons::kQuotaExceeded,
                  fmt::format("{}: namespace {} has {} claims of ClaimClass {} already, the limit is {}; delete one of "
                              "them, or raise limits.claimsPerNamespace", to_string(claim), claim.metadata.ns,
                              usage.in_namespace, claim_class.metadata.name, spec.claims_per_namespace));
  if (spec.claims_per_target != 0 && usage.on_target >= spec.claims_per_target)
    return refuse(claim_reasons::kTargetFull,
                  fmt::format("{}: {} has {} claims already, the limit is {}; claim another, or raise "
                              "limits.claimsPerTarget of ClaimClass {}", to_string(claim), target.key.to_string(),
                              usage.on_target, spec.claims_per_target, claim_class.metadata.name));
  return {};
}

}  // namespace heirloom::policies
