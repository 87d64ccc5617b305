// Where objects lie in the store: "/<group or core>/<plural>/[<namespace>/]<name>". Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/resource.h"

namespace heirloom::server {

std::string object_key(const Resource& resource, std::string_view ns, std::string_view name);
// Every object of the resource, or those of one namespace ("" = all).
std::string collection_prefix(const Resource& resource, std::string_view ns);

struct ParsedKey {
  std::string_view group;
  std::string_view plural;
  std::string_view ns;  // "" for cluster-scoped objects
  std::string_view name;
};
// nullopt for a key that no server of ours wrote.
std::optional<ParsedKey> parse_key(std::string_view key);

}  // namespace heirloom::server
