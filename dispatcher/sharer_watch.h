// SharerWatch: all sharers of one kind (applications, claims of one kind, claim classes), as last seen or as we last
// wrote them. What we wrote ourselves is no news.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "apis/resource_names.h"
#include "apis/sharer_key.h"
#include "base/json.h"
#include "base/status.h"
#include "base/task.h"
#include "dispatcher/environment.h"
#include "dispatcher/own_writes.h"
#include "kube/cache.h"
#include "kube/reflector.h"

namespace heirloom::dispatcher {

class SharerWatch {
 public:
  // Somebody changed it. `object`: as it is now, Missing when it is gone; `before`: the last state seen, Missing when it
  // is new. Both valid during the call only. An echo of our own write comes with `echo`: nothing to wake anybody for.
  struct Change {
    SharerKey key;
    JsonView object;
    JsonView before;
    bool echo = false;
    bool finalized = false;  // gone, as we wanted it: its finalizer was ours to take off, and we did
  };
  using OnChange = std::function<void(const Change& change)>;
  using OnListed = std::function<void()>;  // a list is complete: the kind is served

  // `kind`: SharerKey::kind of what `resource` serves. The environment outlives this.
  SharerWatch(const Environment* environment, std::string kind, GroupVersionResource resource, OnChange on_change,
              OnListed on_listed);
  SharerWatch(const SharerWatch&) = delete;
  SharerWatch& operator=(const SharerWatch&) = delete;

  // Watches until cancelled. Spawn it once.
  Task<void> run() { return reflector_.run(); }
  Task<void> wait_synced() { return objects_.wait_synced(); }
  bool has_synced() const { return objects_.has_synced(); }
  Status problem() const { return reflector_.status().error; }
  const GroupVersionResource& resource() const { return resource_; }

  // nullptr: not in the cache, or nothing is left to do for it. Valid until the next co_await.
  const Json* find(const NamespacedName& name) const;
  std::vector<SharerKey> keys() const;
  // The cache's resourceVersion, "" when it is not there.
  std::string version(const NamespacedName& name) const;

  // An answer to our own write. `before`: version(...) when the request went out. True when the answer also brings what
  // somebody else wrote meanwhile: the event about that is older than the answer and will tell nobody.
  bool wrote(const NamespacedName& name, const Json& answer, const std::string& before);
  // Our finalizer is off: whatever the cache still shows of this life, nothing is left to do for it.
  void finalized(const NamespacedName& name, const std::string& uid);

  std::size_t size() const { return objects_.size(); }
  std::size_t memory_bytes() const { return objects_.memory_bytes(); }

 private:
  struct Known {
    Json object;
    std::size_t memory_bytes() const { return object.memory_bytes(); }
  };
  using Objects = kube::ObjectCache<Known>;

  void changed(const Objects::Change& change);
  SharerKey key_of(const NamespacedName& name) const { return {kind_, name.ns, name.name}; }

  std::string kind_;
  GroupVersionResource resource_;
  OnChange on_change_;
  Objects objects_;
  OwnWrites written_;
  std::map<NamespacedName, std::string> finalized_;  // UID, until the watch shows the end of that life
  kube::Reflector reflector_;
};

}  // namespace heirloom::dispatcher
