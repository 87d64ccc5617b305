#include "core/status_patch.h"

#include <string_view>
#include <vector>

#include "schema/merge_patch.h"

namespace heirloom::core {

Json status_patch(const std::string& uid, JsonView stored, const Json& wanted) {
  const Json nothing = Json::object();
  const Json change = schema::merge_diff(stored.is_object() ? stored : nothing.view(), wanted);
  std::vector<JsonEdit> whole;
  for (const std::string_view name : {"status", "phase", "observedGeneration", "conditions"})
    if (const JsonView value = wanted[name]; value.exists()) whole.push_back(set_at({std::string(name)}, value.to_json()));
  const Json metadata = Json::object({{"uid", uid}});
  const Json status = rewrite(change, whole);
  return Json::object({{"metadata", metadata}, {"status", status}});
}

}  // namespace heirloom::core
