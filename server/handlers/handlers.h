// One function per verb. Reads answer at once from memory; writes wait for the commit. The caller has checked
// that the verb exists for the path and that the identity may do it.
#pragma once

#include "server/parts.h"

namespace heirloom::server {

Result<Response> handle_get(Parts& parts, const Call& call);
Result<Response> handle_list(Parts& parts, const Call& call);
Result<Response> handle_watch(Parts& parts, const Call& call);
Task<Result<Response>> handle_create(Parts* parts, Call call);
Task<Result<Response>> handle_update(Parts* parts, Call call);
Task<Result<Response>> handle_patch(Parts* parts, Call call);
Task<Result<Response>> handle_delete(Parts* parts, Call call);
Task<Result<Response>> handle_delete_collection(Parts* parts, Call call);

}  // namespace heirloom::server
