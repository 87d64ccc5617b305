#include "dispatcher/object_diagnosis.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "dispatcher/object_events.h"

namespace heirloom::dispatcher {
namespace {

Conflict conflict_about(const Manifest& manifest, std::string_view reason) {
  Conflict conflict;
  conflict.api_version = manifest.gvk.api_version();
  conflict.kind = manifest.key.kind;
  conflict.ns = manifest.key.ns;
  conflict.name = manifest.key.name;
  conflict.reason = reason;
  return conflict;
}

}  // namespace

Conflict conflict_of(const Assignment& assignment, const policies::Decision& decision, JsonView live) {
  const Manifest& manifest = assignment.manifest();
  const policies::Explanation explanation = policies::explain(decision, manifest.key, assignment.version->me);
  Conflict conflict = conflict_about(manifest, decision.conflict);
  if (decision.owner) conflict.owner = to_string(*decision.owner);
  for (const SharerKey& sharer : decision.sharers) conflict.sharers.push_back(to_string(sharer));
  if (live.is_object()) conflict.differences = divergence(manifest, live);
  conflict.message = explanation.message;
  conflict.fix = explanation.fix;
  return conflict;
}

Conflict rejection(const Assignment& assignment, const Refusal& refusal) {
  const Manifest& manifest = assignment.manifest();
  Conflict conflict = conflict_about(manifest, conflict_reasons::kRejected);
  conflict.owner = to_string(assignment.version->me);
  conflict.differences = refusal.fields;
  conflict.message = fmt::format("the API server refuses {}: {}", manifest.key.to_string(), refusal.message);
  conflict.fix = fmt::format("correct the manifest in component {}, or delete the object if a field cannot be changed",
                             manifest.component);
  return conflict;
}

Conflict fighting(const Assignment& assignment, JsonView live) {
  const Manifest& manifest = assignment.manifest();
  const std::vector<std::string> fields = divergence(manifest, live);
  const std::string other = other_writer(live, fields);
  Conflict conflict = conflict_about(manifest, conflict_reasons::kFighting);
  conflict.owner = to_string(assignment.version->me);
  conflict.differences = fields;
  conflict.message = fmt::format("{} is changed again as often as it is repaired, by {}; leaving it alone for a while",
                                 manifest.key.to_string(), other);
  conflict.fix = fmt::format("stop {} from writing these fields, or take them out of component {}", other,
                             manifest.component);
  return conflict;
}

std::string terminating_sentence(const ObjectKey& key, const std::vector<std::string>& finalizers) {
  if (finalizers.empty()) return fmt::format("{} is being deleted", key.to_string());
  return fmt::format("{} is being deleted, held by its finalizers: {}", key.to_string(), fmt::join(finalizers, ", "));
}

std::string waiting_sentence(const policies::Decision& decision, const ObjectKey& key,
                             const std::optional<policies::LiveObject>& live) {
  switch (decision.wait) {
    case policies::WaitCause::NamespaceMissing:
      return fmt::format("Namespace {} does not exist", key.ns);
    case policies::WaitCause::NamespaceTerminating:
      return fmt::format("Namespace {} is being deleted", key.ns);
    case policies::WaitCause::ObjectTerminating:
      return terminating_sentence(key, live ? live->finalizers : std::vector<std::string>());
    case policies::WaitCause::OthersFirst:
      return fmt::format("{} is gone; who owned or shared it before may make it again first", key.to_string());
    case policies::WaitCause::None: break;
  }
  return key.to_string();
}

}  // namespace heirloom::dispatcher
