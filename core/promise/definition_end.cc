#include "core/promise/definition_end.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "apis/labels.h"
#include "apis/promise.h"
#include "dispatcher/sharers.h"

namespace heirloom::core {
namespace {

using kube::Requeue;

// The provider's requests that we made are told from the claims: they go with their definition.
constexpr std::string_view kNotMadeByUs = "heirloom.dev/claim-class!=namespaceclaims";

std::vector<KnownDefinition> installed_for(const Claims& claims, const std::string& promise) {
  std::vector<KnownDefinition> installed;
  for (const std::string& name : claims.definitions().names()) {
    const KnownDefinition* definition = claims.definitions().find(name);
    if (definition->promise == promise && !definition->deleting) installed.push_back(*definition);
  }
  return installed;
}

// Why it stays, as far as that is known without asking. Empty: nothing known keeps it.
std::string keeper(Context* context, Claims* claims, const KnownDefinition& definition) {
  const KnownClass* known = claims->registry().of_kind(definition.name);
  if (known != nullptr && !known->is_ours())
    return fmt::format("ClaimClass {} serves its kind", known->claim_class.metadata.name);
  for (const SharerKey& key : context->sharers->keys(std::string(kPromises))) {
    const Json* other = context->sharers->find(key);
    if (other == nullptr) continue;
    const Result<Promise> promise = decode_promise(*other);
    if (promise.ok() && promise->definition["metadata"]["name"].string() == definition.name)
      return fmt::format("Promise {} brings it, too", key.name);
  }
  return {};
}

class End {
 public:
  End(Context* context, SharerKey promise, KnownDefinition definition)
      : context_(context), promise_(std::move(promise)), definition_(std::move(definition)) {}

  // Instances are counted after the definition was read, and the DELETE is guarded by what was read. What is created in
  // between goes along; no claim of it can be bound, the class would have had to serve it.
  Task<Result<Requeue>> run(std::string keeper) {
    const kube::ObjectRef promise{{std::string(kPromiseGroup), std::string(kPromiseVersion), std::string(kPromisePlural)},
                                  "", promise_.name};
    const kube::GetOptions get;
    const Result<Json> alive = co_await context_->environment->api->get(promise, get);
    if (alive.ok()) co_return Requeue::none();  // its watch tells
    if (!is_not_found(alive.status())) co_return alive.status();
    const kube::ObjectRef ref{dispatcher::kDefinitions, "", definition_.name};
    const Result<Json> found = co_await context_->environment->api->get(ref, get);
    if (!found.ok()) co_return is_not_found(found.status()) ? Result<Requeue>(Requeue::none()) : found.status();
    if ((*found)["metadata"]["uid"].string() != definition_.uid) co_return Requeue::with_backoff();
    reference_ = kube::reference_to(*found);
    reference_.resource_version.clear();
    if (!keeper.empty()) co_return keep(std::move(keeper));
    const kube::Collection instances{definition_.resource(), ""};
    kube::ListOptions one;
    one.limit = 1;
    one.metadata_only = true;
    one.label_selector = kNotMadeByUs;
    const Result<kube::ListPage> page = co_await context_->environment->api->list(instances, one);
    if (!page.ok()) co_return page.status();
    if (!page->items.empty()) co_return keep(fmt::format("there are {}", definition_.name));
    kube::RemoveOptions guarded;
    guarded.uid = definition_.uid;
    guarded.resource_version = (*found)["metadata"]["resourceVersion"].string();
    const Result<Json> removed = co_await context_->environment->api->remove(ref, guarded);
    if (is_conflict(removed.status())) co_return Requeue::with_backoff();
    if (is_forbidden(removed.status())) co_return keep("the controller may not delete definitions");
    if (!removed.ok() && !is_not_found(removed.status())) co_return removed.status();
    tell("DefinitionDeleted", fmt::format("Promise {} is gone, and there are no {}", promise_.name, definition_.name));
    co_return Requeue::none();
  }

 private:
  Result<Requeue> keep(std::string why) {
    tell("DefinitionKept", fmt::format("stays although Promise {} is gone: {}; kubectl delete crd {} takes it and all "
                                       "its objects away", promise_.name, why, definition_.name));
    return Requeue::none();
  }

  void tell(std::string_view reason, std::string message) {
    kube::EventNote event;
    event.regarding = reference_;
    event.type = kube::EventType::Normal;
    event.reason = reason;
    event.message = std::move(message);
    context_->environment->events->record(std::move(event));
  }

  Context* context_;
  SharerKey promise_;
  KnownDefinition definition_;
  kube::ObjectReference reference_;
};

}  // namespace

Task<Result<Requeue>> end_definition(Context* context, Claims* claims, SharerKey key) {
  for (const KnownDefinition& definition : installed_for(*claims, key.name)) {
    End end(context, key, definition);
    std::string why = keeper(context, claims, definition);
    Result<Requeue> done = co_await end.run(std::move(why));
    if (!done.ok() || *done != Requeue::none()) co_return done;
  }
  co_return Requeue::none();
}

}  // namespace heirloom::core
