// The rules a CRD's schema must obey before it is compiled: structural schemas, list types, what is not
// supported.
#pragma once

#include "base/json.h"
#include "schema/field_error.h"
#include "schema/schema.h"

namespace heirloom::schema {

// Kubernetes' words and paths (options.path + ".properties[spec].type"); at most kMaxFieldErrors. Patterns
// and defaults are checked by compile_schema, which has what it takes to judge them.
FieldErrors check_structural(JsonView openapi, const CompileOptions& options);

}  // namespace heirloom::schema
