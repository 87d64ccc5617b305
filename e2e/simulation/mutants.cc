#include "e2e/simulation/mutants.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/task_scope.h"
#include "e2e/simulation/declarations.h"

namespace heirloom::simulation {
namespace {

using policies::Action;
using policies::LeaveAction;
using policies::Liveness;

// FactsFirst: so old is what is believed of a sharer.
constexpr Duration kStaleFacts = std::chrono::seconds(60);
// TrackerLate: long enough for the objects to be written first.
constexpr Duration kLateTracker = std::chrono::milliseconds(300);
// RetryBlind: a storm is another matter.
constexpr int kBlindRetries = 3;

const MutantInfo kMutants[] = {
    {Mutant::JoinUnguarded, "join-unguarded", {2}},
    {Mutant::HandoverUnguarded, "handover-unguarded", {2}},
    {Mutant::DeleteUnguarded, "delete-unguarded", {1}},
    {Mutant::FactsFirst, "facts-first", {1, 2}},
    {Mutant::UnknownIsDead, "unknown-is-dead", {1, 2}},
    {Mutant::HoldUnmarked, "hold-unmarked", {1, 2}},
    {Mutant::TrackerLate, "tracker-late", {5}},
    {Mutant::FinalizerCached, "finalizer-cached", {5}},
    {Mutant::UnshareDropsLedger, "unshare-drops-ledger", {2}},
    {Mutant::EventsBeforeSync, "events-before-sync", {7}},
    {Mutant::RetryBlind, "retry-blind", {5}},
};

bool is_applications(const kube::Collection& collection) { return collection.resource.resource == "applications"; }
bool is_trackers(const kube::Collection& collection) { return collection.resource.resource == "resourcetrackers"; }

// Objects that applications declare, as opposed to what the controller keeps for itself.
bool is_declared_kind(const kube::Collection& collection) {
  return collection.resource.group.empty() && collection.resource.resource != "events";
}

std::string text_of(const kube::ObjectRef& ref) { return ref.resource.resource + "/" + ref.ns + "/" + ref.name; }

class Mutated final : public MutantApi {
 public:
  Mutated(const MutantSeam* seam, Executor executor, kube::Api* below, Clock* clock)
      : seam_(seam), mutant_(seam->mutant()), below_(below), clock_(clock), scope_(std::move(executor)) {}

  void abandon() override { scope_.abandon(); }

  Task<Result<Json>> get(kube::ObjectRef ref, kube::GetOptions options) override {
    if (mutant_ == Mutant::FactsFirst && is_applications(ref.collection()))
      return get_stale(std::move(ref), std::move(options));
    return below_->get(std::move(ref), std::move(options));
  }

  Task<Result<kube::ListPage>> list(kube::Collection collection, kube::ListOptions options) override {
    const bool facts = is_trackers(collection) && !options.label_selector.empty();
    if (mutant_ == Mutant::FactsFirst && facts) return list_stale(std::move(collection), std::move(options));
    if (mutant_ == Mutant::FinalizerCached && is_trackers(collection))
      return list_cached(std::move(collection), std::move(options));
    return below_->list(std::move(collection), std::move(options));
  }

  Task<Result<std::unique_ptr<kube::Watch>>> watch(kube::Collection collection, kube::WatchOptions options) override;

  Task<Result<Json>> create(kube::Collection collection, Json body, kube::WriteOptions options) override {
    if (mutant_ == Mutant::TrackerLate && is_trackers(collection))
      return create_late(std::move(collection), std::move(body), std::move(options));
    auto once = [below = below_, collection = std::move(collection), body = std::move(body),
                 options = std::move(options)] { return below->create(collection, body, options); };
    return send(std::move(once));
  }

  Task<Result<Json>> update(kube::ObjectRef ref, Json body, kube::WriteOptions options) override {
    auto once = [below = below_, ref = std::move(ref), body = std::move(body), options = std::move(options)] {
      return below->update(ref, body, options);
    };
    return send(std::move(once));
  }

