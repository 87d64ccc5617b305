#include "core/clean_manifest.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "apis/labels.h"

namespace heirloom::core {
namespace {

// Set by the API server; what a manifest says about them means nothing.
constexpr std::string_view kServerSetMetadata[] = {"uid",           "resourceVersion",  "generation",
                                                   "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
                                                   "managedFields", "selfLink"};

// `reserved` entries dropped from one of metadata.labels and metadata.annotations.
void copy_map(JsonBuilder& out, std::string_view name, JsonView entries, bool (*reserved)(std::string_view),
              const std::string& field, std::vector<std::string>& dropped) {
  std::vector<JsonMember> kept;
  for (const JsonMember& entry : entries.members()) {
    if (reserved(entry.key)) dropped.push_back(fmt::format("{}.metadata.{}[{}]", field, name, entry.key));
    else kept.push_back(entry);
  }
  if (kept.empty()) return;
  out.key(name).begin_object();
  for (const JsonMember& entry : kept) out.member(entry.key, entry.value);
  out.end_object();
}

}  // namespace

Json clean_manifest(JsonView object, const std::string& name, const std::string& ns, const std::string& field,
                    std::vector<std::string>& dropped) {
  JsonBuilder out;
  out.begin_object();
  for (const auto& [key, value] : object.members()) {
    if (key == "status" || key == "metadata" || value.is_null()) continue;
    out.member(key, value);
  }
  out.key("metadata").begin_object();
  out.member("name", name);
  if (!ns.empty()) out.member("namespace", ns);
  const JsonView metadata = object["metadata"];
  for (const auto& [key, value] : metadata.members()) {
    const bool ours = key == "name" || key == "namespace" || key == "generateName" || key == "labels" ||
                      key == "annotations" || value.is_null();
    if (ours || std::count(std::begin(kServerSetMetadata), std::end(kServerSetMetadata), key) != 0) continue;
    out.member(key, value);
  }
  copy_map(out, "labels", metadata["labels"], is_reserved_label, field, dropped);
  copy_map(out, "annotations", metadata["annotations"], is_reserved_annotation, field, dropped);
  out.end_object().end_object();
  return out.take();
}

}  // namespace heirloom::core
