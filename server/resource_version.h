// resourceVersion as clients send it. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "server/request.h"
#include "server/store/store.h"

namespace heirloom::server {

// nullopt for ""; otherwise the number. Error: BadRequest naming the text.
Result<std::optional<Revision>> parse_resource_version(std::string_view text);

// The state a list is to be taken from. Source: Kubernetes API concepts, "Resource versions", the table for
// list.
struct ListPosition {
  Revision at = 0;         // 0: the newest
  Revision not_older = 0;  // fail with Timeout when the store is not there yet
};
Result<ListPosition> list_position(const ReadOptions& options);

// Sets metadata.resourceVersion: what the server's stores are given as StoreOptions::stamp.
Json stamp_resource_version(JsonView value, Revision revision);

// Timeout (504) with the cause clients look for when a revision lies in the future.
Status too_large_resource_version(Revision asked, Revision current);

}  // namespace heirloom::server