  Task<Result<Json>> patch(kube::ObjectRef ref, kube::PatchType type, Json patch,
                           kube::WriteOptions options) override {
    if (seam_->loses_guard(patch["metadata"]["resourceVersion"].string()))
      patch = rewrite(patch, {remove_at({"metadata", "resourceVersion"})});
    auto once = [below = below_, ref = std::move(ref), type, patch = std::move(patch),
                 options = std::move(options)] { return below->patch(ref, type, patch, options); };
    return send(std::move(once));
  }

  Task<Result<Json>> remove(kube::ObjectRef ref, kube::RemoveOptions options) override {
    if (mutant_ == Mutant::DeleteUnguarded && is_declared_kind(ref.collection())) {
      options.uid.clear();
      options.resource_version.clear();
    }
    auto once = [below = below_, ref = std::move(ref), options = std::move(options)] {
      return below->remove(ref, options);
    };
    return send(std::move(once));
  }

  Task<Result<kube::RawResponse>> raw(kube::RawRequest request) override { return below_->raw(std::move(request)); }

 private:
  class Overheard;

  template <class T>
  struct Believed {
    MonotonicTime since;
    Result<T> answer;
  };

  // RetryBlind; otherwise as it is.
  template <class Attempt>
  Task<Result<Json>> send(Attempt attempt) {
    Result<Json> answer = co_await attempt();
    if (mutant_ != Mutant::RetryBlind) co_return answer;
    for (int again = 0; again < kBlindRetries && !answer.ok() && is_outcome_unknown(answer.status()); ++again)
      answer = co_await attempt();
    co_return answer;
  }

  Task<Result<Json>> get_stale(kube::ObjectRef ref, kube::GetOptions options) {
    const std::string key = text_of(ref);
    Result<Json> now = co_await below_->get(std::move(ref), std::move(options));
    const auto known = gets_.find(key);
    if (known != gets_.end() && clock_->monotonic() - known->second.since < kStaleFacts) co_return known->second.answer;
    gets_.insert_or_assign(key, Believed<Json>{clock_->monotonic(), now});
    co_return now;
  }

  Task<Result<kube::ListPage>> list_stale(kube::Collection collection, kube::ListOptions options) {
    const std::string key = options.label_selector;
    Result<kube::ListPage> now = co_await below_->list(std::move(collection), std::move(options));
    const auto known = lists_.find(key);
    if (known != lists_.end() && clock_->monotonic() - known->second.since < kStaleFacts)
      co_return known->second.answer;
    lists_.insert_or_assign(key, Believed<kube::ListPage>{clock_->monotonic(), now});
    co_return now;
  }

  // What the watch of trackers has shown of this application's.
  Task<Result<kube::ListPage>> list_cached(kube::Collection collection, kube::ListOptions options) {
    const std::string selector = options.label_selector;
    Result<kube::ListPage> page = co_await below_->list(std::move(collection), std::move(options));
    if (!page.ok()) co_return page;
    if (selector.empty()) {
      trackers_.clear();
      for (const Json& tracker : page->items) trackers_[std::string(tracker["metadata"]["name"].string())] = tracker;
      co_return page;
    }
    std::vector<Json> shown;
    for (const Json& tracker : page->items)
      if (trackers_.contains(tracker["metadata"]["name"].string())) shown.push_back(tracker);
    page->items = std::move(shown);
    co_return page;
  }

  // Answered as if it were done.
  Task<Result<Json>> create_late(kube::Collection collection, Json body, kube::WriteOptions options) {
    kube::WriteOptions trial = options;
    trial.dry_run = true;
    Result<Json> answer = co_await below_->create(collection, body, std::move(trial));
    if (!answer.ok()) co_return answer;
    scope_.spawn("late tracker", do_late(std::move(collection), std::move(body), std::move(options)));
    co_return answer;
  }

  Task<void> do_late(kube::Collection collection, Json body, kube::WriteOptions options) {
    co_await clock_->sleep_for(kLateTracker);
    const Result<Json> ignored = co_await below_->create(std::move(collection), std::move(body), std::move(options));
    static_cast<void>(ignored);
  }

