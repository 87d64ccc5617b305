#include "policies/selector.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "apis/labels.h"

namespace heirloom::policies {

namespace {

constexpr std::array<std::string_view, 6> kMembers = {"componentNames", "componentTypes", "oamTypes",
                                                      "traitTypes",     "resourceTypes",  "resourceNames"};

// No condition holds for everything; otherwise the value must be there and in the list.
bool holds(const std::vector<std::string>& condition, std::string_view value) {
  if (condition.empty()) return true;
  return !value.empty() && std::find(condition.begin(), condition.end(), value) != condition.end();
}

bool has_condition(const Selector& s) {
  return !(s.component_names.empty() && s.component_types.empty() && s.oam_types.empty() &&
           s.trait_types.empty() && s.resource_types.empty() && s.resource_names.empty());
}

}  // namespace

bool Selector::matches(JsonView manifest) const {
  if (!has_condition(*this)) return false;
  const JsonView metadata = manifest["metadata"];
  const JsonView labels_json = metadata["labels"];
  return holds(component_names, labels_json[labels::kComponent].string()) &&
         holds(component_types, labels_json[labels::kWorkloadType].string()) &&
         holds(oam_types, labels_json[labels::kResourceType].string()) &&
         holds(trait_types, labels_json[labels::kTraitType].string()) &&
         holds(resource_types, manifest["kind"].string()) && holds(resource_names, metadata["name"].string());
}

void warn_of_unknown_members(JsonView object, const std::string& path,
                             std::span<const std::string_view> known, std::vector<std::string>& warnings) {
  for (const JsonMember member : object.members())
    if (std::find(known.begin(), known.end(), member.key) == known.end())
      warnings.push_back(fmt::format("{}: unknown member {} is ignored", path, member.key));
}

Selector decode_selector(FieldReader& reader, JsonView parent, std::string_view key, const std::string& path,
                         std::vector<std::string>& warnings) {
  const JsonView json = reader.object(parent, key, path);
  const std::string at = child_path(path, key);
  Selector selector;
  selector.component_names = reader.strings(json, "componentNames", at);
  selector.component_types = reader.strings(json, "componentTypes", at);
  selector.oam_types = reader.strings(json, "oamTypes", at);
  selector.trait_types = reader.strings(json, "traitTypes", at);
  selector.resource_types = reader.strings(json, "resourceTypes", at);
  selector.resource_names = reader.strings(json, "resourceNames", at);
  warn_of_unknown_members(json, at, kMembers, warnings);
  if (!has_condition(selector))
    warnings.push_back(fmt::format("{}: no condition, so it selects nothing", at));
  return selector;
}

}  // namespace heirloom::policies
