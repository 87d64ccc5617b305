// Who watches what. A watcher holds no events of its own, only its place in the history: a slow one costs
// nothing and, when the history has moved past its place, is told so (410).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/signal.h"
#include "server/store/history.h"

namespace heirloom::server {

struct Watcher {
  Watcher(Executor executor, std::string selection_in, Revision after_in)
      : selection(std::move(selection_in)), after(after_in), changed(std::move(executor)) {}
  std::string selection;
  Revision after;        // everything of the selection up to here was returned, or is not wanted
  Revision pending = 0;  // the earliest revision that may hold something to return; 0: nothing waits
  bool closed = false;
  Signal changed;
};
using WatcherPtr = std::shared_ptr<Watcher>;

class WatchHub {
 public:
  void add(WatcherPtr watcher);
  void remove(const WatcherPtr& watcher);
  // Marks and wakes the watchers that selected the event's key. Cost: the depth of the key plus those
  // watchers.
  void publish(const StoreEvent& event);
  void close_all();
  std::size_t size() const { return size_; }

 private:
  void notify(std::string_view selection, const StoreEvent& event);

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, std::vector<WatcherPtr>, TextHash, std::equal_to<>> by_selection_;
  std::size_t size_ = 0;
};

// The next events for the watcher, at most kWatchBatch; moves its place on. `now` is the newest durable
// revision. Error: Expired.
Result<std::vector<StoreEventPtr>> take_events(Watcher& watcher, const History& history, Revision now);

}  // namespace heirloom::server
