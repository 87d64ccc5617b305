// core.oam.dev/v1beta1 ApplicationRevision: what a version of an application was made of.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "apis/application.h"
#include "apis/object_meta.h"
#include "base/json.h"
#include "base/result.h"

namespace heirloom {

struct ApplicationRevision {
  ObjectMeta metadata;
  Json application;                   // spec.application: the whole application, status emptied
  std::map<std::string, Json> other;  // spec.componentDefinitions, ...: carried unchanged
  bool succeeded = false;             // status.succeeded
  Json workflow;                      // status.workflow; null when absent
  bool operator==(const ApplicationRevision&) const = default;
};

inline constexpr std::string_view kRevisionKind = "ApplicationRevision";
inline constexpr std::string_view kRevisionPlural = "applicationrevisions";

Result<ApplicationRevision> decode_application_revision(JsonView object);
Json encode_application_revision(const ApplicationRevision& revision);

// "<app>-v<number>"
std::string revision_name(std::string_view app, std::int64_t number);
// The number in the name, or nullopt when the name is not one of that application's.
std::optional<std::int64_t> revision_number(std::string_view revision, std::string_view app);

// Content hash of the spec in hex: equal specs (nil and empty lists and maps count as equal) have equal
// hashes. Only equality between our own values means something (KubeVela's algorithm is Go's own).
std::string revision_hash(const ApplicationSpec& spec);

// A new revision of the application as it stands: labels and annotations copied, owner reference, hash label.
ApplicationRevision new_revision(const Application& application, std::int64_t number);

}  // namespace heirloom
