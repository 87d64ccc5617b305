// JSON patch (RFC 6902) with the behaviour of kube-apiserver: replace of a missing member adds it, remove of
// one fails.
#pragma once

#include "base/json.h"
#include "base/result.h"

namespace heirloom::schema {

inline constexpr std::size_t kMaxJsonPatchOperations = 10'000;  // kube-apiserver's limit
// Copies may not blow the document up beyond this many values (kube-apiserver bounds copied bytes likewise).
inline constexpr std::size_t kMaxJsonPatchCopiedBytes = 3 * 1024 * 1024;

// All operations or none. Errors: BadRequest when the patch is not a list of operations; 413 when it has too
// many; 422 Invalid when an operation does not apply (test failed, missing path, index out of range, unknown
// op).
Result<Json> json_patch(const Json& target, JsonView patch);

}  // namespace heirloom::schema
