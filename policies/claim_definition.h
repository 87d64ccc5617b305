// The CustomResourceDefinition of a claim kind. Pure.
#pragma once

#include "apis/claim_class.h"
#include "apis/promise.h"
#include "base/json.h"
#include "base/result.h"

namespace heirloom::policies {

// What the class creates when its kind has no definition: namespaced, category "claims", status subresource, columns
// TARGET, PHASE, CLAIMS, AGE, the class' schema for spec, label heirloom.dev/claim-class.
Json definition_of(const ClaimClass& claim_class);

// The definition that a Promise embeds, completed as Kratix does: a status subresource, an open status and, where it has
// none, the columns. Error: 422 Invalid naming what is missing in spec.api.
Result<Json> definition_of(const Promise& promise);

}  // namespace heirloom::policies
