#include "kube/testing/scripted_api.h"

#include <fmt/format.h>

namespace heirloom::kube::testing {
namespace {

std::string on(const ObjectRef& ref) {
  return fmt::format("{} {}{}{}", ref.resource.resource, ref.ns, ref.ns.empty() ? "" : "/", ref.name);
}

template <class T>
Result<T> pop(std::deque<Result<T>>& queue) {
  if (queue.empty()) return internal_error("not scripted");
  Result<T> first = std::move(queue.front());
  queue.pop_front();
  return first;
}

class ScriptedWatch final : public Watch {
 public:
  ScriptedWatch(Clock* clock, ScriptedApi::WatchScript script) : clock_(clock), script_(std::move(script)) {}
  Task<Result<std::optional<WatchEvent>>> next() override {
    while (at_ == script_.size()) co_await clock_->sleep_for(std::chrono::hours(24));
    co_return script_[at_++];
  }

 private:
  Clock* clock_;
  ScriptedApi::WatchScript script_;
  std::size_t at_ = 0;
};

}  // namespace

Task<Result<Json>> ScriptedApi::next_object(std::string call) {
  calls.push_back(std::move(call));
  if (latency > Duration::zero()) co_await clock_->sleep_for(latency);
  co_return pop(objects);
}

Task<Result<Json>> ScriptedApi::get(ObjectRef ref, GetOptions) { return next_object("get " + on(ref)); }

Task<Result<ListPage>> ScriptedApi::list(Collection collection, ListOptions options) {
  calls.push_back(fmt::format("list {} rv={} limit={} continue={}", collection.resource.resource,
                              options.resource_version, options.limit, options.continue_token));
  if (latency > Duration::zero()) co_await clock_->sleep_for(latency);
  co_return pop(pages);
}

Task<Result<std::unique_ptr<Watch>>> ScriptedApi::watch(Collection collection, WatchOptions options) {
  calls.push_back(fmt::format("watch {} rv={}", collection.resource.resource, options.resource_version));
  if (latency > Duration::zero()) co_await clock_->sleep_for(latency);
  Result<WatchScript> script = pop(watches);
  if (!script.ok()) co_return std::move(script).status();
  std::unique_ptr<Watch> watch = std::make_unique<ScriptedWatch>(clock_, std::move(script).value());
  co_return watch;
}

Task<Result<Json>> ScriptedApi::create(Collection collection, Json body, WriteOptions options) {
  write_deadlines.push_back(options.deadline);
  bodies.push_back(body);
  return next_object(fmt::format("create {} {}", collection.resource.resource, collection.ns));
}

Task<Result<Json>> ScriptedApi::update(ObjectRef ref, Json body, WriteOptions options) {
  write_deadlines.push_back(options.deadline);
  bodies.push_back(body);
  return next_object("update " + on(ref));
}

Task<Result<Json>> ScriptedApi::patch(ObjectRef ref, PatchType, Json patch, WriteOptions options) {
  write_deadlines.push_back(options.deadline);
  bodies.push_back(patch);
  return next_object("patch " + on(ref));
}

Task<Result<Json>> ScriptedApi::remove(ObjectRef ref, RemoveOptions options) {
  write_deadlines.push_back(options.deadline);
  return next_object("remove " + on(ref));
}

Task<Result<RawResponse>> ScriptedApi::raw(RawRequest request) {
  calls.push_back("raw " + request.path);
  if (latency > Duration::zero()) co_await clock_->sleep_for(latency);
  co_return pop(raws);
}

}  // namespace heirloom::kube::testing
