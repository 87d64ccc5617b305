// What becomes of a definition whose Promise is gone: the one that was installed for it goes along, when nobody would lose
// anything by that.
#pragma once

#include "apis/sharer_key.h"
#include "core/application/context.h"
#include "core/claim/claims.h"
#include "kube/controller.h"

namespace heirloom::core {

// `key`: of a Promise that is not in the cache. Level-triggered: asked again when the last claim of the kind leaves, and
// after a restart.
Task<Result<kube::Requeue>> end_definition(Context* context, Claims* claims, SharerKey key);

}  // namespace heirloom::core