  const MutantSeam* seam_;
  Mutant mutant_;
  kube::Api* below_;
  Clock* clock_;
  TaskScope scope_;
  std::map<std::string, Believed<Json>> gets_;
  std::map<std::string, Believed<kube::ListPage>> lists_;
  std::map<std::string, Json, std::less<>> trackers_;  // by name, as shown
};

// Notes what a watch of trackers shows.
class Mutated::Overheard final : public kube::Watch {
 public:
  Overheard(Mutated* api, std::unique_ptr<kube::Watch> below) : api_(api), below_(std::move(below)) {}

  Task<Result<std::optional<kube::WatchEvent>>> next() override {
    Result<std::optional<kube::WatchEvent>> event = co_await below_->next();
    if (!event.ok() || !event->has_value()) co_return event;
    const kube::WatchEvent& told = **event;
    const std::string name(told.object["metadata"]["name"].string());
    if (told.type == kube::WatchEvent::Type::Deleted) api_->trackers_.erase(name);
    else if (told.type != kube::WatchEvent::Type::Bookmark) api_->trackers_[name] = told.object;
    co_return event;
  }

 private:
  Mutated* api_;
  std::unique_ptr<kube::Watch> below_;
};

Task<Result<std::unique_ptr<kube::Watch>>> Mutated::watch(kube::Collection collection, kube::WatchOptions options) {
  const bool overhear = mutant_ == Mutant::FinalizerCached && is_trackers(collection);
  Result<std::unique_ptr<kube::Watch>> opened = co_await below_->watch(std::move(collection), std::move(options));
  if (!overhear || !opened.ok()) co_return opened;
  std::unique_ptr<kube::Watch> overheard = std::make_unique<Overheard>(this, std::move(opened).value());
  co_return overheard;
}

}  // namespace

std::span<const MutantInfo> all_mutants() { return kMutants; }

std::optional<Mutant> mutant_named(std::string_view name) {
  for (const MutantInfo& info : kMutants)
    if (info.name == name) return info.mutant;
  return std::nullopt;
}

std::string_view name_of(Mutant mutant) {
  for (const MutantInfo& info : kMutants)
    if (info.mutant == mutant) return info.name;
  return "none";
}

policies::Facts MutantSeam::told(const policies::Facts& facts) {
  if (mutant_ != Mutant::UnknownIsDead) return facts;
  policies::Facts hasty = facts;
  for (auto& [key, liveness] : hasty.liveness)
    if (liveness == Liveness::Unknown) liveness = Liveness::Dead;
  return hasty;
}

void MutantSeam::decided(const std::optional<policies::LiveObject>& live, policies::Decision& decision) {
  if (!live) return;
  policies::Ownership& ownership = decision.ownership;
  if (mutant_ == Mutant::JoinUnguarded && decision.action == Action::Join) unguarded_.insert(live->resource_version);
  if (mutant_ == Mutant::HoldUnmarked && decision.action == Action::Hold && live->owner == ownership.owner &&
      live->ledger == ownership.ledger)
    decision.writes_ownership = false;
  if (mutant_ == Mutant::UnshareDropsLedger && decision.action == Action::Update && decision.shares_without_policy) {
    ownership.ledger.clear();
    const policies::Marks::value_type owner = *ownership.sharers.find(*ownership.owner);
    ownership.sharers = {owner};
    decision.writes_ownership = true;
  }
}

void MutantSeam::left(const std::optional<policies::LiveObject>& live, const SharerKey&,
                      policies::LeaveDecision& decision) {
  if (live && mutant_ == Mutant::HandoverUnguarded && decision.action == LeaveAction::Handover)
    unguarded_.insert(live->resource_version);
}

bool MutantSeam::loses_guard(std::string_view resource_version) const { return unguarded_.contains(resource_version); }

std::unique_ptr<MutantApi> make_mutant_api(const MutantSeam* seam, Executor executor, kube::Api* below, Clock* clock) {
  return std::make_unique<Mutated>(seam, std::move(executor), below, clock);
}

}  // namespace heirloom::simulation
