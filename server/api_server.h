// ApiServer: the embedded Kubernetes API server. One object that owns its registry, handlers and background
// controllers (namespace content, garbage, definitions), over a Store that the caller owns. Used alike by
// standalone, apiserver, tests and the simulation.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "server/registry.h"
#include "server/request.h"
#include "server/response.h"

namespace heirloom::server {

class Store;

// What a mutating admission webhook would make of an object that is about to be created (`before` is null) or changed; the
// same object when it leaves it alone. Asked for writes of whole objects, not of subresources. What it makes is validated,
// not defaulted again.
using MutateHook = std::function<Json(const Resource& resource, const Json& object, const Json& before)>;

struct ApiServerOptions {
  bool controllers = true;                     // namespace lifecycle, garbage collection, expiry of Events
  Duration event_ttl = std::chrono::hours(1);  // as kube-apiserver
  // How long a watch lives when the client names no timeoutSeconds; Kubernetes draws from [min, 2 * min).
  Duration watch_timeout_min = std::chrono::minutes(30);
  Duration bookmark_interval = std::chrono::minutes(1);
  MutateHook mutate;  // may be empty
};

class ApiServer {
 public:
  // Everything passed outlives the server. Nothing happens before start().
  ApiServer(Executor executor, Clock* clock, Random* random, Store* store, Metrics* metrics,
            ApiServerOptions options = {});
  ~ApiServer();  // after stop() or abandon()
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  // Reads definitions from the (opened) store, creates the system namespaces, starts the controllers. Error:
  // the store's. When it has returned well the server is ready.
  Task<Status> start();
  // Ends watches and controllers; requests already being handled finish.
  Task<void> stop();
  // A simulated crash: no destructor of a task has an effect.
  void abandon();

  // One request on a resource; see Request. The Status is what the client gets.
  Task<Result<Response>> handle(Request request);

  // Whether the path and verb of the request exist; handle() checks the same first.
  Status check_route(const Request& request) const;

  // Everything else a client may GET, by path without query: discovery documents, /version. Error: NotFound.
  Result<Json> document(std::string_view path);

  // Success when requests are served and writes are taken; otherwise why not.
  Status ready() const;
  const Registry& registry() const;

  struct Parts;  // what handlers share; server/parts.h

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace heirloom::server
