// Names of things: kinds, resources, objects. Parsed once at the edge, compared as values everywhere else.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace heirloom {

struct GroupVersionKind {
  std::string group;  // "" for the core group
  std::string version;
  std::string kind;
  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  auto operator<=>(const GroupVersionKind&) const = default;
};

struct GroupVersionResource {
  std::string group;
  std::string version;
  std::string resource;  // plural, lower case
  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  auto operator<=>(const GroupVersionResource&) const = default;
};

struct GroupKind {
  std::string group;
  std::string kind;
  auto operator<=>(const GroupKind&) const = default;
};

struct NamespacedName {
  std::string ns;  // "" for cluster-scoped objects
  std::string name;
  std::string to_string() const { return ns.empty() ? name : ns + "/" + name; }
  auto operator<=>(const NamespacedName&) const = default;
};

// The identity of an object; the version is not part of it. `cluster` is "local" until there are more.
struct ObjectKey {
  std::string cluster = "local";
  std::string group;
  std::string kind;
  std::string ns;
  std::string name;
  GroupKind group_kind() const { return {group, kind}; }
  // "Namespace example", "ConfigMap default/cm1", "Deployment.apps default/web": for messages.
  std::string to_string() const;
  auto operator<=>(const ObjectKey&) const = default;
};

// "group/version" or "version"; error: BadRequest naming the text.
Result<GroupVersionKind> parse_api_version(std::string_view api_version, std::string_view kind);

// Of an object as it stands on the wire; empty parts where it has none.
GroupVersionKind gvk_of(JsonView object);
ObjectKey key_of(JsonView object);

}  // namespace heirloom
