// What the handlers and background controllers of one ApiServer share.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/signal.h"
#include "base/task_scope.h"
#include "server/api_server.h"
#include "server/registry.h"
#include "server/store/store.h"

namespace heirloom::server {

struct ApiServer::Parts {
  Parts(Executor executor, Clock* the_clock, Random* the_random, Store* the_store, Metrics* the_metrics,
        ApiServerOptions the_options)
      : clock(the_clock),
        random(the_random),
        store(the_store),
        metrics(the_metrics),
        options(the_options),
        scope(executor) {}

  Clock* clock;
  Random* random;
  Store* store;
  Metrics* metrics;
  ApiServerOptions options;
  Registry registry;
  TaskScope scope;
  ApiServer* server = nullptr;
  // Shared with watch streams, which may outlive the server.
  std::shared_ptr<bool> stopping = std::make_shared<bool>(false);
  bool ready = false;
};

using Parts = ApiServer::Parts;

// A request whose resource is known to be served.
struct Call {
  Request request;
  ResourcePtr resource;
  const ResourceVersionInfo* version = nullptr;  // of resource
  const MutateHook* mutate = nullptr;            // null: nobody interferes
};

}  // namespace heirloom::server
