#include "core/promise/promise_pass.h"
namespace heirloom::core {
Task<Result<kube::Requeue>> reconcile_promise(Context*, Claims*, SharerKey) { co_return kube::Requeue::none(); }
}  // namespace heirloom::core
