// One reconciliation of one Promise: the definition that it embeds is installed, and whether somebody serves it is said.
#pragma once

#include "apis/sharer_key.h"
#include "core/application/context.h"
#include "core/claim/claims.h"
#include "kube/controller.h"

namespace heirloom::core {

Task<Result<kube::Requeue>> reconcile_promise(Context* context, Claims* claims, SharerKey key);

}  // namespace heirloom::core
