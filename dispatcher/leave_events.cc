#include "dispatcher/leave_events.h"

#include <map>
#include <utility>

#include <fmt/format.h>

namespace heirloom::dispatcher {
namespace {

constexpr std::string_view kTakenAlong = "TakenAlong";
// More are told as a number.
constexpr std::size_t kMaxNamedObjects = 3;
constexpr std::size_t kMaxNamedSharers = 10;

std::string named(const std::vector<ObjectKey>& keys) {
  std::string text;
  for (std::size_t i = 0; i < keys.size() && i < kMaxNamedObjects; ++i)
    text += (i == 0 ? "" : ", ") + keys[i].to_string();
  if (keys.size() > kMaxNamedObjects) text += fmt::format(" and {} more", keys.size() - kMaxNamedObjects);
  return text;
}

void warn(const Environment& environment, kube::ObjectReference to, std::string_view reason, std::string message) {
  kube::EventNote event;
  event.regarding = std::move(to);
  event.regarding.resource_version.clear();
  event.type = kube::EventType::Warning;
  event.reason = reason;
  event.message = std::move(message);
  environment.events->record(std::move(event));
}

void warn(const Environment& environment, const Sharers& sharers, const SharerKey& sharer, std::string_view reason,
          std::string message) {
  const Json* object = sharers.find(sharer);
  if (object != nullptr) warn(environment, kube::reference_to(*object), reason, std::move(message));
}

bool is_leaving(const Sharers& sharers, const SharerKey& sharer) {
  const Json* object = sharers.find(sharer);
  return object == nullptr || (*object)["metadata"].contains("deletionTimestamp");
}

}  // namespace

void tell_kept(const Environment& environment, const Sharers& sharers, const SharerKey& leaver, const ObjectKey& key,
               JsonView object, const policies::LeaveDecision& decision) {
  const std::string sentence = policies::kept_sentence(key, decision);
  warn(environment, sharers, leaver, to_string(decision.kept), sentence);
  warn(environment, kube::reference_to(object), to_string(decision.kept), sentence);
}

void tell_taken_along(const Environment& environment, const Sharers& sharers, const ObjectTable& table,
                      const SharerKey& leaver, const ObjectKey& key, JsonView object) {
  std::function<bool(const ObjectKey&)> inside;
  if (policies::is_namespace(key)) {
    inside = [&key](const ObjectKey& other) { return other.ns == key.name; };
  } else if (policies::is_definition(key)) {
    const GroupKind kind{std::string(object["spec"]["group"].string()),
                         std::string(object["spec"]["names"]["kind"].string())};
    inside = [kind](const ObjectKey& other) { return other.group == kind.group && other.kind == kind.kind; };
  } else {
    return;
  }
  std::map<SharerKey, std::vector<ObjectKey>> losses;
  for (auto& [other, sharer] : table.joined(inside))
    if (sharer != leaver && !is_leaving(sharers, sharer)) losses[sharer].push_back(std::move(other));
  if (losses.empty()) return;

  std::string list;
  std::size_t told = 0;
  for (const auto& [sharer, objects] : losses) {
    warn(environment, sharers, sharer, kTakenAlong,
         fmt::format("{} deletes {}, which nobody else shares, and with it what this one declares: {}",
                     to_string(leaver), key.to_string(), named(objects)));
    if (told++ < kMaxNamedSharers)
      list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", to_string(sharer), named(objects));
  }
  if (told > kMaxNamedSharers) list += fmt::format(" and {} more", told - kMaxNamedSharers);
  warn(environment, sharers, leaver, kTakenAlong,
       fmt::format("deleting {} takes along what live applications declare: {}", key.to_string(), list));
}

}  // namespace heirloom::dispatcher
