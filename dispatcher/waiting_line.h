// WaitingLine: who waits for its turn at an object, and what for. Whoever has the turn may do it for all of them in one
// write (policies/fold.h); they find it done when their turn comes, and need no other word. Bookkeeping only.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apis/resource_names.h"
#include "apis/sharer_key.h"
#include "kube/api.h"
#include "policies/fold.h"

namespace heirloom::dispatcher {

struct WaitingSharer {
  SharerKey key;
  std::string uid;
  std::int64_t generation = 0;
  bool uninterrupted = false;  // see policies::mark_for
  bool leaves = false;
  policies::ObjectPolicies policies;
  policies::LeavePolicy leave_policy;
  kube::Impersonation identity;  // nobody writes with rights that are not its own
};

class WaitingLine {
  using Line = std::list<WaitingSharer>;
  using Lines = std::map<ObjectKey, Line>;

 public:
  // Waits from now on, until step_out() or its end.
  class Place {
   public:
    Place(std::shared_ptr<Lines> lines, ObjectKey key, WaitingSharer sharer);
    ~Place() { step_out(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    void step_out();

   private:
    std::shared_ptr<Lines> lines_;
    ObjectKey key_;
    Line::iterator at_;
  };
  std::unique_ptr<Place> join(const ObjectKey& key, WaitingSharer sharer);

  // In the order of arrival, those who write with this identity.
  std::vector<WaitingSharer> at(const ObjectKey& key, const kube::Impersonation& identity) const;
  std::size_t size() const;

 private:
  std::shared_ptr<Lines> lines_ = std::make_shared<Lines>();
};

}  // namespace heirloom::dispatcher
