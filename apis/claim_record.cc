#include "apis/claim_record.h"

#include <algorithm>
#include <utility>

#include "apis/labels.h"

namespace heirloom {
namespace {

std::optional<ClaimedObject> claimed(std::string_view api_version, std::string_view kind, std::string_view ns,
                                     std::string_view name) {
  if (kind.empty() || name.empty()) return std::nullopt;
  Result<GroupVersionKind> gvk = parse_api_version(api_version, kind);
  if (!gvk.ok()) return std::nullopt;
  ClaimedObject object;
  object.api_version = api_version;
  object.key = ObjectKey{"local", gvk->group, gvk->kind, std::string(ns), std::string(name)};
  return object;
}

std::optional<ClaimedObject> parse_target(JsonView json) {
  if (!json.is_array() || json.size() < 4 || json.size() > 5) return std::nullopt;
  for (std::size_t i = 0; i < 4; ++i)
    if (!json.element(i).is_string()) return std::nullopt;
  std::optional<ClaimedObject> object = claimed(json.element(0).string(), json.element(1).string(),
                                                json.element(2).string(), json.element(3).string());
  if (!object || json.size() == 4) return object;
  if (!json.element(4).is_object()) return std::nullopt;
  object->fields = json.element(4).to_json();
  return object;
}

}  // namespace

bool ClaimRecord::lists(const ObjectKey& key) const {
  return std::any_of(targets.begin(), targets.end(), [&key](const ClaimedObject& target) { return target.key == key; });
}

std::string format_claim_record(const ClaimRecord& record) {
  JsonBuilder out;
  out.begin_object().key("targets").begin_array();
  for (const ClaimedObject& target : record.targets) {
    out.begin_array().string(target.api_version).string(target.key.kind).string(target.key.ns).string(target.key.name);
    if (!target.fields.is_null()) out.value(target.fields);
    out.end_array();
  }
  out.end_array();
  out.member_unless_empty("whenEmpty", record.when_empty);
  out.end_object();
  return write_json(out.take());
}

std::optional<ClaimRecord> parse_claim_record(std::string_view annotation) {
  ClaimRecord record;
  if (annotation.empty()) return record;
  const Result<Json> json = Json::parse(annotation);
  if (!json.ok() || !(*json)["targets"].is_array()) return std::nullopt;
  for (const JsonView element : (*json)["targets"].elements()) {
    std::optional<ClaimedObject> target = parse_target(element);
    if (!target) return std::nullopt;
    if (!record.lists(target->key)) record.targets.push_back(std::move(*target));
  }
  record.when_empty = (*json)["whenEmpty"].string();
  return record;
}

std::optional<ClaimRecord> claim_record(JsonView claim) {
  std::optional<ClaimRecord> record = parse_claim_record(claim["metadata"]["annotations"][annotations::kClaimTargets].string());
  if (!record) return std::nullopt;
  const JsonView bound = claim["status"]["boundTo"];
  std::optional<ClaimedObject> told = claimed(bound["apiVersion"].string(), bound["kind"].string(),
                                              bound["namespace"].string(), bound["name"].string());
  if (told && !record->lists(told->key)) record->targets.push_back(std::move(*told));
  return record;
}

}  // namespace heirloom
