// One reconciliation of one ClaimClass: the definition of its claim kind, the objects it keeps, and its status.
#pragma once

#include "apis/sharer_key.h"
#include "core/application/context.h"
#include "core/claim/claims.h"
#include "kube/controller.h"

namespace heirloom::core {

Task<Result<kube::Requeue>> reconcile_claim_class(Context* context, Claims* claims, SharerKey key);

}  // namespace heirloom::core
