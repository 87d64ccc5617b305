// ScriptedApi: answers what a test put in line, in order, and remembers what was asked. For unit tests of
// what stands on top of an Api; the test double that behaves like a server is the embedded server.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kube/api.h"

namespace heirloom::kube::testing {

class ScriptedApi final : public Api {
 public:
  // A watch gives these, then waits for ever (until its task is cancelled).
  using WatchScript = std::vector<Result<std::optional<WatchEvent>>>;

  explicit ScriptedApi(Clock* clock) : clock_(clock) {}

  // Answers, per kind of call; a call without one is InternalError "not scripted".
  std::deque<Result<Json>> objects;  // get, create, update, patch, remove
  std::deque<Result<ListPage>> pages;
  std::deque<Result<WatchScript>> watches;
  std::deque<Result<RawResponse>> raws;
  Duration latency = Duration::zero();  // of every call

  // "get configmaps default/a", "list configmaps rv=0 limit=500 continue=", "raw /api", ...
  std::vector<std::string> calls;
  std::vector<Json> bodies;  // of create, update, patch
  std::vector<std::optional<MonotonicTime>> write_deadlines;

  Task<Result<Json>> get(ObjectRef ref, GetOptions options) override;
  Task<Result<ListPage>> list(Collection collection, ListOptions options) override;
  Task<Result<std::unique_ptr<Watch>>> watch(Collection collection, WatchOptions options) override;
  Task<Result<Json>> create(Collection collection, Json body, WriteOptions options) override;
  Task<Result<Json>> update(ObjectRef ref, Json body, WriteOptions options) override;
  Task<Result<Json>> patch(ObjectRef ref, PatchType type, Json patch, WriteOptions options) override;
  Task<Result<Json>> remove(ObjectRef ref, RemoveOptions options) override;
  Task<Result<RawResponse>> raw(RawRequest request) override;

 private:
  Task<Result<Json>> next_object(std::string call);
  Clock* clock_;
};

}  // namespace heirloom::kube::testing
