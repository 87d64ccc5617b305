#include "apis/application_revision.h"

#include <charconv>

#include <fmt/format.h>

#include "apis/field_reader.h"
#include "apis/labels.h"

namespace heirloom {

namespace {

// Go's empty values count as absent, so that `traits: []` or `properties: {}` makes no new version. Free-form
// content below `properties` is left alone: there an empty list may mean something.
void write_without_empty(JsonView value, JsonBuilder& builder) {
  builder.begin_object();
  for (const JsonMember member : value.members()) {
    if ((member.value.is_array() || member.value.is_object()) && member.value.empty()) continue;
    if (member.value.is_null()) continue;
    builder.member(member.key, member.value);
  }
  builder.end_object();
}

}  // namespace

Result<ApplicationRevision> decode_application_revision(JsonView object) {
  ApplicationRevision revision;
  revision.metadata = decode_metadata(object);
  FieldReader reader;
  const JsonView spec = reader.object(object, "spec", "");
  const JsonView application = reader.object(spec, "application", "spec");
  if (application.exists()) revision.application = application.to_json();
  for (const JsonMember member : spec.members())
    if (member.key != "application") revision.other.emplace(member.key, member.value.to_json());
  const JsonView status = object["status"];
  revision.succeeded = status["succeeded"].boolean();
  if (status["workflow"].is_object()) revision.workflow = status["workflow"].to_json();
  TRY_VOID(reader.status("ApplicationRevision " + revision.metadata.namespaced_name().to_string()));
  return revision;
}

Json encode_application_revision(const ApplicationRevision& revision) {
  JsonBuilder builder;
  builder.begin_object().member("apiVersion", kCoreApiVersion).member("kind", kRevisionKind);
  builder.member("metadata", encode_metadata(revision.metadata));
  builder.key("spec").begin_object();
  if (!revision.application.is_null()) builder.member("application", revision.application);
  for (const auto& [key, value] : revision.other) builder.member(key, value);
  builder.end_object();
  builder.key("status").begin_object().member("succeeded", revision.succeeded);
  if (!revision.workflow.is_null()) builder.member("workflow", revision.workflow);
  builder.end_object().end_object();
  return builder.take();
}

std::string revision_name(std::string_view app, std::int64_t number) {
  return fmt::format("{}-v{}", app, number);
}

std::optional<std::int64_t> revision_number(std::string_view revision, std::string_view app) {
  if (!revision.starts_with(app)) return std::nullopt;
  revision.remove_prefix(app.size());
  if (!revision.starts_with("-v")) return std::nullopt;
  revision.remove_prefix(2);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(revision.data(), revision.data() + revision.size(), number);
  const bool canonical = error == std::errc() && end == revision.data() + revision.size() && number > 0 &&
                         revision.front() != '0' && revision.front() != '+';
  return canonical ? std::optional(number) : std::nullopt;
}

std::string revision_hash(const ApplicationSpec& spec) {
  const Json json = encode_application_spec(spec);
  JsonBuilder builder;
  builder.begin_object().key("components").begin_array();
  for (const JsonView component : json["components"].elements()) write_without_empty(component, builder);
  builder.end_array().key("policies").begin_array();
  for (const JsonView policy : json["policies"].elements()) write_without_empty(policy, builder);
  builder.end_array().key("workflow");
  write_without_empty(json["workflow"], builder);
  builder.end_object();
  return fmt::format("{:016x}", hash_json(builder.take()));
}

ApplicationRevision new_revision(const Application& application, std::int64_t number) {
  ApplicationRevision revision;
  ObjectMeta& metadata = revision.metadata;
  metadata.name = revision_name(application.metadata.name, number);
  metadata.ns = application.metadata.ns;
  metadata.labels = application.metadata.labels;
  metadata.labels.insert_or_assign(std::string(labels::kName), application.metadata.name);
  metadata.labels.insert_or_assign(std::string(labels::kAppRevisionHash), revision_hash(application.spec));
  metadata.annotations = application.metadata.annotations;
  metadata.annotations.erase(std::string(annotations::kKubectlLastApplied));
  metadata.owner_references.push_back(Json::object({{"apiVersion", kCoreApiVersion},
                                                    {"kind", kApplicationKind},
                                                    {"name", application.metadata.name},
                                                    {"uid", application.metadata.uid},
                                                    {"controller", true},
                                                    {"blockOwnerDeletion", true}}));
  JsonBuilder copy;
  copy.begin_object().member("apiVersion", kCoreApiVersion).member("kind", kApplicationKind);
  ObjectMeta kept;
  kept.name = application.metadata.name;
  kept.ns = application.metadata.ns;
  kept.labels = application.metadata.labels;
  kept.annotations = metadata.annotations;
  copy.member("metadata", encode_metadata(kept));
  copy.member("spec", encode_application_spec(application.spec));
  copy.key("status").begin_object().end_object();
  copy.end_object();
  revision.application = copy.take();
  return revision;
}

}  // namespace heirloom
