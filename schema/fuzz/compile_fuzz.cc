// [schema, object]: a definition is refused or compiles; with what compiles, pruning and defaulting reach a
// fixed point and validation ends.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "schema/defaults.h"
#include "schema/prune.h"
#include "schema/schema.h"
#include "schema/validate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heirloom;
  using namespace heirloom::schema;
  const Result<Json> input = Json::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!input.ok() || input->view().size() < 2) return 0;
  for (const bool builtin : {false, true}) {
    CompileOptions options;
    options.builtin = builtin;
    const Compiled compiled = compile_schema(input->view().element(0), options);
    HEIRLOOM_ASSERT(compiled.errors.size() <= 2 * kMaxFieldErrors);
    if (!compiled.errors.empty()) continue;
    const Json pruned = prune(input->view().element(1).to_json(), compiled.schema);
    HEIRLOOM_ASSERT(prune(pruned, compiled.schema) == pruned);
    HEIRLOOM_ASSERT(unknown_fields(pruned, compiled.schema).empty());
    const Json filled = apply_defaults(pruned, compiled.schema);
    HEIRLOOM_ASSERT(apply_defaults(filled, compiled.schema) == filled);
    HEIRLOOM_ASSERT(validate(filled, compiled.schema).size() <= kMaxFieldErrors);
  }
  return 0;
}
