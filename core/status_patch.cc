#include "core/status_patch.h"

#include <string_view>
#include <vector>

#include "schema/merge_patch.h"

namespace heirloom::core {

Json status_patch(const std::string& uid, JsonView stored, const Json& wanted, std::span<const std::string_view> whole) {
  const Json nothing = Json::object();
  const Json change = schema::merge_diff(stored.is_object() ? stored : nothing.view(), wanted);
  std::vector<JsonEdit> edits;
  for (const std::string_view name : whole) {
    const JsonView value = wanted[name];
    if (value.exists()) edits.push_back(set_at({std::string(name)}, value.to_json()));
    else if (stored.is_object()) edits.push_back(set_at({std::string(name)}, Json()));
  }
  const Json metadata = Json::object({{"uid", uid}});
  const Json status = rewrite(change, edits);
  return Json::object({{"metadata", metadata}, {"status", status}});
}

}  // namespace heirloom::core
