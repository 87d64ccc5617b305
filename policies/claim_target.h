// What a claim stands for: a ClaimClass' template with the claim's values in it. Pure.
//
// ${spec.size} stands for the claim's value, ${spec.size:-10Gi} has a default for when it is missing or null. A string that is one
// placeholder takes the value as it is (a number stays a number, an object an object); inside other text it must be a
// string, a number or a boolean. $${ is a plain ${. Fields: spec.<path>, metadata.name, metadata.namespace.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/claim.h"
#include "apis/claim_class.h"
#include "apis/resource_names.h"
#include "base/json.h"
#include "base/result.h"

namespace heirloom::policies {

struct Target {
  ObjectKey key;  // Namespace: no namespace; others: the template's or else the claim's own, which does not count for a
                  // cluster-scoped kind (dispatcher: without_namespace)
  std::string api_version;
  Json manifest;               // named, with the namespace of `key`; may still carry metadata that a manifest may not set
  Json key_fields;             // of the claim: {"spec.namespaceName": "team-a"}
  ClaimParameters parameters;  // what the content was made from: the claim's own, or those in force
  bool operator==(const Target&) const = default;
};

// The object that the claim stands for. `in_force`: the parameters the object was made from (annotation
// heirloom.dev/claim-parameters): they win over the claim's own, so that an owner who came later changes nothing;
// nullptr: the claim's own.
// Errors: Status with code 422 and a reason of claim_reasons: ClassInvalid (the template), InvalidClaim (a missing
// field, a value that does not fit, a name that cannot be). Messages name class, template path and claim field.
// Precondition: the class passed validate_claim_class, otherwise ClassInvalid. Protected names are
// policies/claim_admission.h's.
Result<Target> target_of(const ClaimClass& claim_class, const Claim& claim, const ClaimParameters* in_force = nullptr);

// The claim as if its key fields still were these: Target::key_fields of the object that it holds.
Claim with_key_fields(Claim claim, JsonView key_fields);

// The claim's fields in which it differs from the parameters in force ("spec.size"), in order. Empty: it agrees.
// With onMismatch Reject and fields here the claim is in conflict, reason Mismatch, unless it is the one whose content
// is in force. With FirstWins they are a notice.
std::vector<std::string> mismatch(const ClaimParameters& own, const ClaimParameters& in_force);

// What is wrong with a template by itself: no object, apiVersion or kind missing or no plain text, no name, a
// placeholder that does not parse, in a key of the object, or of an unknown field; a field with two defaults; name or namespace made of fields that
// are not in `key`, a key field that is in neither; the claim's own kind. Error: 422 ClassInvalid naming the path.
Status check_template(const ClaimClass& claim_class);

}  // namespace heirloom::policies
