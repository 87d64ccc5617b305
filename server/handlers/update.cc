#include <utility>

#include "server/handlers/write_existing.h"
#include "server/keys.h"
#include "server/strategy.h"

namespace heirloom::server {
namespace {

Change replace_by(Json body) {
  return [body = std::move(body)](const Json&) -> Result<Json> { return body; };
}

bool creates_when_absent(Parts& parts, const Call& call) {
  if (!strategy_of(*call.resource).create_on_update || !call.request.subresource.empty()) return false;
  return parts.store->get(object_key(*call.resource, call.request.ns, call.request.name)) == nullptr;
}

}  // namespace

Task<Result<Response>> handle_update(Parts* parts, Call call) {
  if (creates_when_absent(*parts, call)) {
    auto created = co_await handle_create(parts, call);
    co_return created;
  }
  Change change = replace_by(call.request.body);
  auto updated = co_await write_existing(parts, std::move(call), std::move(change), false);
  co_return updated;
}

}  // namespace heirloom::server
