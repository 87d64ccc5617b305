// What a Namespace holds, and which instances a CustomResourceDefinition has, as the server knows it now. Read after the
// object itself, and only when somebody is about to delete it and has to know.
#pragma once

#include "apis/resource_names.h"
#include "apis/sharer_key.h"
#include "base/json.h"
#include "base/result.h"
#include "dispatcher/environment.h"
#include "policies/contents.h"

namespace heirloom::dispatcher {

// More objects than this are not looked at: Contents::complete is false then.
inline constexpr std::size_t kMaxInside = 20'000;

// `object`: the Namespace or definition as read. Asks as the controller itself, uncached, for metadata alone: one request
// per kind of the cluster for a Namespace, one per 500 objects beyond. Error: something could not be looked at, naming
// it; then nothing may be concluded.
Task<Result<policies::Contents>> look_inside(const Environment* environment, ObjectKey key, Json object,
                                             SharerKey leaver);

}  // namespace heirloom::dispatcher
