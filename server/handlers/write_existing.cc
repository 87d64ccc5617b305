#include "server/handlers/write_existing.h"

#include <utility>

#include "server/conversion.h"
#include "server/errors.h"
#include "server/keys.h"
#include "server/pipeline.h"

namespace heirloom::server {
namespace {

// Each lost race means that somebody else's write went through, so this many in a row are an overload.
constexpr int kAttempts = 100;

Response answer(const Call& call, const Json& object) {
  Response response;
  response.body = to_version(*call.resource, *call.version, object);
  return response;
}

}  // namespace

Task<Result<Response>> write_existing(Parts* parts, Call call, Change change, bool patched) {
  const std::string key = object_key(*call.resource, call.request.ns, call.request.name);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto stored = parts->store->get(key);
    if (stored == nullptr) co_return not_found(*call.resource, call.request.name);
    const Json current = to_version(*call.resource, *call.version, stored->value);
    CO_TRY(const Json wanted, change(current));
    CO_TRY(Proposal proposal, prepare_update(call, wanted, stored->value, patched));
    if (proposal.outcome == Proposal::Outcome::Unchanged || call.request.write.dry_run) {
      co_return answer(call, proposal.object);
    }
    const Json object = proposal.object;
    Write write;
    write.key = key;
    write.expected = stored->mod_revision;
    if (proposal.outcome == Proposal::Outcome::Store) write.value = std::move(proposal.object);
    auto done = co_await parts->store->commit(std::move(write));
    if (done.ok()) co_return answer(call, done->object ? done->object->value : object);
    if (!is_conflict(done.status()) && !is_not_found(done.status())) co_return std::move(done).status();
  }
  co_return modified_conflict(*call.resource, call.request.name);
}

}  // namespace heirloom::server
