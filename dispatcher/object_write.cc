#include "dispatcher/object_write.h"

#include <utility>

#include "apis/labels.h"
#include "policies/ownership.h"
#include "schema/field_set.h"
#include "schema/merge_patch.h"
#include "schema/three_way.h"

namespace heirloom::dispatcher {
namespace {

// Beyond this the manifest is not written a second time into its own object.
constexpr std::size_t kMaxLastAppliedBytes = 200 * 1024;

bool records_last_applied(const Manifest& manifest) {
  const bool core = manifest.gvk.group.empty();
  return !(core && (manifest.gvk.kind == "Secret" || manifest.gvk.kind == "ConfigMap"));
}

const schema::Schema& schema_of(const Manifest& manifest) {
  return schema::merge_knowledge(manifest.gvk.group, manifest.gvk.kind);
}

// What was declared before, by whoever owned the content: the record, else KubeVela's own annotation, else my previous
// manifest. kubectl's annotation is about kubectl.
schema::FieldSet declared_before(const WriteInput& input) {
  const schema::Schema& schema = schema_of(input.manifest);
  if (input.object != nullptr && input.object->record && input.object->record->fields) {
    Result<schema::FieldSet> fields = schema::FieldSet::from_json(*input.object->record->fields);
    if (fields.ok()) return std::move(fields).value();
  }
  const std::string_view last_applied = input.live["metadata"]["annotations"][annotations::kLastApplied].string();
  if (last_applied.size() > 1) {
    const Result<Json> manifest = Json::parse(last_applied);
    if (manifest.ok() && manifest->is_object()) {
      // Ownership is not content: a former owner's labels and ledger are the decision's business.
      std::vector<JsonEdit> ours;
      for (const std::string_view label : {labels::kName, labels::kNamespace})
        ours.push_back(remove_at({"metadata", "labels", std::string(label)}));
      for (const std::string_view note : {annotations::kSharedBy, annotations::kRecord, annotations::kLastApplied})
        ours.push_back(remove_at({"metadata", "annotations", std::string(note)}));
      const Json content = rewrite(*manifest, ours);
      return schema::declared_fields(content, &schema);
    }
  }
  if (input.previous.exists()) return schema::declared_fields(input.previous, &schema);
  return {};
}

void add_metadata(std::vector<JsonEdit>& edits, const std::string& map, const std::string& key,
                  const std::optional<std::string>& value) {
  JsonPath path{"metadata", map, key};
  edits.push_back(value ? set_at(std::move(path), Json::string(*value)) : remove_at(std::move(path)));
}

// What goes along with content whenever an object is written: ownership, revision labels, last-applied.
Json dress(JsonView object, const WriteInput& input, const Json& fields, bool create) {
  std::vector<JsonEdit> edits;
  const policies::MetadataEdit ownership =
      policies::ownership_edit(input.decision.ownership, input.manifest.key, fields);
  for (const auto& [key, value] : ownership.labels) add_metadata(edits, "labels", key, value);
  for (const auto& [key, value] : input.manifest.revision_labels) add_metadata(edits, "labels", key, value);
  for (const auto& [key, value] : ownership.annotations) add_metadata(edits, "annotations", key, value);
  if (records_last_applied(input.manifest)) {
    std::string text = write_json(input.manifest.desired);
    const bool fits = text.size() <= kMaxLastAppliedBytes;
    add_metadata(edits, "annotations", std::string(annotations::kLastApplied),
                 fits ? std::optional<std::string>(std::move(text)) : std::nullopt);
    if (create && fits)
      add_metadata(edits, "annotations", std::string(annotations::kLastAppliedTime), format_time(input.now));
  }
  return rewrite(object, edits);
}

Json guarded(const Json& patch, const policies::LiveObject& object) {
  return rewrite(patch, {set_at({"metadata", "resourceVersion"}, Json::string(object.resource_version))});
}

ObjectWrite plan_create(const WriteInput& input, const Json& fields) {
  ObjectWrite write;
  write.kind = ObjectWrite::Kind::Create;
  write.changes_content = true;
  write.body = dress(input.manifest.desired, input, fields, true);
  return write;
}

// The owner's write: content, ownership and record in one patch, or none.
ObjectWrite plan_content(const WriteInput& input, const Json& fields) {
  ObjectWrite write;
  const schema::FieldSet before = declared_before(input);
  const Json merged = schema::merge(before, input.manifest.desired, input.live, &schema_of(input.manifest));
  if (!(merged.view() == input.live)) {
    const Json left_behind = schema::merge_diff(merged, input.live);
    write.normalisation = hash_json(left_behind, hash_json(input.manifest.desired) | 1);
    write.normalised = write.normalisation == input.known_normalisation;
    write.changes_content = !write.normalised;
  }
  const auto& record = input.object->record;
  const bool fields_moved = record && record->fields && !(*record->fields == fields);
  if (!write.changes_content && !input.decision.writes_ownership && !fields_moved) return write;
  write.kind = ObjectWrite::Kind::Patch;
  const Json wanted = dress(merged, input, fields, false);
  write.body = guarded(schema::merge_diff(input.live, wanted), *input.object);
  return write;
}

}  // namespace

ObjectWrite plan_write(const WriteInput& input) {
  const Json fields = schema::declared_fields(input.manifest.desired, &schema_of(input.manifest)).to_json();
  if (input.decision.action == policies::Action::Create) return plan_create(input, fields);
  if (input.decision.may_write_content) return plan_content(input, fields);
  ObjectWrite write;
  if (!input.decision.writes_ownership) return write;
  // Not the owner: ledger and record alone; the fields stay the owner's.
  const std::optional<Json> theirs = input.object->record ? input.object->record->fields : std::nullopt;
  const policies::MetadataEdit edit =
      policies::ownership_edit(input.decision.ownership, input.manifest.key, theirs);
  write.kind = ObjectWrite::Kind::Patch;
  write.body = policies::ownership_patch(edit, input.object->resource_version);
  return write;
}

Json ownership_write(const policies::LiveObject& live, const policies::Ownership& ownership) {
  const std::optional<Json> fields = live.record ? live.record->fields : std::nullopt;
  return policies::ownership_patch(policies::ownership_edit(ownership, live.key, fields), live.resource_version);
}

bool says_what_was_declared(const policies::LiveObject& live, JsonView object) {
  if (live.record && live.record->fields) return true;
  return object["metadata"]["annotations"][annotations::kLastApplied].string().size() > 1;
}

std::vector<std::string> divergence(const Manifest& manifest, JsonView live) {
  return schema::differences(manifest.declared, live, &schema_of(manifest));
}

}  // namespace heirloom::dispatcher
