// [previous, desired, live]: merging once is enough, the result has what is desired, and a record says the
// same as the manifest it was made from.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "schema/merge_patch.h"
#include "schema/three_way.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace heirloom;
  using namespace heirloom::schema;
  const Result<Json> input = Json::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!input.ok() || input->view().size() < 3) return 0;
  const JsonView previous = input->view().element(0), desired = input->view().element(1),
                 live = input->view().element(2);
  if (!previous.is_object() || !desired.is_object() || !live.is_object()) return 0;
  // Built-in kinds go by apiVersion and kind, which all three share in earnest.
  if (!(previous["kind"] == desired["kind"] && desired["kind"] == live["kind"])) return 0;
  if (!(previous["apiVersion"] == desired["apiVersion"] && desired["apiVersion"] == live["apiVersion"]))
    return 0;
  const Json merged = merge(previous, desired, live, nullptr);
  HEIRLOOM_ASSERT(merge(desired, desired, merged, nullptr) == merged);
  HEIRLOOM_ASSERT(differences(desired, merged, nullptr).empty());
  const FieldSet fields = declared_fields(previous, nullptr);
  const Result<FieldSet> record = FieldSet::from_json(fields.to_json());
  HEIRLOOM_ASSERT(record.ok());
  HEIRLOOM_ASSERT(merge(*record, desired, live, nullptr) == merged);
  (void)FieldSet::from_json(live);
  return 0;
}
