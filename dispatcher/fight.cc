#include "dispatcher/fight.h"

#include <algorithm>

#include <fmt/format.h>

namespace heirloom::dispatcher {

void Fight::repaired(MonotonicTime now) {
  if (now - window_began_ > kFightWindow) {
    if (repairs_ < kFightRepairs) last_truce_ = Duration::zero();  // a quiet window ends the fight
    window_began_ = now;
    repairs_ = 0;
  }
  if (++repairs_ < kFightRepairs) return;
  last_truce_ = std::clamp(2 * last_truce_, kFirstTruce, kLongestTruce);
  quiet_until_ = now + last_truce_;
  window_began_ = now;
  repairs_ = kFightRepairs - 1;  // one more repair after the truce is enough to see that it goes on
}

std::string other_writer(JsonView object) {
  std::string_view manager, time;
  for (const JsonView entry : object["metadata"]["managedFields"].elements()) {
    if (entry["manager"].string() == "heirloom" || entry["time"].string() < time) continue;
    manager = entry["manager"].string();
    time = entry["time"].string();
  }
  return manager.empty() ? "another writer" : fmt::format("field manager {}", manager);
}

}  // namespace heirloom::dispatcher
