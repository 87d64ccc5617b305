// The reflector's rules: no I/O here, so that each is a row of a table in reflector_test.cc.
#include <algorithm>
#include <type_traits>

#include "base/assert.h"
#include "kube/reflector.h"

namespace heirloom::kube::reflector {
namespace {

constexpr Duration kFirstBackoff = std::chrono::milliseconds(800);
constexpr Duration kMaxBackoff = std::chrono::seconds(30);

Step read_page(Memory memory, std::string resource_version, std::string continue_token) {
  ReadPage effect;
  effect.resource_version = resource_version;
  effect.continue_token = continue_token;
  effect.first = continue_token.empty();
  return {Listing{std::move(resource_version), std::move(continue_token)}, std::move(memory),
          std::move(effect)};
}

Step open_watch(Memory memory, std::string resource_version) {
  OpenWatch effect{resource_version};
  return {Watching{std::move(resource_version)}, std::move(memory), std::move(effect)};
}

Step pause(Memory memory, Resting then, const Status& error) {
  ++memory.failures;
  memory.error = error;
  Pause effect{memory.failures, error.details().retry_after_seconds};
  return {Backoff{std::move(then)}, std::move(memory), effect};
}

Step enter(const Resting& state, Memory memory) {
  if (const auto* relist = std::get_if<Relist>(&state)) {
    std::string from = relist->not_older_than;
    return read_page(std::move(memory), std::move(from), {});
  }
  if (const auto* watching = std::get_if<Watching>(&state)) {
    std::string from = watching->resource_version;
    return open_watch(std::move(memory), std::move(from));
  }
  return read_page(std::move(memory), "", {});
}

// A server that lags behind what we have seen answers 504 with this cause: waiting for it may take for ever.
bool is_version_too_large(const Status& status) {
  return status.has_cause("ResourceVersionTooLarge") ||
         status.message().find("Too large resource version") != std::string::npos;
}

Step list_failed(const Listing& listing, Memory memory, const Status& status) {
  // The token or version is no longer kept: ask for the newest. At once the first time; a server that answers
  // 410 to everything meets a back-off.
  if (is_expired(status) || is_version_too_large(status)) {
    const bool newest = listing.requested.empty() && listing.continue_token.empty();
    if (newest || memory.failures > 0) return pause(std::move(memory), Relist{}, status);
    ++memory.failures;
    memory.error = status;
    return read_page(std::move(memory), "", {});
  }
  if (memory.last_seen.empty()) return pause(std::move(memory), Start{}, status);
  Relist again{memory.last_seen};
  return pause(std::move(memory), std::move(again), status);
}

Step on_listing(const Listing& listing, Memory memory, const Observation& seen) {
  if (const auto* failed = std::get_if<ListFailed>(&seen))
    return list_failed(listing, std::move(memory), failed->status);
  const auto* page = std::get_if<PageRead>(&seen);
  HEIRLOOM_ASSERT(page != nullptr);
  if (!page->continue_token.empty())
    return read_page(std::move(memory), listing.requested, page->continue_token);
  memory.last_seen = page->resource_version;
  memory.synced = true;
  memory.error = Status();
  Step next = open_watch(std::move(memory), page->resource_version);
  next.list_completed = true;
  return next;
}

Step watch_failed(const Watching& watching, Memory memory, const Status& status, bool worked) {
  if (worked) memory.failures = 0;
  if (is_expired(status) || is_version_too_large(status)) {
    // What the sink reflects is too old to resume from. Not older than that is what "not older than" would be
    // refused for as well, so list from the quorum. A watch that failed so without showing anything is not
    // retried in a rush.
    if (memory.failures > 0) return pause(std::move(memory), Relist{}, status);
    ++memory.failures;
    memory.error = status;
    return read_page(std::move(memory), "", {});
  }
  if (is_not_found(status)) return pause(std::move(memory), Relist{}, status);
  Watching again{watching.resource_version};
  // A stream that had worked and broke is resumed at once, the first time.
  if (worked) {
    memory.failures = 1;
    memory.error = status;
    return open_watch(std::move(memory), watching.resource_version);
  }
  return pause(std::move(memory), std::move(again), status);
}

Step on_watching(Watching watching, Memory memory, const Observation& seen) {
  if (const auto* failed = std::get_if<WatchFailed>(&seen))
    return watch_failed(watching, std::move(memory), failed->status, watching.progress || failed->lasted);
  if (std::holds_alternative<WatchOpened>(seen)) {
    watching.open = true;
    memory.error = Status();
    return {std::move(watching), std::move(memory), NextEvent{}};
  }
  if (const auto* event = std::get_if<EventSeen>(&seen)) {
    // An event without a version (a strange server) is delivered, but cannot be resumed from.
    if (!event->resource_version.empty()) {
      watching.resource_version = event->resource_version;
      memory.last_seen = event->resource_version;
    }
    watching.progress = true;
    memory.failures = 0;
    return {std::move(watching), std::move(memory), NextEvent{}};
  }
  const auto* ended = std::get_if<WatchEnded>(&seen);
  HEIRLOOM_ASSERT(ended != nullptr);
  // The normal end of a watch. One that ended soon without having shown anything, repeatedly, is opened again
  // after a pause: a proxy that closes at once must not make us spin.
  const bool worked = watching.progress || ended->lasted;
  if (worked || memory.failures == 0) {
    memory.failures = worked ? 0 : 1;
    return open_watch(std::move(memory), watching.resource_version);
  }
  Watching again{watching.resource_version};
  return pause(std::move(memory), std::move(again), unreachable("the watch ended at once, repeatedly"));
}

}  // namespace

Step step(State state, Memory memory, const Observation& seen) {
  if (auto* listing = std::get_if<Listing>(&state)) return on_listing(*listing, std::move(memory), seen);
  if (auto* watching = std::get_if<Watching>(&state))
    return on_watching(std::move(*watching), std::move(memory), seen);
  HEIRLOOM_ASSERT(std::holds_alternative<Go>(seen));
  if (auto* backoff = std::get_if<Backoff>(&state)) return enter(backoff->then, std::move(memory));
  if (auto* relist = std::get_if<Relist>(&state)) return enter(Resting(*relist), std::move(memory));
  return enter(Resting(Start{}), std::move(memory));
}

Duration backoff(int failures) {
  Duration pause = kFirstBackoff;
  for (int i = 1; i < failures && pause < kMaxBackoff; ++i) pause *= 2;
  return std::min(pause, kMaxBackoff);
}

}  // namespace heirloom::kube::reflector
