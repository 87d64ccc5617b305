#include "server/store/watch_hub.h"

#include <algorithm>
#include <utility>

#include "server/store/selection.h"

namespace heirloom::server {

void WatchHub::add(WatcherPtr watcher) {
  by_selection_[watcher->selection].push_back(std::move(watcher));
  ++size_;
}

void WatchHub::remove(const WatcherPtr& watcher) {
  const auto found = by_selection_.find(watcher->selection);
  if (found == by_selection_.end()) return;
  auto& watchers = found->second;
  const auto it = std::find(watchers.begin(), watchers.end(), watcher);
  if (it == watchers.end()) return;
  watchers.erase(it);
  --size_;
  if (watchers.empty()) by_selection_.erase(found);
}

void WatchHub::publish(const StoreEvent& event) {
  if (size_ == 0) return;
  const std::string_view key = event.key();
  notify("", event);
  for (std::size_t slash = key.find('/'); slash != key.npos; slash = key.find('/', slash + 1))
    notify(key.substr(0, slash + 1), event);
  if (!selects_many(key)) notify(key, event);
}

void WatchHub::notify(std::string_view selection, const StoreEvent& event) {
  const auto found = by_selection_.find(selection);
  if (found == by_selection_.end()) return;
  for (const WatcherPtr& watcher : found->second) {
    if (watcher->pending != 0 || event.revision <= watcher->after) continue;
    watcher->pending = event.revision;
    watcher->changed.notify_all();
  }
}

void WatchHub::close_all() {
  for (auto& [selection, watchers] : by_selection_) {
    for (const WatcherPtr& watcher : watchers) {
      watcher->closed = true;
      watcher->changed.notify_all();
    }
  }
  by_selection_.clear();
  size_ = 0;
}

Result<std::vector<StoreEventPtr>> take_events(Watcher& watcher, const History& history, Revision now) {
  std::vector<StoreEventPtr> taken;
  if (watcher.pending == 0) return taken;
  if (watcher.pending <= history.compacted()) return expired(watcher.after, history.compacted());
  auto it = history.from(watcher.pending);
  for (; it != history.events().end() && taken.size() < kWatchBatch; ++it)
    if (selects(watcher.selection, (*it)->key())) taken.push_back(*it);
  if (it == history.events().end()) {
    watcher.after = std::max(watcher.after, now);
    watcher.pending = 0;
  } else {
    watcher.after = (*it)->revision - 1;
    watcher.pending = (*it)->revision;
  }
  return taken;
}

}  // namespace heirloom::server
