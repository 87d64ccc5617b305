// Discovery documents: /api, /apis, /api/v1, /apis/{group}, /apis/{group}/{version}. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"
#include "server/registry.h"

namespace heirloom::server {

Json api_versions_document(std::string_view server_address);  // /api: APIVersions
Json api_group_list_document(const Registry& registry);       // /apis: APIGroupList
// /apis/{group}: APIGroup; nullopt when nothing of the group is served.
std::optional<Json> api_group_document(const Registry& registry, std::string_view group);
// /api/v1, /apis/{group}/{version}: APIResourceList; nullopt when nothing of it is served.
std::optional<Json> api_resource_list_document(const Registry& registry, std::string_view group,
                                               std::string_view version);

}  // namespace heirloom::server
