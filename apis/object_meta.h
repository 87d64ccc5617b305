// The metadata of the objects we own. Foreign objects stay Json.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "apis/resource_names.h"
#include "base/json.h"
#include "base/result.h"

namespace heirloom {

struct ObjectMeta {
  std::string name;
  std::string ns;
  std::string uid;
  std::string resource_version;  // opaque: compared for equality only
  std::int64_t generation = 0;
  std::string creation_timestamp;  // RFC 3339
  std::string deletion_timestamp;  // "" = not being deleted
  std::map<std::string, std::string, std::less<>> labels;
  std::map<std::string, std::string, std::less<>> annotations;
  std::vector<std::string> finalizers;
  std::vector<Json> owner_references;  // carried as they are

  bool is_deleting() const { return !deletion_timestamp.empty(); }
  bool has_finalizer(std::string_view finalizer) const;
  std::string_view label(std::string_view key) const;       // "" when absent
  std::string_view annotation(std::string_view key) const;  // "" when absent
  NamespacedName namespaced_name() const { return {ns, name}; }
  bool operator==(const ObjectMeta&) const = default;
};

// Reads `metadata` of an object. Values that an API server would never send (a label that is no string) are
// skipped.
ObjectMeta decode_metadata(JsonView object);
// Writes what a client may write: everything but generation and timestamps; empty parts are left out.
Json encode_metadata(const ObjectMeta& metadata);

}  // namespace heirloom
