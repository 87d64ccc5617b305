// The selector that every resource policy uses: which of the application's objects a rule is about.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apis/field_reader.h"
#include "base/json.h"

namespace heirloom::policies {

// KubeVela's semantics: exact, case-sensitive equality; an empty list is no condition; all conditions must
// hold, values in one list are alternatives; an object without the label never matches a condition on it; a
// selector without any condition matches NOTHING.
struct Selector {
  std::vector<std::string> component_names;  // label app.oam.dev/component
  std::vector<std::string>
      component_types;                      // label workload.oam.dev/type: on main objects only; x@v1 is x-v1
  std::vector<std::string> oam_types;       // label app.oam.dev/resourceType: WORKLOAD or TRAIT
  std::vector<std::string> trait_types;     // label trait.oam.dev/type; AuxiliaryWorkload for further objects
  std::vector<std::string> resource_types;  // kind, without group or version
  std::vector<std::string> resource_names;  // metadata.name

  // The manifest as rendered, with the labels that say where in the application it comes from.
  bool matches(JsonView manifest) const;
  bool operator==(const Selector&) const = default;
};

// Reads parent[key]; `path` is the parent's, for messages ("spec.policies[0].properties.rules[0]"). Missing
// or null: the selector that matches nothing. Wrong types are faults in the reader. Unknown members do not
// count, as in KubeVela, but each appends a warning that names it: a typo otherwise matches nothing,
// silently. So does a selector without conditions.
Selector decode_selector(FieldReader& reader, JsonView parent, std::string_view key, const std::string& path,
                         std::vector<std::string>& warnings);

// Warns of every member of the object that is not among the known ones.
void warn_of_unknown_members(JsonView object, const std::string& path,
                             std::span<const std::string_view> known, std::vector<std::string>& warnings);

}  // namespace heirloom::policies
