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

namespace {

// managedFields' form of metadata.labels["a.b/c"] is f:metadata > f:labels > f:a.b/c. Any element of a list will do.
bool owns(JsonView fields, std::string_view path) {
  if (path.starts_with('.')) path.remove_prefix(1);
  if (path.empty()) return true;
  const bool quoted = path.starts_with("[\"");
  if (path.front() == '[' && !quoted) return true;
  const std::size_t begin = quoted ? 2 : 0;
  const std::size_t end = std::min(quoted ? path.find("\"]") : path.find_first_of(".["), path.size());
  const JsonView below = fields["f:" + std::string(path.substr(begin, end - begin))];
  return below.exists() && owns(below, path.substr(std::min(end + begin, path.size())));
}

}  // namespace

std::string other_writer(JsonView object, const std::vector<std::string>& fields) {
  struct Last {
    std::string_view manager, time;
    void see(JsonView entry) {
      if (entry["time"].string() < time) return;
      manager = entry["manager"].string();
      time = entry["time"].string();
    }
  };
  Last of_fields, of_all;
  for (const JsonView entry : object["metadata"]["managedFields"].elements()) {
    if (entry["manager"].string() == "heirloom") continue;
    of_all.see(entry);
    if (std::any_of(fields.begin(), fields.end(), [&entry](const std::string& path) { return owns(entry["fieldsV1"], path); }))
      of_fields.see(entry);
  }
  const std::string_view manager = of_fields.manager.empty() ? of_all.manager : of_fields.manager;
  return manager.empty() ? "another writer" : fmt::format("field manager {}", manager);
}

}  // namespace heirloom::dispatcher
