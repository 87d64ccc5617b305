// FaultApi: an Api beneath the retries that fails as a FaultPlan says: for simulation.
//
// It knows every way a call can end: refused before it was done, done but answered with an error, not done
// though the error says "unknown", done later than the error, answered from a cache that lags; and every way a
// watch can: cut, expired, slow, with an event told twice, with a bookmark at any time, with an event left out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/task_scope.h"
#include "kube/api.h"

namespace heirloom::kube::testing {

struct Call {
  std::uint64_t number = 0;  // counts from 1
  std::string verb;          // get list watch create update patch remove raw
  std::string resource;      // plural
  std::string ns;
  std::string name;
  std::string subresource;
  bool mutating = false;  // and not a dry run
  std::optional<MonotonicTime> deadline;  // as the caller set it
  // "12 patch deployments/status team-a/web"
  std::string to_string() const;
};

struct Fault {
  enum class Kind {
    Pass,
    Fail,       // not done; answer `status`
    Ambiguous,  // done; answer `status` (Timeout or Unreachable)
    Late,  // answer `status` now, do it `delay` later (within the request's own ?timeout=, if the plan is
           // fair; after the caller's own deadline it is not done at all)
    Stale,     // a list that may be answered from a cache is: what an earlier one gave, if one did
    Repeat,    // watches: the last event again
    Bookmark,  // watches: a bookmark that says what the last event said
    Drop,      // watches: the next event is left out, as no correct server does; a bookmark hides the gap
  };
  Kind kind = Kind::Pass;
  Status status;
  Duration delay = Duration::zero();  // Pass, Fail, Ambiguous: wait before; Late: after the answer
};

// What happens to a watch before its next event: Pass (after `delay`), Fail (the stream breaks with `status`),
// Repeat, Bookmark or Drop.
class FaultPlan {
 public:
  virtual ~FaultPlan() = default;
  virtual Fault before(const Call& call) = 0;
  virtual Fault before_event(const Call& watch) = 0;
};

class FaultApi final : public Api {
 public:
  // All outlive this. Late writes run in `scope`. trace gets one line per call and per fault; may be empty.
  FaultApi(TaskScope* scope, Api* below, Clock* clock, FaultPlan* plan,
           std::function<void(std::string)> trace = {});
  ~FaultApi() override;

  Task<Result<Json>> get(ObjectRef ref, GetOptions options) override;
  Task<Result<ListPage>> list(Collection collection, ListOptions options) override;
  Task<Result<std::unique_ptr<Watch>>> watch(Collection collection, WatchOptions options) override;
  Task<Result<Json>> create(Collection collection, Json body, WriteOptions options) override;
  Task<Result<Json>> update(ObjectRef ref, Json body, WriteOptions options) override;
  Task<Result<Json>> patch(ObjectRef ref, PatchType type, Json patch, WriteOptions options) override;
  Task<Result<Json>> remove(ObjectRef ref, RemoveOptions options) override;
  Task<Result<RawResponse>> raw(RawRequest request) override;

  std::uint64_t calls() const;
  std::uint64_t mutating_calls() const;

  struct State;  // of fault_api.cc

 private:
  std::shared_ptr<State> state_;
};

}  // namespace heirloom::kube::testing
