// metadata as the server keeps it: what it sets on create, what a client cannot change on update. Pure.
// Source: apimachinery ObjectMeta; kubernetes/apiserver registry rules for create and update.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "schema/field_error.h"
#include "server/resource.h"

namespace heirloom::server {

namespace finalizers {
inline constexpr std::string_view kOrphan = "orphan";
inline constexpr std::string_view kForeground = "foregroundDeletion";
inline constexpr std::string_view kCustomResourceCleanup = "customresourcecleanup.apiextensions.k8s.io";
}  // namespace finalizers

struct NewMetadata {
  std::string name;
  std::string ns;  // "" for cluster-scoped
  std::string uid;
  std::string creation_timestamp;
  std::optional<std::int64_t> generation;  // nullopt: as the client sent it
};
// The object with the metadata of a new one; what a client may not set is dropped.
Json with_new_metadata(const Json& object, const NewMetadata& metadata);

// The object with what a client cannot change taken from `old`. deletionTimestamp and
// deletionGracePeriodSeconds are taken only where the client left them out: changing them is an error, see
// validate_metadata_update.
Json with_kept_metadata(const Json& object, JsonView old, std::optional<std::int64_t> generation);

// 422 material: immutable fields, finalizers added to an object that is being deleted.
void validate_metadata_update(JsonView metadata, JsonView old, schema::FieldErrors& errors);

std::vector<std::string> finalizers_of(JsonView object);
bool is_deleting(JsonView object);
// The object marked for deletion: deletionTimestamp (and, except for namespaces, a grace period of 0),
// finalizers.
Json marked_for_deletion(const Json& object, std::string_view time,
                         const std::vector<std::string>& finalizers, bool grace_period);
Json with_finalizers(const Json& object, const std::vector<std::string>& finalizers);

// True when anything but metadata (and, with_status, status) differs.
bool content_differs(JsonView a, JsonView b, bool ignore_status);

}  // namespace heirloom::server
