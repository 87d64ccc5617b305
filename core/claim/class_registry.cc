#include "core/claim/class_registry.h"

#include <utility>

#include "apis/labels.h"
#include "base/assert.h"
#include "base/yaml.h"
#include "policies/claim_admission.h"

namespace heirloom::core {
namespace {

constexpr std::string_view kEverywhere = "namespaceclaims";  // of apis/classes: belongs into every cluster

KnownClass read_class(JsonView object) {
  KnownClass known;
  Result<ClaimClass> decoded = decode_claim_class(object);
  if (decoded.ok()) {
    known.claim_class = std::move(decoded).value();
  } else {
    known.fault = std::move(decoded).status();
    known.claim_class.metadata = decode_metadata(object);
    known.claim_class.status = decode_claim_class_status(object["status"]);
  }
  return known;
}

bool same(const KnownClass& a, const KnownClass& b) {
  return a.claim_class.spec == b.claim_class.spec && a.claim_class.metadata.uid == b.claim_class.metadata.uid &&
         a.claim_class.metadata.name == b.claim_class.metadata.name && a.serves() == b.serves() &&
         a.fault.message() == b.fault.message() &&
         a.claim_class.metadata.finalizers == b.claim_class.metadata.finalizers;
}

// Whichever serves counts; of those that do not, the one that could if it were corrected or is just going.
bool better(const KnownClass& candidate, const KnownClass& present) {
  if (candidate.serves() != present.serves()) return candidate.serves();
  return candidate.fault.ok() && !present.fault.ok();
}

// Parsed once in a process: simulations start thousands of controllers.
const std::vector<Json>& built_in_objects() {
  static const std::vector<Json> kObjects = [] {
    std::vector<Json> objects;
    for (const EmbeddedFile& file : claim_class_files()) {
      Result<Json> object = parse_yaml(file.content);
      HEIRLOOM_ASSERT(object.ok());
      objects.push_back(std::move(object).value());
    }
    return objects;
  }();
  return kObjects;
}

}  // namespace

ClassRegistry::ClassRegistry(std::vector<ClaimClass> built_in) : built_in_(std::move(built_in)) { update({}); }

std::vector<std::string> ClassRegistry::update(const std::vector<Json>& objects) {
  std::map<std::string, KnownClass> by_name;
  std::vector<ClaimClass> readable;
  for (const Json& object : objects) {
    KnownClass known = read_class(object);
    if (known.fault.ok()) readable.push_back(known.claim_class);
    by_name.insert_or_assign(known.claim_class.metadata.name, std::move(known));
  }
  std::map<std::string, KnownClass> by_kind;
  for (auto& [name, known] : by_name) {
    if (!known.fault.ok()) continue;
    known.fault = policies::validate_claim_class(known.claim_class, readable);
    const auto [at, fresh] = by_kind.emplace(known.claim_class.spec.claim.sharer_kind(), known);
    if (!fresh && better(known, at->second)) at->second = known;
  }
  for (const ClaimClass& claim_class : built_in_) {
    KnownClass known{claim_class, Status(), true};
    const auto [at, fresh] = by_kind.emplace(claim_class.spec.claim.sharer_kind(), known);
    if (!fresh && better(known, at->second)) at->second = known;
  }

  std::vector<std::string> changed;
  for (const auto& [kind, known] : by_kind) {
    const auto before = by_kind_.find(kind);
    if (before == by_kind_.end() || !same(before->second, known)) changed.push_back(kind);
  }
  for (const auto& [kind, known] : by_kind_)
    if (!by_kind.contains(kind)) changed.push_back(kind);
  by_name_ = std::move(by_name);
  by_kind_ = std::move(by_kind);
  return changed;
}

const KnownClass* ClassRegistry::of_kind(const std::string& sharer_kind) const {
  const auto at = by_kind_.find(sharer_kind);
  return at == by_kind_.end() ? nullptr : &at->second;
}

const KnownClass* ClassRegistry::named(const std::string& name) const {
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : &at->second;
}

std::vector<std::string> ClassRegistry::kinds() const {
  std::vector<std::string> kinds;
  for (const auto& [kind, known] : by_kind_) kinds.push_back(kind);
  return kinds;
}

std::vector<ClaimClass> built_in_claim_classes() {
  std::vector<ClaimClass> classes;
  for (const Json& object : built_in_objects()) {
    Result<ClaimClass> decoded = decode_claim_class(object);
    HEIRLOOM_ASSERT(decoded.ok());
    if (decoded->metadata.name == kEverywhere) classes.push_back(std::move(decoded).value());
  }
  return classes;
}

std::optional<Json> built_in_class_object(std::string_view name) {
  if (name != kEverywhere) return std::nullopt;
  for (const Json& object : built_in_objects()) {
    if (object["metadata"]["name"].string() != name) continue;
    return rewrite(object, {set_at({"metadata", "labels", std::string(labels::kBuiltIn)}, Json::string("true"))});
  }
  return std::nullopt;
}

}  // namespace heirloom::core
