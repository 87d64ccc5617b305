// FencedApi: a decorator that lets a process write only while its lease lasts. A write gets a deadline before
// the end of the lease (so the server gives it up by then as well), and none is begun without leadership:
// that is Unreachable, and nothing was sent. Reads and dry runs pass. Belongs beneath the retries: each
// attempt is looked at. It also knows whether a write may still land, so that a lease is not given back
// before.
#pragma once

#include <functional>
#include <optional>

#include "kube/api.h"

namespace heirloom::kube {

class FencedApi final : public Api {
 public:
  // leader_until: as LeaderElector::leader_until. Clock and `below` outlive this.
  FencedApi(Api* below, Clock* clock, std::function<std::optional<MonotonicTime>()> leader_until,
            Duration write_timeout = std::chrono::seconds(15))
      : below_(below), clock_(clock), leader_until_(std::move(leader_until)), write_timeout_(write_timeout) {}

  Task<Result<Json>> get(ObjectRef ref, GetOptions options) override;
  Task<Result<ListPage>> list(Collection collection, ListOptions options) override;
  Task<Result<std::unique_ptr<Watch>>> watch(Collection collection, WatchOptions options) override;
  Task<Result<Json>> create(Collection collection, Json body, WriteOptions options) override;
  Task<Result<Json>> update(ObjectRef ref, Json body, WriteOptions options) override;
  Task<Result<Json>> patch(ObjectRef ref, PatchType type, Json patch, WriteOptions options) override;
  Task<Result<Json>> remove(ObjectRef ref, RemoveOptions options) override;
  Task<Result<RawResponse>> raw(RawRequest request) override;

  // Every write that was sent has been answered, or its time is over: none can land from now on.
  bool settled() const;

 private:
  class Sent;
  // Shortens the deadline; an error when there is no leadership.
  Status admit(CallOptions& options) const;
  template <class T>
  Task<Result<T>> follow(Task<Result<T>> write, MonotonicTime deadline);

  Api* below_;
  Clock* clock_;
  std::function<std::optional<MonotonicTime>()> leader_until_;
  Duration write_timeout_;
  int under_way_ = 0;
  MonotonicTime unknown_until_;  // by then a write whose outcome we do not know has landed, or never will
};

}  // namespace heirloom::kube
