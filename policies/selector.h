// The selector that every resource policy uses: which of the application's objects a rule is about.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

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

// `where` is the selector's own path, for messages ("spec.policies[0].properties.rules[0].selector").
// Missing or null: the selector that matches nothing. Wrong types: Invalid naming the field. Unknown members
// do not count, as in KubeVela, but each appends a warning that names it: a typo otherwise matches nothing,
// silently.
Result<Selector> decode_selector(JsonView json, std::string_view where, std::vector<std::string>& warnings);

}  // namespace heirloom::policies
