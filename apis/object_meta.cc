#include "apis/object_meta.h"

#include <algorithm>

namespace heirloom {

namespace {

std::string_view find(const std::map<std::string, std::string, std::less<>>& values, std::string_view key) {
  const auto it = values.find(key);
  return it == values.end() ? std::string_view() : std::string_view(it->second);
}

std::map<std::string, std::string, std::less<>> decode_map(JsonView json) {
  std::map<std::string, std::string, std::less<>> values;
  for (const JsonMember member : json.members())
    if (member.value.is_string()) values.emplace(member.key, member.value.string());
  return values;
}

void encode_map(JsonBuilder& builder, std::string_view name,
                const std::map<std::string, std::string, std::less<>>& values) {
  if (values.empty()) return;
  builder.key(name).begin_object();
  for (const auto& [key, value] : values) builder.member(key, value);
  builder.end_object();
}

}  // namespace

bool ObjectMeta::has_finalizer(std::string_view finalizer) const {
  return std::find(finalizers.begin(), finalizers.end(), finalizer) != finalizers.end();
}

std::string_view ObjectMeta::label(std::string_view key) const { return find(labels, key); }
std::string_view ObjectMeta::annotation(std::string_view key) const { return find(annotations, key); }

ObjectMeta decode_metadata(JsonView object) {
  const JsonView json = object["metadata"];
  ObjectMeta metadata;
  metadata.name = json["name"].string();
  metadata.ns = json["namespace"].string();
  metadata.uid = json["uid"].string();
  metadata.resource_version = json["resourceVersion"].string();
  metadata.generation = json["generation"].int64();
  metadata.creation_timestamp = json["creationTimestamp"].string();
  metadata.deletion_timestamp = json["deletionTimestamp"].string();
  metadata.labels = decode_map(json["labels"]);
  metadata.annotations = decode_map(json["annotations"]);
  for (const JsonView finalizer : json["finalizers"].elements())
    if (finalizer.is_string()) metadata.finalizers.emplace_back(finalizer.string());
  for (const JsonView reference : json["ownerReferences"].elements())
    metadata.owner_references.push_back(reference.to_json());
  return metadata;
}

Json encode_metadata(const ObjectMeta& metadata) {
  JsonBuilder builder;
  builder.begin_object();
  builder.member_unless_empty("name", metadata.name);
  builder.member_unless_empty("namespace", metadata.ns);
  builder.member_unless_empty("uid", metadata.uid);
  builder.member_unless_empty("resourceVersion", metadata.resource_version);
  encode_map(builder, "labels", metadata.labels);
  encode_map(builder, "annotations", metadata.annotations);
  if (!metadata.owner_references.empty()) {
    builder.key("ownerReferences").begin_array();
    for (const Json& reference : metadata.owner_references) builder.value(reference);
    builder.end_array();
  }
  if (!metadata.finalizers.empty()) {
    builder.key("finalizers").begin_array();
    for (const std::string& finalizer : metadata.finalizers) builder.string(finalizer);
    builder.end_array();
  }
  builder.end_object();
  return builder.take();
}

}  // namespace heirloom
