// Events are kept for a while only: without an end they would fill the store (kube-apiserver: --event-ttl,
// one hour).
#pragma once

#include "server/parts.h"

namespace heirloom::server {

// Runs until cancelled; deletes Events that nobody has touched for ApiServerOptions::event_ttl.
Task<void> run_event_expiry(Parts* parts);

// When the Event last happened: the latest of its timestamps. The beginning of time for one without any.
// Pure.
WallTime last_seen(JsonView event);

}  // namespace heirloom::server
