// What decide() and leave() are told about the world beyond the object.
#pragma once

#include <map>
#include <string_view>

#include "apis/sharer_key.h"
#include "policies/ledger.h"
#include "policies/record.h"

namespace heirloom::policies {

enum class Liveness {
  Live,     // exists, not being deleted, and declares the object
  Leaving,  // deletionTimestamp set: keeps its entry, is not made owner while a Live one exists
  Dead,     // by uncached reads made AFTER the object was read: NotFound while its CRD is Established, or it
            // exists and neither its trackers nor its not yet observed spec lists the object; confirmed after
            // --dead-grace
  Unknown,  // anything else, a cache's miss above all. Counts as Live.
};
std::string_view to_string(Liveness liveness);

enum class NamespaceState {
  NotNeeded,  // cluster-scoped
  Active,
  Planned,  // missing, and an earlier stage of my plan creates it and that stage is done or not yet tried
  Missing,  // missing, and not in my plan
  Terminating,
};
std::string_view to_string(NamespaceState state);

// Of an object that is absent and was somebody's when this process saw it last: who of them still declares it.
struct Heirs {
  Ledger line;     // owner first, then in join order; only those known to live
  Marks marks;     // of the last record
  int turns = 0;   // how many of the line have had the time to create it
};

struct Facts {
  std::map<SharerKey, Liveness> liveness;
  NamespaceState ns = NamespaceState::NotNeeded;
  Heirs heirs;

  Liveness of(const SharerKey& key) const;  // Unknown when nothing is said
  bool is_dead(const SharerKey& key) const { return of(key) == Liveness::Dead; }
  // May be made owner before a leaving one: Live or Unknown.
  bool is_live(const SharerKey& key) const {
    const Liveness l = of(key);
    return l == Liveness::Live || l == Liveness::Unknown;
  }
};

}  // namespace heirloom::policies
