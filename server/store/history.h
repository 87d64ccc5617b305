// The events since `compacted`, oldest first: what watches resume from and older lists are rolled back
// through.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "server/store/store.h"

namespace heirloom::server {

// An event that the history no longer needs, and with it the row (log table) of what it replaced.
struct ForgottenEvent {
  Revision revision = 0;
  Revision previous = 0;  // row to delete; 0: none
  bool deleted = false;   // the event's own row is a tombstone and goes too
};

class History {
 public:
  using Events = std::deque<StoreEventPtr>;

  explicit History(Revision compacted) : compacted_(compacted) {}

  void append(StoreEventPtr event, MonotonicTime now);  // revisions ascend
  Revision compacted() const { return compacted_; }
  std::size_t size() const { return events_.size(); }
  std::size_t bytes() const { return bytes_; }

  // The first event with this revision or a later one.
  Events::const_iterator from(Revision revision) const;
  const Events& events() const { return events_; }

  bool exceeds(const StoreOptions& options, MonotonicTime now) const;
  // Drops the oldest event. Call only when there is one.
  ForgottenEvent forget_oldest();

 private:
  Events events_;
  std::deque<MonotonicTime> times_;  // of each event
  std::size_t bytes_ = 0;
  Revision compacted_;
};

// The objects of a selection as of options.at (0 = `now`, the newest revision), by walking the current ones
// and undoing what history says came later. Cost: the current objects listed or counted, plus the events
// undone. Errors as in Store::list.
class ObjectMap;
Result<StoreList> list_objects(const ObjectMap& objects, const History& history, Revision now,
                               std::string_view selection, const StoreListOptions& options);

Status expired(Revision asked, Revision compacted);

}  // namespace heirloom::server
