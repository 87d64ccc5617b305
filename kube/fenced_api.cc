#include "kube/fenced_api.h"

#include <algorithm>
#include <utility>

namespace heirloom::kube {
namespace {

template <class T>
Task<Result<T>> refuse(Status status) {
  co_return status;
}

}  // namespace

// A write under way. When its frame goes without an answer, its outcome is unknown until its deadline.
class FencedApi::Sent {
 public:
  Sent(FencedApi* fence, MonotonicTime deadline) : fence_(fence), deadline_(deadline) {
    ++fence_->under_way_;
  }
  ~Sent() {
    --fence_->under_way_;
    if (!known_) fence_->unknown_until_ = std::max(fence_->unknown_until_, deadline_);
  }
  Sent(const Sent&) = delete;
  Sent& operator=(const Sent&) = delete;
  void ended(const Status& status) { known_ = !is_outcome_unknown(status); }

 private:
  FencedApi* fence_;
  MonotonicTime deadline_;
  bool known_ = false;
};

template <class T>
Task<Result<T>> FencedApi::follow(Task<Result<T>> write, MonotonicTime deadline) {
  Sent sent(this, deadline);
  Result<T> result = co_await std::move(write);
  sent.ended(result.ok() ? Status() : result.status());
  co_return result;
}

bool FencedApi::settled() const { return under_way_ == 0 && clock_->monotonic() >= unknown_until_; }

Status FencedApi::admit(CallOptions& options) const {
  const std::optional<MonotonicTime> until = leader_until_();
  if (!until.has_value()) return unreachable("not sent: this process is not the leader");
  const MonotonicTime usual = clock_->monotonic() + write_timeout_;
  options.deadline = std::min(options.deadline.value_or(usual), *until);
  return {};
}

Task<Result<Json>> FencedApi::get(ObjectRef ref, GetOptions options) {
  return below_->get(std::move(ref), std::move(options));
}

Task<Result<ListPage>> FencedApi::list(Collection collection, ListOptions options) {
  return below_->list(std::move(collection), std::move(options));
}

Task<Result<std::unique_ptr<Watch>>> FencedApi::watch(Collection collection, WatchOptions options) {
  return below_->watch(std::move(collection), std::move(options));
}

Task<Result<Json>> FencedApi::create(Collection collection, Json body, WriteOptions options) {
  if (options.dry_run) return below_->create(std::move(collection), std::move(body), std::move(options));
  const Status admitted = admit(options);
  if (!admitted.ok()) return refuse<Json>(admitted);
  const MonotonicTime deadline = *options.deadline;
  return follow(below_->create(std::move(collection), std::move(body), std::move(options)), deadline);
}

Task<Result<Json>> FencedApi::update(ObjectRef ref, Json body, WriteOptions options) {
  if (options.dry_run) return below_->update(std::move(ref), std::move(body), std::move(options));
  const Status admitted = admit(options);
  if (!admitted.ok()) return refuse<Json>(admitted);
  const MonotonicTime deadline = *options.deadline;
  return follow(below_->update(std::move(ref), std::move(body), std::move(options)), deadline);
}

Task<Result<Json>> FencedApi::patch(ObjectRef ref, PatchType type, Json patch, WriteOptions options) {
  if (options.dry_run) return below_->patch(std::move(ref), type, std::move(patch), std::move(options));
  const Status admitted = admit(options);
  if (!admitted.ok()) return refuse<Json>(admitted);
  const MonotonicTime deadline = *options.deadline;
  return follow(below_->patch(std::move(ref), type, std::move(patch), std::move(options)), deadline);
}

Task<Result<Json>> FencedApi::remove(ObjectRef ref, RemoveOptions options) {
  if (options.dry_run) return below_->remove(std::move(ref), std::move(options));
  const Status admitted = admit(options);
  if (!admitted.ok()) return refuse<Json>(admitted);
  const MonotonicTime deadline = *options.deadline;
  return follow(below_->remove(std::move(ref), std::move(options)), deadline);
}

Task<Result<RawResponse>> FencedApi::raw(RawRequest request) {
  if (request.method == "GET") return below_->raw(std::move(request));
  const Status admitted = admit(request);
  if (!admitted.ok()) return refuse<RawResponse>(admitted);
  const MonotonicTime deadline = *request.deadline;
  return follow(below_->raw(std::move(request)), deadline);
}

}  // namespace heirloom::kube
