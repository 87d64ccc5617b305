// Whatever the parser accepts must survive being written, copied, looked up, hashed and rewritten.
#include <cstdint>

#include "base/assert.h"
#include "base/json.h"

using namespace heirloom;

namespace {

void check_members(JsonView value, int depth) {
  for (const JsonMember& member : value.members()) {
    HEIRLOOM_ASSERT(value[member.key] == member.value);
    if (depth > 0) check_members(member.value, depth - 1);
  }
  for (const JsonView element : value.elements())
    if (depth > 0) check_members(element, depth - 1);
}

void check_rewrite(const Json& json) {
  for (const JsonMember& member : json.view().members()) {
    const JsonPath path = {std::string(member.key)};
    const Json same = rewrite(json, {set_at(path, member.value.to_json())});
    HEIRLOOM_ASSERT(same == json);
    const Json without = rewrite(json, {remove_at(path)});
    HEIRLOOM_ASSERT(without.view().size() + 1 == json.view().size());
    HEIRLOOM_ASSERT(rewrite(without, {set_at(path, member.value.to_json())}) == json);
    break;
  }
  if (json.view().size() > 0 && json.is_array()) {
    const JsonEdit insert = {{std::size_t{0}}, JsonEdit::Op::Insert, json};
    HEIRLOOM_ASSERT(rewrite(json, {insert, remove_at({std::size_t{0}})}) == json);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<Json> json = Json::parse({reinterpret_cast<const char*>(data), size});
  if (!json.ok()) return 0;
  const std::string text = write_json(*json);
  const Result<Json> again = Json::parse(text);
  HEIRLOOM_ASSERT(again.ok());
  // Whole doubles become integers with the first writing, as in Go; from then on nothing changes.
  const std::string second = write_json(*again);
  const Result<Json> third = Json::parse(second);
  HEIRLOOM_ASSERT(third.ok() && *third == *again && hash_json(*third) == hash_json(*again));
  HEIRLOOM_ASSERT(*Json::parse(write_json_pretty(*again)) == *again);
  HEIRLOOM_ASSERT(Json::array({*again}).view().element(0).to_json() == *again);
  HEIRLOOM_ASSERT(again->view().depth() <= kMaxJsonDepth);
  check_members(*again, 3);
  check_rewrite(*again);
  return 0;
}
