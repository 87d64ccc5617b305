#include "server/metadata.h"

#include <algorithm>
#include <initializer_list>

#include <fmt/format.h>

namespace heirloom::server {
namespace {

bool one_of(std::string_view key, std::initializer_list<std::string_view> keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// Everything of the object but metadata, which `write` puts in its place (after kind and apiVersion by
// convention).
template <class WriteMetadata>
Json replace_metadata(const Json& object, const WriteMetadata& write) {
  JsonBuilder out;
  out.begin_object();
  for (const auto key : {std::string_view("kind"), std::string_view("apiVersion")}) {
    if (object.view().contains(key)) out.member(key, object.view()[key]);
  }
  out.key("metadata");
  write(out);
  for (const auto& member : object.view().members()) {
    if (!one_of(member.key, {"kind", "apiVersion", "metadata"})) out.member(member.key, member.value);
  }
  out.end_object();
  return out.take();
}

}  // namespace

Json with_new_metadata(const Json& object, const NewMetadata& metadata) {
  return replace_metadata(object, [&](JsonBuilder& out) {
    const JsonView sent = object.view()["metadata"];
    out.begin_object().member("name", metadata.name);
    out.member_unless_empty("generateName", sent["generateName"].string());
    out.member_unless_empty("namespace", metadata.ns);
    out.member("uid", metadata.uid);
    if (metadata.generation) {
      out.member("generation", *metadata.generation);
    } else if (sent["generation"].int64() != 0) {
      out.member("generation", sent["generation"]);
    }
    out.member("creationTimestamp", metadata.creation_timestamp);
    for (const auto key : {"labels", "annotations", "ownerReferences", "finalizers"}) {
      if (!sent[key].empty()) out.member(key, sent[key]);
    }
    out.end_object();
  });
}

Json with_kept_metadata(const Json& object, JsonView old, std::optional<std::int64_t> generation) {
  return replace_metadata(object, [&](JsonBuilder& out) {
    const JsonView sent = object.view()["metadata"];
    const JsonView kept = old["metadata"];
    out.begin_object().member("name", kept["name"]);
    out.member_unless_empty("generateName", sent["generateName"].string());
    for (const auto key : {"namespace", "uid", "resourceVersion"}) {
      if (kept.contains(key)) out.member(key, kept[key]);
    }
    if (generation) {
      out.member("generation", *generation);
    } else if (kept.contains("generation")) {
      out.member("generation", kept["generation"]);
    }
    out.member("creationTimestamp", kept["creationTimestamp"]);
    for (const auto key : {"deletionTimestamp", "deletionGracePeriodSeconds"}) {
      const bool given = sent[key].exists() && !sent[key].is_null();
      if (given) {
        out.member(key, sent[key]);
      } else if (kept.contains(key)) {
        out.member(key, kept[key]);
      }
    }
    for (const auto key : {"labels", "annotations", "ownerReferences", "finalizers"}) {
      if (!sent[key].empty()) out.member(key, sent[key]);
    }
    out.end_object();
  });
}

void validate_metadata_update(JsonView metadata, JsonView old, schema::FieldErrors& errors) {
  if (metadata["deletionTimestamp"] != old["deletionTimestamp"]) {
    errors.push_back(schema::invalid_value("metadata.deletionTimestamp", metadata["deletionTimestamp"],
                                           "field is immutable"));
  }
  if (metadata["deletionGracePeriodSeconds"] != old["deletionGracePeriodSeconds"]) {
    errors.push_back(schema::invalid_value("metadata.deletionGracePeriodSeconds",
                                           metadata["deletionGracePeriodSeconds"], "field is immutable"));
  }
  if (!old["deletionTimestamp"].exists()) return;
  std::vector<std::string> added;
  for (const auto& finalizer : metadata["finalizers"].elements()) {
    bool known = false;
    for (const auto& before : old["finalizers"].elements()) known = known || before == finalizer;
    if (!known) added.push_back(schema::go_quote(finalizer.string()));
  }
  if (added.empty()) return;
  errors.push_back(schema::forbidden_value("metadata.finalizers",
                                           fmt::format("no new finalizers can be added if the object is "
                                                       "being deleted, found new finalizers []string{{{}}}",
                                                       fmt::join(added, ", "))));
}

std::vector<std::string> finalizers_of(JsonView object) {
  std::vector<std::string> out;
  for (const auto& finalizer : object["metadata"]["finalizers"].elements())
    out.emplace_back(finalizer.string());
  return out;
}

bool is_deleting(JsonView object) { return object["metadata"]["deletionTimestamp"].is_string(); }

Json with_finalizers(const Json& object, const std::vector<std::string>& finalizers) {
  const JsonPath path = {std::string("metadata"), std::string("finalizers")};
  if (finalizers.empty()) return rewrite(object, {remove_at(path)});
  JsonBuilder list;
  list.begin_array();
  for (const auto& finalizer : finalizers) list.string(finalizer);
  list.end_array();
  return rewrite(object, {set_at(path, list.take())});
}

Json marked_for_deletion(const Json& object, std::string_view time,
                         const std::vector<std::string>& finalizers, bool grace_period) {
  const Json guarded = with_finalizers(object, finalizers);
  if (is_deleting(guarded)) return guarded;
  std::vector<JsonEdit> edits;
  edits.push_back(set_at({std::string("metadata"), std::string("deletionTimestamp")}, Json::string(time)));
  // The wish that it be gone is a new generation of the wish.
  if (const auto generation = guarded["metadata"]["generation"].int64(); generation > 0) {
    edits.push_back(
        set_at({std::string("metadata"), std::string("generation")}, Json::int64(generation + 1)));
  }
  if (grace_period) {
    edits.push_back(
        set_at({std::string("metadata"), std::string("deletionGracePeriodSeconds")}, Json::int64(0)));
  }
  return rewrite(guarded, edits);
}

bool content_differs(JsonView a, JsonView b, bool ignore_status) {
  const auto counts = [&](std::string_view key) {
    return key != "metadata" && key != "apiVersion" && !(ignore_status && key == "status");
  };
  std::size_t in_a = 0;
  for (const auto& member : a.members()) {
    if (!counts(member.key)) continue;
    ++in_a;
    if (member.value != b[member.key]) return true;
  }
  std::size_t in_b = 0;
  for (const auto& member : b.members()) in_b += counts(member.key) ? 1 : 0;
  return in_a != in_b;
}

}  // namespace heirloom::server
