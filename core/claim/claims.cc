#include "core/claim/claims.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "apis/claim.h"
#include "apis/claim_record.h"
#include "apis/labels.h"
#include "apis/promise.h"
#include "base/log.h"
#include "core/claim/claim_pass.h"
#include "core/claim_class/class_pass.h"
#include "core/promise/promise_pass.h"

namespace heirloom::core {
namespace {

// More sharers with objects they do not record are forgotten; the next restart finds them again.
constexpr std::size_t kMaxStrays = 100'000;
// How long definitions may take before it is said that they cannot be read.
constexpr Duration kPatience = std::chrono::seconds(10);

const GroupVersionResource kPromiseResource{std::string(kPromiseGroup), std::string(kPromiseVersion),
                                            std::string(kPromisePlural)};

// What other Promises may require of a Promise, beside its condition: that it is there, and in which version.
bool same_for_others(JsonView before, JsonView now) {
  const auto version = [](JsonView promise) { return promise["metadata"]["labels"][labels::kKratixPromiseVersion].string(); };
  const auto going = [](JsonView promise) { return promise["metadata"].contains("deletionTimestamp"); };
  return before.exists() == now.exists() && version(before) == version(now) && going(before) == going(now);
}

bool is_claim_kind(const std::string& kind) {
  return !kind.empty() && kind != dispatcher::kClaimClassSharer && kind != kPromises;
}

}  // namespace

Claims::Claims(Context* context, Wake wake)
    : context_(context), wake_(std::move(wake)),
      definitions_(context->environment, [this](const std::string& name) { definition_changed(name); }),
      registry_(built_in_claim_classes()), requests_(context_, &registry_, &definitions_) {
  context_->sharers->observe([this](const dispatcher::SharerWatch::Change& change) { sharer_changed(change); },
                             [this](const std::string& kind) { synced(kind); });
  context_->table->on_stranger([this](const ObjectKey& object, const SharerKey& key) { stranger(object, key); });
}

void Claims::start() { context_->environment->scope->spawn("claims", run()); }

Task<void> Claims::run() {
  context_->environment->scope->spawn("watch customresourcedefinitions", definitions_.run());
  bool told = false;
  bool synced = false;
  while (!synced) {
    const MonotonicTime patience = context_->environment->clock->monotonic() + kPatience;
    synced = co_await definitions_.wait_synced_until(context_->environment->clock, patience);
    if (!synced && !told) told = tell_problem();
  }
  definitions_synced_ = true;
  choose_watches();
  tell_problem();
}

// Once: applications work without claims.
bool Claims::tell_problem() const {
  const std::string sentence = problem();
  if (!sentence.empty()) log::warning(sentence);
  return !sentence.empty();
}

// Claims are told apart from nothing only when it is known which classes there are, and when every claim is known.
bool Claims::is_ready(const std::string& kind) const {
  if (!definitions_synced_) return false;
  const std::string classes(dispatcher::kClaimClassSharer);
  const KnownDefinition* definition = definitions_.find(classes);
  if (definition != nullptr && definition->usable() && !context_->sharers->has_synced(classes)) return false;
  return context_->sharers->has_synced(kind);
}

bool Claims::settled() const {
  if (!definitions_synced_) return !definitions_.problem().ok();
  for (const std::string& kind : context_->sharers->watched_kinds())
    if (!context_->sharers->has_synced(kind) && context_->sharers->problem(kind).ok()) return false;
  return true;
}

std::string Claims::problem() const {
  if (!definitions_synced_) {
    const Status status = definitions_.problem();
    return status.ok() ? std::string()
                       : fmt::format("claims do not work: cannot watch CustomResourceDefinitions: {}", status.message());
  }
  const KnownDefinition* classes = definitions_.find(std::string(dispatcher::kClaimClassSharer));
  if (classes == nullptr)
    return "claims do not work: their CustomResourceDefinitions are not installed: kubectl apply -f apis/crds";
  return {};
}

void Claims::wake(const SharerKey& key) {
  if (is_ready(key.kind)) wake_(key);
}

void Claims::wake_all(const std::string& kind) {
  if (!is_ready(kind)) return;
  std::set<SharerKey> keys;
  for (const SharerKey& key : context_->sharers->keys(kind)) keys.insert(key);
  for (const auto& [key, objects] : strays_)
    if (key.kind == kind) keys.insert(key);
  for (const SharerKey& key : keys) wake_(key);
}

void Claims::wake_classes_of(const std::string& kind) {
  const std::string classes(dispatcher::kClaimClassSharer);
  if (!is_ready(classes)) return;
  for (const SharerKey& key : context_->sharers->keys(classes)) {
    const KnownClass* known = registry_.named(key.name);
    if (known != nullptr && known->claim_class.spec.claim.sharer_kind() == kind) wake_(key);
  }
}

// Whoever is not there is made.
void Claims::wake_built_in() {
  for (const ClaimClass& built_in : registry_.built_in()) wake(built_in.key());
}

// Their definitions may have stayed for what is gone now. `kind`: of one definition; "" = of all.
void Claims::wake_gone_promises(const std::string& kind) {
  const std::vector<std::string> names = kind.empty() ? definitions_.names() : std::vector<std::string>{kind};
  for (const std::string& name : names) {
    const KnownDefinition* definition = definitions_.find(name);
    if (definition == nullptr || definition->promise.empty()) continue;
    const SharerKey promise{std::string(kPromises), "", definition->promise};
    if (context_->sharers->find(promise) == nullptr) wake(promise);
  }
}

// Which kinds are to be watched: classes, promises, and every claim kind that a class serves or served.
void Claims::choose_watches() {
  std::map<std::string, GroupVersionResource> wanted;
  const auto want = [this, &wanted](const std::string& kind, const GroupVersionResource& resource) {
    const KnownDefinition* definition = definitions_.find(kind);
    if (definition == nullptr || !definition->established) return;
    wanted[kind] = definition->serves(resource.version) ? resource : definition->resource();
  };
  want(std::string(dispatcher::kClaimClassSharer), dispatcher::kClaimClasses);
  want(std::string(kPromises), kPromiseResource);
  for (const std::string& kind : registry_.kinds()) want(kind, registry_.of_kind(kind)->claim_class.spec.claim.resource());
  for (const std::string& name : definitions_.names()) {
    const KnownDefinition* definition = definitions_.find(name);
    if (!definition->claim_class.empty() && !wanted.contains(name)) want(name, definition->resource());
  }
  for (const std::string& kind : context_->sharers->watched_kinds()) {
    const auto at = wanted.find(kind);
    if (at != wanted.end() && at->second == context_->sharers->resource_of(kind)) continue;
    context_->sharers->unwatch(kind);
    forget_phases(kind);
    if (kind == kNamespaceClaims) requests_.forget();
  }
  for (const auto& [kind, resource] : wanted)
    context_->sharers->watch(kind, resource, {resource.group, definitions_.find(kind)->kind});
  for (const auto& [kind, resource] : wanted) watch_targets(kind);
}

// The objects of claims that are gone are found through the watch of their kind. For classes that are objects their own
// pass sees to that.
void Claims::watch_targets(const std::string& kind) {
  const KnownClass* known = registry_.of_kind(kind);
  if (known == nullptr || !known->built_in) return;
  const GroupVersionKind gvk = gvk_of(known->claim_class.spec.object);
  if (context_->watches->watched({gvk.group, gvk.kind}) != nullptr) return;
  context_->environment->scope->spawn(fmt::format("watch targets of {}", kind), watch_kind_of(gvk));
}

// A failure is the watch's own, which goes on trying; a kind that is not served is looked for with the next claim.
Task<void> Claims::watch_kind_of(GroupVersionKind kind) {
  const Result<kube::ResourceInfo> resource = co_await context_->environment->mapper->resource_for(kind);
  if (!resource.ok()) co_return;
  [[maybe_unused]] const Status watched = co_await context_->watches->ensure(*resource);
}

void Claims::definition_changed(const std::string& name) {
  if (!definitions_synced_) return;
  const std::size_t dot = name.find('.');
  if (dot != std::string::npos) context_->environment->mapper->invalidate(name.substr(dot + 1));
  choose_watches();
  wake_classes_of(name);
  wake_all(name);
  wake_built_in();
  wake_all(std::string(kPromises));
}

// A kind's list is complete: everyone concerned looks once.
void Claims::synced(const std::string& kind) {
  if (kind == dispatcher::kClaimClassSharer) {
    classes_changed();
    wake_built_in();
    for (const std::string& watched : context_->sharers->watched_kinds()) wake_all(watched);
    return;
  }
  wake_all(kind);
  wake_classes_of(kind);
  wake_all(std::string(kPromises));
  if (kind == kPromises) wake_gone_promises();
  if (kind == kNamespaceClaims || kind == kProviderRequests) wake_requests(requests_.all());
}

void Claims::wake_requests(const std::set<SharerKey>& requests) {
  for (const SharerKey& request : requests) wake(request);
}

void Claims::classes_changed() {
  std::vector<Json> objects;
  for (const SharerKey& key : context_->sharers->keys(std::string(dispatcher::kClaimClassSharer)))
    if (const Json* object = context_->sharers->find(key)) objects.push_back(*object);
  const std::vector<std::string> kinds = registry_.update(objects);
  if (kinds.empty()) return;
  choose_watches();
  // Classes of one kind depend on each other: the second serves when the first one goes.
  wake_all(std::string(dispatcher::kClaimClassSharer));
  wake_built_in();
  wake_all(std::string(kPromises));
  for (const std::string& kind : kinds) wake_all(kind);
  wake_requests(requests_.all());
  for (const std::string& kind : kinds) wake_gone_promises(kind);
}

void Claims::sharer_changed(const dispatcher::SharerWatch::Change& change) {
  if (change.key.kind == dispatcher::kClaimClassSharer) {
    if (context_->sharers->has_synced(change.key.kind)) classes_changed();
    return;
  }
  if (change.key.kind == kPromises && !same_for_others(change.before, change.object)) promise_changed();
  if (!is_claim_kind(change.key.kind)) return;
  count_phase(change.key.kind, change.before, -1);
  count_phase(change.key.kind, change.object, 1);
  if (change.key.kind == kNamespaceClaims) wake_requests(requests_.claim_changed(change));
  const std::string uid(change.object["metadata"]["uid"].string());
  if (change.before.exists() && change.before["metadata"]["uid"].string() != uid) {
    // A life is over. What it recorded is let go of, unless it has been.
    const std::optional<ClaimRecord> record = change.finalized ? std::nullopt : claim_record(change.before);
    if (record)
      for (const ClaimedObject& target : record->targets) stranger(target.key, change.key);
    hold_no_more(change.key);
  }
  if (change.object.exists() && !change.object["metadata"].contains("deletionTimestamp")) {
    const std::optional<ClaimRecord> record = claim_record(change.object);
    if (record && !record->targets.empty()) hold(change.key);
  }
  // What we wrote ourselves has been in the cache since it was answered: its echo does not show what it changed.
  const bool counted = change.echo || !change.before.exists() || !change.object.exists() ||
                       change.before["status"]["boundTo"] != change.object["status"]["boundTo"] ||
                       change.before["metadata"]["finalizers"] != change.object["metadata"]["finalizers"];
  if (counted) wake_classes_of(change.key.kind);
  if (!change.object.exists() && context_->sharers->keys(change.key.kind).empty()) wake_gone_promises(change.key.kind);
}

// As people see it: of what has been said about a claim.
void Claims::count_phase(const std::string& kind, JsonView claim, int by) {
  if (!claim.exists()) return;
  const std::string said(claim["status"]["phase"].string());
  const std::string phase = said.empty() ? std::string(claim_phases::kPending) : said;
  std::int64_t& claims = phases_[{kind, phase}];
  claims += by;
  context_->environment->metrics->set("heirloom_claims", {{"kind", kind}, {"phase", phase}}, static_cast<double>(claims));
}

// Of a kind that is watched no more, or will be counted again.
void Claims::forget_phases(const std::string& kind) {
  for (auto at = phases_.lower_bound({kind, ""}); at != phases_.end() && at->first.first == kind; at = phases_.erase(at))
    context_->environment->metrics->set("heirloom_claims", {{"kind", kind}, {"phase", at->first.second}}, 0);
}

void Claims::stranger(const ObjectKey& object, const SharerKey& key) {
  if (strays_.size() >= kMaxStrays) return;
  if (strays_[key].insert(object).second) wake(key);
}

std::set<ObjectKey> Claims::strays(const SharerKey& key) const {
  const auto at = strays_.find(key);
  return at == strays_.end() ? std::set<ObjectKey>() : at->second;
}

void Claims::let_go(const SharerKey& key, const ObjectKey& object) {
  const auto at = strays_.find(key);
  if (at == strays_.end()) return;
  at->second.erase(object);
  if (at->second.empty()) strays_.erase(at);
}

void Claims::forget(const SharerKey& key) {
  memories_.erase(key);
  hold_no_more(key);
}

std::int64_t Claims::holding(const std::string& kind, const std::string& ns, const std::string& but) const {
  const auto at = holding_.find({kind, ns});
  if (at == holding_.end()) return 0;
  return static_cast<std::int64_t>(at->second.size()) - (at->second.contains(but) ? 1 : 0);
}

void Claims::hold(const SharerKey& key) { holding_[{key.kind, key.ns}].insert(key.name); }

void Claims::hold_no_more(const SharerKey& key) {
  const std::pair<std::string, std::string> place{key.kind, key.ns};
  if (const auto waiting = waiting_for_room_.find(place); waiting != waiting_for_room_.end()) {
    waiting->second.erase(key.name);
    const std::set<std::string> names = waiting->second;
    waiting_for_room_.erase(waiting);
    for (const std::string& name : names) wake({key.kind, key.ns, name});
  }
  const auto at = holding_.find(place);
  if (at == holding_.end()) return;
  at->second.erase(key.name);
  if (at->second.empty()) holding_.erase(at);
}

void Claims::promise_changed() { wake_all(std::string(kPromises)); }

void Claims::wait_for_room(const SharerKey& key) { waiting_for_room_[{key.kind, key.ns}].insert(key.name); }

Task<Result<kube::Requeue>> Claims::reconcile(SharerKey key) {
  if (!is_ready(key.kind)) co_return kube::Requeue::none();  // woken when it is
  if (key.kind == dispatcher::kClaimClassSharer) {
    Result<kube::Requeue> done = co_await reconcile_claim_class(context_, this, std::move(key));
    co_return done;
  }
  if (key.kind == kPromises) {
    Result<kube::Requeue> done = co_await reconcile_promise(context_, this, std::move(key));
    co_return done;
  }
  if (requests_.concerns(key)) {
    Result<kube::Requeue> done = co_await reconcile_request(std::move(key));
    co_return done;
  }
  Result<kube::Requeue> done = co_await reconcile_claim(context_, this, std::move(key));
  co_return done;
}

// One that is gone may have been a person's, who has an object to let go of.
Task<Result<kube::Requeue>> Claims::reconcile_request(SharerKey key) {
  if (context_->sharers->find(key) == nullptr) {
    Result<kube::Requeue> tidied = co_await reconcile_claim(context_, this, key);
    const bool over = tidied.ok() && *tidied == kube::Requeue::none();
    if (!over || !requests_.concerns(key)) co_return tidied;
  }
  Result<kube::Requeue> done = co_await requests_.reconcile(std::move(key));
  co_return done;
}

}  // namespace heirloom::core
