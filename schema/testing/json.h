// For tests of this folder and above.
#pragma once

#include <string_view>

#include "base/assert.h"
#include "base/json.h"
#include "schema/schema.h"

namespace heirloom::schema::testing {

// Text that is known to be JSON.
inline Json json(std::string_view text) {
  Result<Json> parsed = Json::parse(text);
  HEIRLOOM_ASSERT(parsed.ok());
  return std::move(parsed).value();
}

// A schema that is known to compile.
inline Schema schema(std::string_view openapi, const CompileOptions& options = {}) {
  const Json text = json(openapi);
  Compiled compiled = compile_schema(text, options);
  HEIRLOOM_ASSERT(compiled.errors.empty());
  return compiled.schema;
}

}  // namespace heirloom::schema::testing
