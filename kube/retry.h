// RetryingApi: the one place that asks again. A decorator over any Api.
//
// Asked again: every request the server refused before acting on it (429), after its Retry-After; reads (get,
// list, raw GET) and dry runs also after 500, 502, 503, 504 and connection errors. Never a write whose
// outcome is unknown: that Status goes to the caller, who reads and decides anew. watch() is passed on once:
// the reflector has its own pace. A window of requests in flight (additive increase, multiplicative decrease
// on 429 and timeouts) keeps us from drowning a slow server; watches do not count.
#pragma once

#include <memory>
#include <optional>

#include "base/metrics.h"
#include "base/random.h"
#include "base/signal.h"
#include "kube/api.h"

namespace heirloom::kube {

struct RetryOptions {
  int max_attempts = 6;
  Duration first_backoff = std::chrono::milliseconds(100);  // doubles per attempt
  Duration max_backoff = std::chrono::seconds(10);
  double jitter = 0.5;                                  // each pause is in [d, 1.5 d)
  Duration max_total = std::chrono::seconds(60);        // no attempt starts later; a call's own deadline wins
  Duration max_retry_after = std::chrono::seconds(30);  // a longer Retry-After is returned to the caller
  int min_window = 4;
  int max_window = 256;
  int initial_window = 32;
};

// The pause before the next attempt (before jitter), or nullopt when the Status is final. `attempt` counts
// from 1.
std::optional<Duration> retry_pause(const Status& status, bool repeatable, int attempt,
                                    const RetryOptions& options);

class RetryingApi final : public Api {
 public:
  // All outlive this, and this outlives its calls; metrics may be null.
  RetryingApi(Executor executor, Api* below, Clock* clock, Random* random, Metrics* metrics,
              RetryOptions options = RetryOptions());
  ~RetryingApi() override;

  Task<Result<Json>> get(ObjectRef ref, GetOptions options) override;
  Task<Result<ListPage>> list(Collection collection, ListOptions options) override;
  Task<Result<std::unique_ptr<Watch>>> watch(Collection collection, WatchOptions options) override;
  Task<Result<Json>> create(Collection collection, Json body, WriteOptions options) override;
  Task<Result<Json>> update(ObjectRef ref, Json body, WriteOptions options) override;
  Task<Result<Json>> patch(ObjectRef ref, PatchType type, Json patch, WriteOptions options) override;
  Task<Result<Json>> remove(ObjectRef ref, RemoveOptions options) override;
  Task<Result<RawResponse>> raw(RawRequest request) override;

  int window() const;  // requests allowed in flight now
  int in_flight() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace heirloom::kube
