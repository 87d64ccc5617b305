// Claims: what all passes of claims, claim classes and promises of one controller instance share: the watches that come
// and go with definitions and classes, the registry of classes, what is remembered between passes, and who is woken.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "apis/claim_class.h"
#include "apis/sharer_key.h"
#include "core/application/context.h"
#include "core/claim/class_registry.h"
#include "core/claim/definitions.h"
#include "core/claim/provider_requests.h"
#include "dispatcher/sharers.h"
#include "dispatcher/version.h"
#include "kube/controller.h"

namespace heirloom::core {

// SharerKey::kind of a Promise: no sharer, but a key of the same queue.
inline constexpr std::string_view kPromises = "promises.platform.kratix.io";

// What the process remembers of one claim between passes. Losing it costs requests, never truth.
struct ClaimMemory {
  std::string uid;
  std::shared_ptr<dispatcher::Memory> objects = std::make_shared<dispatcher::Memory>();
  std::optional<ObjectKey> target;             // of the last pass
  std::string in_force;                        // annotation claim-parameters of that target, as last read; "" = none
  std::uint64_t class_hash = 0;                // of what `objects` was verified with
  bool stays_out = false;                      // said that Kratix reconciles it
  std::shared_ptr<ClaimMemory> held;           // of the object it has while it does not get another one yet
  std::optional<MonotonicTime> told;           // when its status was written last
  std::optional<MonotonicTime> counted;        // of a class: when its claims were counted last
};

class Claims {
 public:
  using Wake = std::function<void(const SharerKey& key)>;
  // All outlive this. `wake`: puts a key into the queue.
  Claims(Context* context, Wake wake);

  // Starts watching definitions; everything else follows from what is found there.
  void start();
  // Something about the claim, class or promise has changed, or about an object it is interested in. Before its caches
  // are in it is not told: everyone is then.
  void wake(const SharerKey& key);
  Task<Result<kube::Requeue>> reconcile(SharerKey key);

  // Why claims do not work here, in a sentence for people; empty when they do.
  std::string problem() const;
  // The caches that exist are in.
  bool settled() const;

  // For the passes.
  const ClassRegistry& registry() const { return registry_; }
  const Definitions& definitions() const { return definitions_; }
  ClaimMemory& memory(const SharerKey& key) { return memories_[key]; }
  void forget(const SharerKey& key);

  // Objects whose record names the sharer although its present life does not record them.
  std::set<ObjectKey> strays(const SharerKey& key) const;
  void let_go(const SharerKey& key, const ObjectKey& object);

  // Claims of a kind in a namespace that hold a target, or are about to.
  std::int64_t holding(const std::string& kind, const std::string& ns, const std::string& but) const;
  void hold(const SharerKey& key);
  void hold_no_more(const SharerKey& key);
  // Refused for want of room in its namespace: woken when there may be some.
  void wait_for_room(const SharerKey& key);
  // A Promise is available, or no longer: others may require it.
  void promise_changed();

 private:
  bool is_ready(const std::string& kind) const;
  void definition_changed(const std::string& name);
  void sharer_changed(const dispatcher::SharerWatch::Change& change);
  void synced(const std::string& kind);
  void stranger(const ObjectKey& object, const SharerKey& key);
  void classes_changed();
  void count_phase(const std::string& kind, JsonView claim, int by);
  void forget_phases(const std::string& kind);
  void choose_watches();
  void watch_targets(const std::string& kind);
  Task<void> watch_kind_of(GroupVersionKind kind);
  void wake_all(const std::string& kind);
  void wake_classes_of(const std::string& kind);
  void wake_built_in();
  void wake_gone_promises(const std::string& kind = {});
  void wake_requests(const std::set<SharerKey>& requests);
  Task<Result<kube::Requeue>> reconcile_request(SharerKey key);
  Task<void> run();
  bool tell_problem() const;

  Context* context_;
  Wake wake_;
  Definitions definitions_;
  ClassRegistry registry_;
  ProviderRequests requests_;
  bool definitions_synced_ = false;
  std::map<SharerKey, ClaimMemory> memories_;
  std::map<SharerKey, std::set<ObjectKey>> strays_;
  std::map<std::pair<std::string, std::string>, std::set<std::string>> holding_;  // kind, namespace -> names
  std::map<std::pair<std::string, std::string>, std::set<std::string>> waiting_for_room_;
  std::map<std::pair<std::string, std::string>, std::int64_t> phases_;  // kind, phase -> claims
};

}  // namespace heirloom::core
