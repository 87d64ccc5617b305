#include "core/blockers.h"

#include <set>
#include <utility>

namespace heirloom::core {

using dispatcher::ObjectOutcome;
using dispatcher::ObjectState;

Task<void> watch_blockers(Context* context, SharerKey me, std::vector<LookedAt> objects) {
  std::vector<dispatcher::KindWatches::Named> named;
  std::set<ObjectKey> interesting;
  for (const LookedAt& object : objects) {
    const ObjectOutcome& outcome = object.outcome;
    interesting.insert(outcome.key);
    if (outcome.settled() && outcome.state != ObjectState::Observed) continue;
    dispatcher::KindWatches::Named blocker;
    blocker.key = outcome.key;
    GroupVersionKind kind = object.gvk;
    const dispatcher::SeenObject* seen = context->table->find(outcome.key);
    const bool waits = outcome.state == ObjectState::Waiting;
    const bool gone_since = seen == nullptr && waits && !outcome.body.is_null();  // its own watch tells that at once
    if (seen == nullptr && waits && !gone_since && !outcome.key.ns.empty()) {
      blocker.key = ObjectKey{"local", "", "Namespace", "", outcome.key.ns};
      kind = GroupVersionKind{"", "v1", "Namespace"};
    } else if (seen == nullptr && !gone_since && outcome.state != ObjectState::Conflict &&
               outcome.state != ObjectState::Observed) {
      continue;  // not served yet, or not reached
    } else if (seen != nullptr && (seen->live.owner || seen->live.copied_owner) &&
               context->watches->watched(GroupKind{outcome.key.group, outcome.key.kind}) != nullptr) {
      continue;  // the kind's watch shows it
    }
    const Result<kube::ResourceInfo> resource = co_await context->environment->mapper->resource_for(kind);
    if (!resource.ok()) continue;
    blocker.resource = *resource;
    interesting.insert(blocker.key);
    named.push_back(std::move(blocker));
  }
  if (!named.empty()) {
    for (const ObjectKey& key : context->table->objects_of(me)) interesting.insert(key);
    context->table->declare(me, dispatcher::ObjectTable::Source::Plan, interesting);
  }
  context->watches->wait_for(me, named);
}

}  // namespace heirloom::core
