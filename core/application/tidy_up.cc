#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/hash.h"
#include "base/log.h"
#include "core/application/pass.h"
#include "dispatcher/object_events.h"
#include "dispatcher/own_definitions.h"

namespace heirloom::core {

using dispatcher::Dispatcher;
using dispatcher::KnownTracker;
using dispatcher::LeaveOutcome;
using kube::Requeue;

Task<Result<Requeue>> tidy_up_after(Context* context, SharerKey key) {
  context->memories.erase(key);
  context->watches->wait_for(key, {});
  context->table->declare(key, dispatcher::ObjectTable::Source::Plan, {});
  std::vector<KnownTracker> trackers = context->sharers->trackers(key);
  if (trackers.empty()) co_return Requeue::none();
  for (const KnownTracker& tracker : trackers)
    if (!tracker.unreadable.ok()) co_return tracker.unreadable;

  // Gone is what an uncached read says, and says again after the grace period.
  const ObjectKey itself{"local", "core.oam.dev", "Application", key.ns, key.name};
  const dispatcher::LivenessAnswer answer = co_await context->sharers->liveness(key, itself);
  if (answer.ask_again_after) co_return Requeue::after(*answer.ask_again_after);
  if (answer.away) {
    log::warning("what an application left is not let go of: it went with the definition of its kind; apply it again",
                 {{"application", to_string(key)}});
    co_return Requeue::none();
  }
  if (answer.liveness != policies::Liveness::Dead) co_return Requeue::with_backoff();

  std::vector<Dispatcher::Dropped> dropped;
  std::set<ObjectKey> seen;
  for (const KnownTracker& tracker : trackers) {
    for (const dispatcher::TrackedObject& object : tracker.objects) {
      if (!seen.insert(object.key).second) continue;
      Dispatcher::Dropped drop;
      drop.object = object;
      drop.policy.ownerless = true;
      drop.policy.release = object.skip_gc;
      dropped.push_back(std::move(drop));
    }
  }
  std::string uid = trackers.front().application_uid;
  kube::Impersonation nobody;
  std::map<ObjectKey, std::string> versions;
  for (const Dispatcher::Dropped& drop : dropped) versions.emplace(drop.object.key, drop.object.api_version);
  const std::vector<LeaveOutcome> outcomes =
      co_await context->dispatcher->leave_all(key, std::move(uid), std::move(nobody), std::move(dropped));
  std::vector<ObjectKey> stay;
  std::optional<Duration> ask_again;
  for (const LeaveOutcome& outcome : outcomes) {
    if (outcome.state == LeaveOutcome::State::Failed) co_return outcome.error;
    if (outcome.state == LeaveOutcome::State::Waiting) co_return Requeue::with_backoff();
    if (outcome.state == LeaveOutcome::State::Stays) stay.push_back(outcome.key);
    if (outcome.ask_again_after && (!ask_again || *outcome.ask_again_after < *ask_again))
      ask_again = outcome.ask_again_after;
  }
  if (ask_again) co_return Requeue::after(*ask_again);
  for (const ObjectKey& object : stay) {
    log::warning("an application is gone and left an object behind: its finalizer was removed by hand",
                 {{"application", to_string(key)}, {"object", object.to_string()}});
    const Result<GroupVersionKind> kind = parse_api_version(versions[object], object.kind);
    const dispatcher::SeenObject* known = context->table->find(object);
    if (kind.ok())
      tell_left_behind(*context->environment, *kind, object, known == nullptr ? "" : known->live.uid, key);
  }
  // Those last that say that it did not go with a former definition: should this break off, the rest would not know.
  std::string name(dispatcher::kApplicationDefinition);
  const Result<std::string> definition = co_await dispatcher::definition_uid(context->environment, std::move(name));
  if (!definition.ok()) co_return definition.status();
  std::stable_partition(trackers.begin(), trackers.end(), [stands = hash_bytes(*definition)](const KnownTracker& tracker) {
    return tracker.recorded.definition != 0 && tracker.recorded.definition != stands;
  });
  for (const KnownTracker& tracker : trackers) {
    const Status removed = co_await context->trackers->remove(tracker);
    if (!removed.ok()) co_return removed;
  }
  co_return Requeue::none();
}

}  // namespace heirloom::core
