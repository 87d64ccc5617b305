// [target, patch]: no patch may crash, a diff must lead where it says, and a result is JSON again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "base/json.h"
#include "schema/json_patch.h"
#include "schema/merge_patch.h"
#include "schema/schema.h"
#include "schema/strategic_merge.h"

namespace heirloom::schema {
namespace {

bool holds_null(JsonView value) {
  if (value.is_null()) return true;
  for (const JsonMember member : value.members())
    if (holds_null(member.value)) return true;
  return false;
}

const Schema& pods() {
  static const Schema kSchema = [] {
    const Result<Json> text = Json::parse(
        R"({"type":"object","properties":{
             "l":{"type":"array","x-kubernetes-patch-strategy":"merge,retainKeys","x-kubernetes-patch-merge-key":"name","items":{
               "type":"object","properties":{"l":{"type":"array","x-kubernetes-patch-strategy":"merge","x-kubernetes-patch-merge-key":"k","items":{"type":"object"}}}}},
             "s":{"type":"array","x-kubernetes-patch-strategy":"merge","items":{"type":"string"}},
             "m":{"type":"object","x-kubernetes-patch-strategy":"retainKeys"}}})");
    CompileOptions options;
    options.builtin = true;
    return compile_schema(*text, options).schema;
  }();
  return kSchema;
}

void run(JsonView target, JsonView patch) {
  const Json merged = merge_patch(target, patch);
  if (target.is_object() && patch.is_object() && !holds_null(patch)) {
    const Json diff = merge_diff(target, patch);
    HEIRLOOM_ASSERT(merge_patch(target, diff).view() == patch);
    HEIRLOOM_ASSERT(merge_diff(patch, patch).view().empty());
  }
  const Result<Json> operations = json_patch(target.to_json(), patch);
  if (operations.ok()) HEIRLOOM_ASSERT(Json::parse(write_json(*operations)).ok());
  const Result<Json> strategic = strategic_merge(target, patch, pods());
  if (strategic.ok()) HEIRLOOM_ASSERT(Json::parse(write_json(*strategic)).ok());
}

}  // namespace
}  // namespace heirloom::schema

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heirloom;
  const Result<Json> input = Json::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (input.ok() && input->view().size() >= 2)
    schema::run(input->view().element(0), input->view().element(1));
  return 0;
}
