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
  const Status admitted = options.dry_run ? Status() : admit(options);
  if (!admitted.ok()) return refuse<Json>(admitted);
  return below_->create(std::move(collection), std::move(body), std::move(options));
}

Task<Result<Json>> FencedApi::update(ObjectRef ref, Json body, WriteOptions options) {
  const Status admitted = options.dry_run ? Status() : admit(options);
  if (!admitted.ok()) return refuse<Json>(admitted);
  return below_->update(std::move(ref), std::move(body), std::move(options));
}

Task<Result<Json>> FencedApi::patch(ObjectRef ref, PatchType type, Json patch, WriteOptions options) {
  const Status admitted = options.dry_run ? Status() : admit(options);
  if (!admitted.ok()) return refuse<Json>(admitted);
  return below_->patch(std::move(ref), type, std::move(patch), std::move(options));
}

Task<Result<Json>> FencedApi::remove(ObjectRef ref, RemoveOptions options) {
  const Status admitted = options.dry_run ? Status() : admit(options);
  if (!admitted.ok()) return refuse<Json>(admitted);
  return below_->remove(std::move(ref), std::move(options));
}

Task<Result<RawResponse>> FencedApi::raw(RawRequest request) {
  const Status admitted = request.method == "GET" ? Status() : admit(request);
  if (!admitted.ok()) return refuse<RawResponse>(admitted);
  return below_->raw(std::move(request));
}

}  // namespace heirloom::kube
