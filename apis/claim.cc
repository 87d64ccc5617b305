#include "apis/claim.h"

#include <algorithm>
#include <array>
#include <utility>

#include "apis/labels.h"
#include "apis/status_members.h"

namespace heirloom {

namespace {

constexpr std::array<std::string_view, 8> kKnownStatus = {
    "phase", "target", "message", "boundTo", "claimCount", "position", "observedGeneration", "conditions"};

BoundObject decode_bound_object(JsonView json) {
  return {std::string(json["apiVersion"].string()), std::string(json["kind"].string()),
          std::string(json["namespace"].string()), std::string(json["name"].string()),
          std::string(json["uid"].string())};
}

void encode_bound_object(JsonBuilder& builder, const BoundObject& object) {
  builder.begin_object();
  builder.member("apiVersion", object.api_version).member("kind", object.kind);
  builder.member_unless_empty("namespace", object.ns);
  builder.member("name", object.name);
  builder.member_unless_empty("uid", object.uid);
  builder.end_object();
}

}  // namespace

ObjectKey BoundObject::key() const {
  const auto slash = api_version.find('/');
  ObjectKey key;
  if (slash != std::string::npos) key.group = api_version.substr(0, slash);
  key.kind = kind;
  key.ns = ns;
  key.name = name;
  return key;
}

bool Claim::managed_by_kratix() const {
  if (!metadata.label(labels::kKratixPromise).empty()) return true;
  return std::any_of(metadata.finalizers.begin(), metadata.finalizers.end(), [](const std::string& finalizer) {
    return finalizer.starts_with(finalizers::kKratixPrefix);
  });
}

Claim decode_claim(JsonView object, std::string_view plural) {
  Claim claim;
  claim.gvk = gvk_of(object);
  claim.plural = plural;
  claim.metadata = decode_metadata(object);
  if (const JsonView spec = object["spec"]; spec.exists()) claim.spec = spec.to_json();
  claim.status = decode_claim_status(object["status"]);
  return claim;
}

ClaimStatus decode_claim_status(JsonView json) {
  ClaimStatus status;
  status.phase = json["phase"].string();
  status.target = json["target"].string();
  status.message = json["message"].string();
  if (const JsonView bound = json["boundTo"]; bound.is_object()) status.bound_to = decode_bound_object(bound);
  status.claim_count = json["claimCount"].int64();
  status.position = json["position"].int64();
  status.observed_generation = json["observedGeneration"].int64();
  status.conditions = decode_conditions(json["conditions"]);
  status.other = other_members(json, kKnownStatus);
  return status;
}

Json encode_claim_status(const ClaimStatus& status) {
  JsonBuilder builder;
  builder.begin_object();
  builder.member_unless_empty("phase", status.phase);
  builder.member_unless_empty("target", status.target);
  builder.member_unless_empty("message", status.message);
  if (status.bound_to) {
    builder.key("boundTo");
    encode_bound_object(builder, *status.bound_to);
  }
  builder.member("claimCount", status.claim_count);
  if (status.position != 0) builder.member("position", status.position);
  if (status.observed_generation != 0) builder.member("observedGeneration", status.observed_generation);
  encode_conditions(builder, status.conditions);
  for (const auto& [key, value] : status.other) builder.member(key, value);
  builder.end_object();
  return builder.take();
}

std::string to_string(const Claim& claim) {
  return claim.gvk.kind + " " + claim.metadata.namespaced_name().to_string();
}

std::string target_text(const ObjectKey& key) {
  std::string text = key.kind;
  if (!key.group.empty()) text += "." + key.group;
  return text + "/" + NamespacedName{key.ns, key.name}.to_string();
}

}  // namespace heirloom
