// Strategic merge patch of built-in kinds: lists with a merge key merge by it, $patch: delete | replace |
// merge, $deleteFromPrimitiveList/x, $setElementOrder/x, $retainKeys. Strategy and keys come from the Schema
// (Node::patch_merge, patch_merge_key, patch_retain_keys).
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "schema/schema.h"

namespace heirloom::schema {

// Errors as kube-apiserver answers: 400 for malformed directives, 500 for an element without its merge key or
// an unknown $patch value. The result contains no directives.
Result<Json> strategic_merge(JsonView target, JsonView patch, const Schema& schema);

}  // namespace heirloom::schema
