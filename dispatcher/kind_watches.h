// KindWatches: one label-selected watch per kind in use, and watches by name for what the selector cannot show.
// All of them feed the ObjectTable. No two of them tell of the same object: events of one watch are in order, those of two
// are not, and a watch that ends must not have had the last word on what another one has seen go. So a watch by name
// is silent while the object carries the label that the kind's watch selects.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "apis/resource_names.h"
#include "apis/sharer_key.h"
#include "base/result.h"
#include "base/signal.h"
#include "dispatcher/environment.h"
#include "dispatcher/object_table.h"
#include "kube/reflector.h"
#include "kube/rest_mapper.h"

namespace heirloom::dispatcher {

class KindWatches {
 public:
  // Both outlive this.
  KindWatches(const Environment* environment, ObjectTable* table);
  ~KindWatches();

  // Sees to it that managed objects of this kind are watched, and waits until they are known. Error: why the kind
  // cannot be listed, naming it; the watch goes on trying.
  Task<Status> ensure(kube::ResourceInfo resource);

  // The kind as it is watched; nullptr when it is not. Valid until the next co_await.
  const kube::ResourceInfo* watched(const GroupKind& kind) const;

  // What a sharer waits for by name, because no selected watch shows it. Replaces what it waited for before.
  struct Named {
    kube::ResourceInfo resource;
    ObjectKey key;
  };
  void wait_for(const SharerKey& sharer, const std::vector<Named>& objects);

  // After the environment's scope was stopped, or its tasks abandoned. The kinds' watches end with that scope; the ones
  // by name end here.
  Task<void> stop();
  void abandon();

  std::size_t kinds() const { return kinds_.size(); }
  std::size_t named() const { return named_.size(); }

 private:
  class Feed;
  struct NamedWatch;
  Task<void> stop_named(std::shared_ptr<NamedWatch> watch);

  const Environment* environment_;
  ObjectTable* table_;
  Signal changed_;
  std::map<GroupKind, std::unique_ptr<Feed>> kinds_;
  std::map<ObjectKey, std::shared_ptr<NamedWatch>> named_;
  std::vector<std::shared_ptr<NamedWatch>> ending_;
  std::map<SharerKey, std::set<ObjectKey>> waiting_;
};

}  // namespace heirloom::dispatcher
