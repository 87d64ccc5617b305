// authorization.k8s.io/v1: reviews, answered at once and never stored. `kubectl auth can-i` asks one.
#pragma once

#include "server/parts.h"

namespace heirloom::server {

inline constexpr std::string_view kAuthorizationGroup = "authorization.k8s.io";

// Whether the request is for a review that is served.
bool is_access_review(const Request& request);
// Errors: Forbidden (asking about others is for administrators), Invalid.
Result<Response> handle_access_review(Parts& parts, const Request& request);

}  // namespace heirloom::server
