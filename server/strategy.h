// Strategy: what a schema cannot say about a kind: what the server fills in, and rules across fields or
// against the stored object. Plain functions, so a kind's behaviour is one small file in strategies/ and
// pure.
#pragma once

#include <string_view>

#include "base/json.h"
#include "schema/field_error.h"
#include "schema/names.h"
#include "server/resource.h"

namespace heirloom::server {

struct Strategy {
  schema::NameCheck name_check = schema::check_dns1123_subdomain;
  bool create_on_update = false;        // PUT of an absent object creates it (Lease, Event, Service)
  bool needs_resource_version = false;  // PUT without one is refused (Lease, custom resources)
  bool delete_collection = true;        // DELETE of a collection exists
  bool annotations_count = false;       // a change of annotations is a new generation, too (Deployment)
  bool orphan_by_default = false;       // DELETE without a propagationPolicy orphans (Job)
  // The object about to be stored, defaulted and pruned, metadata set: what the server itself decides. status
  // has already been dropped on create, and taken from `old` on update.
  Json (*prepare_create)(const Json& object) = nullptr;
  Json (*prepare_update)(const Json& object, const Json& old) = nullptr;
  void (*validate_create)(JsonView object, schema::FieldErrors& errors) = nullptr;
  void (*validate_update)(JsonView object, JsonView old, schema::FieldErrors& errors) = nullptr;
  // Why this object may not be deleted; "" when it may.
  std::string_view (*refuse_delete)(JsonView object) = nullptr;
};

// The strategy of a built-in kind, or the default one. Static lifetime.
const Strategy& builtin_strategy(std::string_view group, std::string_view kind);
const Strategy& custom_strategy();
inline const Strategy& strategy_of(const Resource& resource) {
  return resource.strategy ? *resource.strategy : builtin_strategy(resource.group, resource.kind);
}

}  // namespace heirloom::server
