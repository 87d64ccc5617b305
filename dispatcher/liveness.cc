// The part of Sharers that says whether somebody lives and declares an object.
#include <utility>

#include "apis/application.h"
#include "apis/claim_record.h"
#include "apis/condition.h"
#include "apis/conflict.h"
#include "dispatcher/own_definitions.h"
#include "dispatcher/sharers.h"

namespace heirloom::dispatcher {
namespace {

// More deaths waiting for confirmation than this are forgotten and begin again.
constexpr std::size_t kMaxPendingDeaths = 100'000;

// A 404 that names the object comes from the kind's own handler: the kind is served. Without a name the kind is gone,
// and nothing may be concluded.
bool says_absent(const Status& status, const std::string& name) {
  return is_not_found(status) && status.details().name == name;
}

// True when the last pass over an application got as far as the objects it wants, and took them up.
bool has_declared(JsonView application) {
  const JsonView status = application["status"];
  bool rendered = false;
  for (const JsonView condition : status["conditions"].elements()) {
    const bool holds = condition["status"].string() == "True";
    if (condition["type"].string() == condition_types::kRender) rendered = holds;
    if (condition["type"].string() == condition_types::kRevision && !holds) return false;
  }
  for (const JsonView conflict : status["conflicts"].elements())
    if (conflict["reason"].string() == conflict_reasons::kDuplicateObject) return false;
  return rendered;
}

}  // namespace

// Somebody is to be woken when the sharer has looked at its spec, or is gone, or its kind is served again; by time when too
// many are waited for.
void Sharers::ask_again_later(const SharerKey& key, const ObjectKey& object, LivenessAnswer& answer) {
  if (asked_too_early_.size() < kMaxPendingDeaths) asked_too_early_.emplace(key, object);
  else answer.ask_again_after = environment_->options.dead_grace;
}

// It lets go of what it is known to have. Of anything else (its tracker was emptied) it will not, and who shares that has
// to look again when it is gone.
LivenessAnswer Sharers::leaving(const SharerKey& key, const ObjectKey& object) {
  LivenessAnswer answer;
  answer.liveness = policies::Liveness::Leaving;
  if (!table_->is_interested(key, object)) ask_again_later(key, object, answer);
  return answer;
}

// A kind is served, so who asked while it was not asks again.
void Sharers::kind_listed(const std::string& kind) {
  std::set<SharerKey> asked_about;
  for (const auto& [key, object] : asked_too_early_)
    if (key.kind == kind) asked_about.insert(key);
  for (const SharerKey& key : asked_about) answer_asked(key);
}

LivenessAnswer Sharers::dead_candidate(const SharerKey& key, const ObjectKey& object) {
  if (first_dead_.size() > kMaxPendingDeaths) first_dead_.clear();
  const MonotonicTime now = environment_->clock->monotonic();
  const auto [at, first] = first_dead_.try_emplace({key, object}, now);
  const Duration grace = environment_->options.dead_grace;
  LivenessAnswer answer;
  if (now - at->second >= grace) {
    answer.liveness = policies::Liveness::Dead;
  } else {
    answer.ask_again_after = grace - (now - at->second);
  }
  return answer;
}

// Of an application that is gone: Dead, unless what it recorded says that it went with the definition of its kind. Then
// nobody deleted it, and its author brings it back.
Task<LivenessAnswer> Sharers::confirmed_death(SharerKey key) {
  LivenessAnswer answer;
  answer.liveness = policies::Liveness::Dead;
  if (!key.is_application()) co_return answer;
  std::vector<Recorded> records;
  for (KnownTracker& tracker : trackers(key)) records.push_back(std::move(tracker.recorded));
  if (records.empty()) co_return answer;
  std::string definition(kApplicationDefinition);
  const Status stands = co_await definition_stands(environment_, std::move(definition), std::move(records));
  if (stands.ok()) co_return answer;
  answer.liveness = policies::Liveness::Unknown;
  answer.away = stands.has_reason(kDefinitionLost);
  if (!answer.away) answer.ask_again_after = environment_->options.dead_grace;
  co_return answer;
}

Task<bool> Sharers::is_away(SharerKey key) {
  const LivenessAnswer answer = co_await confirmed_death(std::move(key));
  co_return answer.away;
}

Task<Result<bool>> Sharers::listed_uncached(SharerKey key, ObjectKey object) {
  kube::ListOptions options;
  options.label_selector = tracker_label_selector({key.ns, key.name});
  const kube::Collection collection{kTrackers, ""};
  Result<kube::ListPage> page = co_await environment_->api->list(collection, options);
  if (!page.ok()) co_return std::move(page).status();
  for (const Json& tracker : page->items) {
    const KnownTracker known = known_tracker(tracker);
    if (!known.unreadable.ok()) co_return known.unreadable;
    for (const TrackedObject& tracked : known.objects)
      if (tracked.key == object) co_return true;
  }
  co_return false;
}

Task<std::optional<GroupVersionResource>> Sharers::find_resource(std::string kind) {
  if (const SharerWatch* watch = watch_of(kind); watch != nullptr) co_return watch->resource();
  if (kind.find('.') == std::string::npos) co_return std::nullopt;  // from labels alone: the group is not known
  const kube::ObjectRef ref{kDefinitions, "", kind};
  const kube::GetOptions options;
  const Result<Json> definition = co_await environment_->api->get(ref, options);
  if (!definition.ok()) co_return std::nullopt;
  const JsonView spec = (*definition)["spec"];
  for (const JsonView version : spec["versions"].elements())
    if (version["served"].boolean())
      co_return GroupVersionResource{std::string(spec["group"].string()), std::string(version["name"].string()),
                                     std::string(spec["names"]["plural"].string())};
  co_return std::nullopt;
}

// It is dead to an object only when it has looked at its whole spec and lists the object nowhere. A pass that failed
// before that declared nothing: what the trackers do not list it may still want.
bool Sharers::has_looked(const SharerKey& key, JsonView sharer) {
  if (sharer["status"]["observedGeneration"].int64(-1) != sharer["metadata"]["generation"].int64()) return false;
  return key.is_application() ? has_declared(sharer) : claim_record(sharer).has_value();
}

Task<LivenessAnswer> Sharers::declares(SharerKey key, Json sharer, ObjectKey object) {
  LivenessAnswer answer;
  if (key.kind == kClaimClassSharer) {
    answer.liveness = policies::Liveness::Live;  // it leaves what it does not keep
    co_return answer;
  }
  if (!has_looked(key, sharer)) {
    ask_again_later(key, object, answer);
    co_return answer;
  }
  bool lists = false;
  if (key.is_application()) {
    const Result<bool> listed = co_await listed_uncached(key, object);
    if (!listed.ok()) {
      answer.ask_again_after = environment_->options.dead_grace;  // no event will tell
      co_return answer;
    }
    lists = *listed;
  } else {
    lists = claim_record(sharer)->lists(object);
  }
  answer.liveness = lists ? policies::Liveness::Live : policies::Liveness::Dead;
  co_return answer;
}

bool Sharers::is_known_to_declare(const SharerKey& key, const ObjectKey& object) const {
  const Json* known = find(key);
  return known != nullptr && !(*known)["metadata"].contains("deletionTimestamp") && table_->is_interested(key, object);
}

Task<LivenessAnswer> Sharers::liveness(SharerKey key, ObjectKey object) {
  LivenessAnswer answer;
  if (const Json* cached = find(key)) {
    if ((*cached)["metadata"].contains("deletionTimestamp")) {
      co_return leaving(key, object);
    }
    if (table_->is_interested(key, object)) {
      first_dead_.erase({key, object});
      answer.liveness = policies::Liveness::Live;
      co_return answer;
    }
  }
  const std::optional<GroupVersionResource> resource = co_await find_resource(key.kind);
  if (!resource) co_return answer;  // a kind nobody knows: nothing is concluded
  const kube::ObjectRef ref{*resource, key.ns, key.name};
  const kube::GetOptions options;
  const Result<Json> found = co_await environment_->api->get(ref, options);
  if (!found.ok()) {
    if (says_absent(found.status(), key.name)) {
      answer = dead_candidate(key, object);
      if (answer.liveness == policies::Liveness::Dead) answer = co_await confirmed_death(key);
      co_return answer;
    }
    const bool unserved = is_not_found(found.status());  // its kind is: it went with that, or nobody knows
    if (unserved) answer = co_await confirmed_death(key);
    if (answer.away) co_return answer;
    answer.liveness = policies::Liveness::Unknown;
    if (unserved) ask_again_later(key, object, answer);
    else answer.ask_again_after = environment_->options.dead_grace;  // no event will tell
    co_return answer;
  }
  if ((*found)["metadata"].contains("deletionTimestamp")) co_return leaving(key, object);
  Json sharer = *found;
  answer = co_await declares(key, std::move(sharer), object);
  if (answer.liveness == policies::Liveness::Live) first_dead_.erase({key, object});
  if (answer.liveness != policies::Liveness::Dead) co_return answer;
  answer.liveness = policies::Liveness::Unknown;
  if (table_->is_interested(key, object)) co_return answer;  // it declares the object since
  co_return dead_candidate(key, object);
}

}  // namespace heirloom::dispatcher
