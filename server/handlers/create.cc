#include <utility>

#include "server/conversion.h"
#include "server/errors.h"
#include "server/handlers/handlers.h"
#include "server/handlers/life_cycle.h"
#include "server/keys.h"
#include "server/metadata.h"
#include "server/pipeline.h"

namespace heirloom::server {
namespace {

// A generated name that is taken is drawn again; 27^5 suffixes make more than two draws a wonder.
constexpr int kNameAttempts = 8;

Status name_taken(Parts& parts, const Call& call, const std::string& key, const std::string& name) {
  auto status = already_exists(*call.resource, name);
  const auto stored = parts.store->get(key);
  if (stored == nullptr || !is_deleting(stored->value)) return status;
  return annotate(std::move(status), "object is being deleted");
}

Response created(const Call& call, const Json& object) {
  Response response;
  response.code = 201;
  response.body = to_version(*call.resource, *call.version, object);
  return response;
}

}  // namespace

Task<Result<Response>> handle_create(Parts* parts, Call call) {
  const Json body = call.request.body;
  for (int attempt = 1;; ++attempt) {
    CO_TRY_VOID(check_namespace_takes_content(*parts, call));
    CO_TRY_VOID(check_definition_takes_objects(*parts, call));
    CreateFacts facts;
    facts.uid = parts->random->uuid();
    facts.time = format_time(parts->clock->now());
    facts.name_suffix = parts->random->name_suffix();
    CO_TRY(Json object, prepare_create(call, body, facts));
    const std::string name(object["metadata"]["name"].string());
    const std::string key = object_key(*call.resource, call.request.ns, name);
    if (call.request.write.dry_run) {
      if (parts->store->get(key) != nullptr) co_return name_taken(*parts, call, key, name);
      co_return created(call, object);
    }
    Write write;
    write.key = key;
    write.value = std::move(object);
    auto done = co_await parts->store->commit(std::move(write));
    if (done.ok()) co_return created(call, done->object->value);
    if (!is_already_exists(done.status())) co_return std::move(done).status();
    const bool generated = body["metadata"]["name"].string().empty();
    if (!generated || attempt == kNameAttempts) co_return name_taken(*parts, call, key, name);
  }
}

}  // namespace heirloom::server
