#include "policies/revision_limit.h"

#include <map>

#include "apis/application_revision.h"

namespace heirloom::policies {

std::vector<std::string> revisions_to_delete(std::string_view app, const std::vector<std::string>& names,
                                             std::string_view latest, const GarbageCollectPolicy& policy) {
  std::map<std::int64_t, std::string> old;
  for (const std::string& name : names)
    if (const auto number = revision_number(name, app); number && name != latest) old.emplace(*number, name);
  const auto limit =
      static_cast<std::size_t>(policy.application_revision_limit.value_or(kDefaultRevisionLimit));
  std::vector<std::string> going;
  for (const auto& [number, name] : old) {
    if (going.size() + limit >= old.size()) break;
    going.push_back(name);
  }
  return going;
}

}  // namespace heirloom::policies
