#include "dispatcher/object_events.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "apis/labels.h"
#include "base/log.h"
#include "policies/live.h"

namespace heirloom::dispatcher {
namespace {

// Items of a list do not say what they are.
kube::ObjectReference reference(const GroupVersionKind& kind, JsonView object) {
  kube::ObjectReference to = kube::reference_to(object);
  to.api_version = kind.api_version();
  to.kind = kind.kind;
  to.resource_version.clear();
  return to;
}

ObjectKey key_of(const GroupVersionKind& kind, JsonView object) {
  return ObjectKey{"local", kind.group, kind.kind, std::string(object["metadata"]["namespace"].string()),
                   std::string(object["metadata"]["name"].string())};
}

void note(const Environment& environment, kube::ObjectReference regarding, std::string_view reason, std::string message) {
  kube::EventNote event;
  event.regarding = std::move(regarding);
  event.type = kube::EventType::Warning;
  event.reason = reason;
  event.message = std::move(message);
  environment.events->record(std::move(event));
}

}  // namespace

void tell_purged(const Environment& environment, const GroupVersionKind& kind, JsonView written,
                 const std::vector<SharerKey>& dead, const std::optional<SharerKey>& owner_before,
                 const policies::Ownership& now, const Json* actor) {
  if (dead.empty() || !now.owner) return;
  std::string who;
  for (const SharerKey& key : dead) who += (who.empty() ? "" : ", ") + to_string(key);
  std::string message =
      fmt::format("{} {} gone without letting go of {}, or no longer declare{} it, and {} taken off its sharers", who,
                  dead.size() == 1 ? "is" : "are", key_of(kind, written).to_string(), dead.size() == 1 ? "s" : "",
                  dead.size() == 1 ? "was" : "were");
  const bool owner_died = owner_before && std::find(dead.begin(), dead.end(), *owner_before) != dead.end();
  if (owner_died) message += fmt::format("; {} owned it, {} owns it now", to_string(*owner_before), to_string(*now.owner));
  environment.metrics->count("heirloom_sharers_purged_total", {}, static_cast<double>(dead.size()));
  if (actor != nullptr) {
    kube::ObjectReference application = kube::reference_to(*actor);
    application.resource_version.clear();
    note(environment, std::move(application), kSharerPurged, message);
  }
  note(environment, reference(kind, written), kSharerPurged, std::move(message));
}

void tell_copy(const Environment& environment, const GroupVersionKind& kind, JsonView copy) {
  const Result<policies::Record> record = policies::parse_record(copy["metadata"]["annotations"][annotations::kRecord].string());
  if (!record.ok()) return;
  const std::string itself = key_of(kind, copy).to_string();
  log::info("an object is a copy of a managed one and is left alone",
            {{"object", itself}, {"copied_from", record->object.to_string()}});
  note(environment, reference(kind, copy), kCopied,
       fmt::format("{} carries the ownership metadata of {}: it was copied from it, and nobody manages it; remove the "
                   "app.oam.dev labels and annotations and {} to make that plain",
                   itself, record->object.to_string(), annotations::kRecord));
}

void tell_left_behind(const Environment& environment, const GroupVersionKind& kind, const ObjectKey& object,
                      const std::string& uid, const SharerKey& gone) {
  kube::ObjectReference to;
  to.api_version = kind.api_version();
  to.kind = kind.kind;
  to.ns = object.ns;
  to.name = object.name;
  to.uid = uid;
  note(environment, std::move(to), kLeftBehind,
       fmt::format("{} is gone, its finalizer removed by hand, and nobody shares {}: it stays; delete it when it is not "
                   "needed, or declare it in an application of that name",
                   to_string(gone), object.to_string()));
}

}  // namespace heirloom::dispatcher
