#include "server/controllers/event_expiry.h"

#include <algorithm>
#include <utility>

#include "server/controllers/own_requests.h"
#include "server/keys.h"

namespace heirloom::server {
namespace {

// An Event lives this much longer than its time at most.
constexpr Duration kInterval = std::chrono::minutes(5);

std::vector<StoredPtr> expired_events(Parts& parts, const Resource& events) {
  std::vector<StoredPtr> out;
  const auto list = parts.store->list(collection_prefix(events, ""), StoreListOptions());
  if (!list.ok()) return out;
  const auto limit = parts.clock->now() - parts.options.event_ttl;
  for (const auto& stored : list->items) {
    if (last_seen(stored->value) < limit) out.push_back(stored);
  }
  return out;
}

}  // namespace

WallTime last_seen(JsonView event) {
  WallTime latest{};
  const JsonView candidates[] = {event["lastTimestamp"], event["eventTime"],
                                 event["series"]["lastObservedTime"], event["metadata"]["creationTimestamp"]};
  for (const auto& candidate : candidates) {
    const auto time = parse_time(candidate.string());
    if (time.ok()) latest = std::max(latest, *time);
  }
  return latest;
}

Task<void> run_event_expiry(Parts* parts) {
  while (true) {
    co_await parts->clock->sleep_for(kInterval);
    const auto resource = parts->registry.find("", "events");
    if (resource == nullptr) continue;
    const auto expired = expired_events(*parts, *resource);
    for (const auto& stored : expired) {
      const JsonView metadata = stored->value["metadata"];
      Request request = own_request(Verb::Delete, *resource, std::string(metadata["namespace"].string()),
                                    std::string(metadata["name"].string()));
      // One that has just happened again stays.
      request.remove.precondition_resource_version = std::string(metadata["resourceVersion"].string());
      auto done = co_await parts->server->handle(std::move(request));
      if (!done.ok() && done.status().code() >= 500) break;
    }
  }
}

}  // namespace heirloom::server
