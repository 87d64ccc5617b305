#include "server/store/history.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/assert.h"
#include "server/store/object_map.h"
#include "server/store/selection.h"

namespace heirloom::server {
namespace {

std::size_t cost_of(const StoreEvent& event) {
  return event.previous ? event.previous->value.memory_bytes() + event.previous->key.size() : 0;
}

// What the keys of the selection that changed after `at` were then; null: they did not exist.
using Undone = std::map<std::string_view, StoredPtr>;

Undone undo(const History& history, Revision at, std::string_view selection) {
  Undone undone;
  const auto& events = history.events();
  const auto first = history.from(at + 1);
  for (auto it = events.end(); it != first;) {
    const StoreEvent& event = **--it;  // newest first, so that the oldest change has the last word
    if (selects(selection, event.key())) undone.insert_or_assign(event.key(), event.previous);
  }
  return undone;
}

// Walks current and undone objects in key order as one sequence.
class Merged {
 public:
  Merged(const ObjectMap& objects, const Undone& undone, std::string_view selection, std::string_view start)
      : selection_(selection),
        current_(objects.lower_bound(std::max(start, selection))),
        current_end_(objects.end()),
        undone_(undone.lower_bound(start)),
        undone_end_(undone.end()) {}

  // Null at the end.
  const StoredPtr* next() {
    for (;;) {
      if (current_ != current_end_ && !selects(selection_, current_->first)) current_ = current_end_;
      if (undone_ != undone_end_ && (current_ == current_end_ || undone_->first <= current_->first)) {
        if (current_ != current_end_ && current_->first == undone_->first) ++current_;
        const StoredPtr& then = (undone_++)->second;
        if (then) return &then;
        continue;
      }
      if (current_ == current_end_) return nullptr;
      return &(current_++)->second;
    }
  }

 private:
  std::string_view selection_;
  ObjectMap::Map::const_iterator current_, current_end_;
  Undone::const_iterator undone_, undone_end_;
};

}  // namespace

void History::append(StoreEventPtr event, MonotonicTime now) {
  HEIRLOOM_ASSERT(event->revision > (events_.empty() ? compacted_ : events_.back()->revision));
  bytes_ += cost_of(*event);
  events_.push_back(std::move(event));
  times_.push_back(now);
}

History::Events::const_iterator History::from(Revision revision) const {
  return std::lower_bound(events_.begin(), events_.end(), revision,
                          [](const StoreEventPtr& event, Revision r) { return event->revision < r; });
}

bool History::exceeds(const StoreOptions& options, MonotonicTime now) const {
  if (events_.empty()) return false;
  return events_.size() > options.history_events || bytes_ > options.history_bytes ||
         now - times_.front() > options.history_age;
}

ForgottenEvent History::forget_oldest() {
  const StoreEventPtr event = std::move(events_.front());
  events_.pop_front();
  times_.pop_front();
  bytes_ -= cost_of(*event);
  compacted_ = event->revision;
  return {event->revision, event->previous ? event->previous->mod_revision : 0, event->deleted()};
}

Result<StoreList> list_objects(const ObjectMap& objects, const History& history, Revision now,
                               std::string_view selection, const StoreListOptions& options) {
  const Revision at = options.at == 0 ? now : options.at;
  if (at > now) {
    StatusDetails details;
    details.causes.push_back({"ResourceVersionTooLarge", "Too large resource version", ""});
    details.retry_after_seconds = 1;
    return Status(504, reasons::kTimeout,
                  fmt::format("Timeout: Too large resource version: {}, current: {}", at, now),
                  std::move(details));
  }
  if (at < history.compacted()) return expired(at, history.compacted());

  const Undone undone = at < now ? undo(history, at, selection) : Undone();
  Merged objects_then(objects, undone, selection, options.start);
  StoreList list;
  list.revision = at;
  while (const StoredPtr* object = objects_then.next()) {
    if (options.limit == 0 || list.items.size() < options.limit) {
      list.items.push_back(*object);
      continue;
    }
    if (list.next.empty()) list.next = (*object)->key;
    ++list.remaining;
  }
  return list;
}

// The wording is etcd's and kube-apiserver's: clients match on the reason, people on the words.
Status expired(Revision asked, Revision compacted) {
  return {410, reasons::kExpired, fmt::format("too old resource version: {} ({})", asked, compacted)};
}

}  // namespace heirloom::server
