// Manifest: one object that an application declares, ready to be planned.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apis/resource_names.h"
#include "base/clock.h"
#include "base/json.h"
#include "policies/claim_basis.h"

namespace heirloom::dispatcher {

struct Manifest {
  // The object as the application declares it: named, cleaned of what a manifest may not set; no label of ours.
  // What a sharer's divergence is measured by.
  Json declared;
  // `declared` with the labels and annotations that every object of an application carries: what the owner asserts.
  Json desired;
  // Labels that name the revision. They change with every version, so they are written only when the object is
  // written anyway: an unchanged object costs no request.
  std::map<std::string, std::string> revision_labels;
  GroupVersionKind gvk;
  ObjectKey key;
  std::string component;
  std::vector<std::string> depends_on;  // components that must be healthy before this object is applied
  // Of a claim: the state of the object that `desired` was made from. Over another one it is not written.
  std::optional<policies::ClaimBasis> basis;
};

// "ConfigMap team-a/cm (component web)": for messages.
std::string to_string(const Manifest& manifest);

// The manifest without its namespace: for kinds that turn out to be cluster-scoped.
Manifest without_namespace(Manifest manifest);

// No watch tells when a kind is served again.
inline constexpr Duration kUnservedRetry = std::chrono::seconds(10);
// "kind Widget of example.org/v1 is not served any more; ..."
std::string not_served_sentence(const Manifest& manifest);

}  // namespace heirloom::dispatcher
