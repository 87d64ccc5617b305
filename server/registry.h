// Registry: the resources served right now. Built-in kinds are added at start, custom ones come and go with
// their definitions. Single-threaded; snapshots handed out stay valid after a change.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/resource.h"

namespace heirloom::server {

class Registry {
 public:
  // Adds, or replaces the one of the same group and plural.
  void add(ResourcePtr resource);
  void remove(std::string_view group, std::string_view plural);

  ResourcePtr find(std::string_view group, std::string_view plural) const;     // null: not served
  ResourcePtr find_kind(std::string_view group, std::string_view kind) const;  // null: not served
  std::vector<ResourcePtr> all() const;  // ordered by group, then plural

  // Groups in order of appearance: "" first, then by name; versions in order of preference, served ones only.
  struct GroupInfo {
    std::string name;
    std::vector<std::string> versions;
  };
  std::vector<GroupInfo> groups() const;

  // Raised by every change: what discovery and OpenAPI documents are cached by.
  std::uint64_t generation() const { return generation_; }

 private:
  std::map<std::pair<std::string, std::string>, ResourcePtr> resources_;  // (group, plural)
  std::uint64_t generation_ = 1;
};

// Kubernetes' order of preference: v2, v1, v1beta2, v1beta1, v1alpha1, then others by name. True when a comes
// first.
bool version_precedes(std::string_view a, std::string_view b);

}  // namespace heirloom::server
