#include "core/blockers.h"

#include <set>
#include <utility>

#include "apis/labels.h"

namespace heirloom::core {

using dispatcher::ObjectOutcome;
using dispatcher::ObjectState;

Task<void> watch_blockers(Context* context, SharerKey me, std::vector<LookedAt> objects) {
  std::vector<dispatcher::KindWatches::Named> named;
  std::set<ObjectKey> interesting;
  for (const LookedAt& object : objects) {
    const ObjectOutcome& outcome = object.outcome;
    interesting.insert(outcome.key);
    if (outcome.settled()) continue;
    dispatcher::KindWatches::Named blocker;
    blocker.key = outcome.key;
    GroupVersionKind kind = object.gvk;
    const bool absent = outcome.body.is_null();
    if (absent && (outcome.state != ObjectState::Waiting || outcome.key.ns.empty())) continue;
    if (absent) {
      blocker.key = ObjectKey{"local", "", "Namespace", "", outcome.key.ns};
      kind = GroupVersionKind{"", "v1", "Namespace"};
    } else if (outcome.body["metadata"]["labels"].contains(labels::kName)) {
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
