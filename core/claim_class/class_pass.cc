#include "core/claim_class/class_pass.h"
namespace heirloom::core {
Task<Result<kube::Requeue>> reconcile_claim_class(Context*, Claims*, SharerKey) { co_return kube::Requeue::none(); }
}  // namespace heirloom::core
