// What the dispatcher works with: the seams and the caches of one controller instance. Values and pointers only; the
// instance (core/controller.h) owns everything and outlives every task.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/task.h"
#include "base/task_scope.h"
#include "kube/api.h"
#include "kube/events.h"
#include "kube/rest_mapper.h"

namespace heirloom::dispatcher {

struct Options {
  // A sharer that is not there is dead only when it still is not there after this.
  Duration dead_grace = std::chrono::seconds(10);
  // Requests of one application under way at once.
  int concurrency = 10;
  // A mutating request that has not been answered after this has an unknown outcome; the server gives up a little
  // earlier (kube::Api sends ?timeout= below it).
  Duration write_timeout = std::chrono::seconds(15);
  // Lost compare-and-swaps in a row before the application steps back.
  int max_attempts = 5;
  // Never deleted, besides `default` and `kube-*`; a name may end in an asterisk.
  std::vector<std::string> protected_namespaces;
  // Every Namespace is treated as if a rule said keepNonEmptyNamespace.
  bool keep_non_empty_namespaces = false;
};

struct Environment {
  Executor executor;
  kube::Api* api = nullptr;         // with retries
  kube::RestMapper* mapper = nullptr;
  Clock* clock = nullptr;
  Random* random = nullptr;
  Metrics* metrics = nullptr;
  kube::EventRecorder* events = nullptr;
  TaskScope* scope = nullptr;       // watches live in it
  Options options;
};

}  // namespace heirloom::dispatcher
