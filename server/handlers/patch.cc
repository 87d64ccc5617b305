#include <utility>

#include "schema/json_patch.h"
#include "schema/merge_patch.h"
#include "schema/strategic_merge.h"
#include "server/handlers/life_cycle.h"
#include "server/handlers/write_existing.h"

namespace heirloom::server {
namespace {

Status unsupported(std::string message) { return {415, reasons::kUnsupportedMediaType, std::move(message)}; }

Change merge(Json patch) {
  return [patch = std::move(patch)](const Json& current) -> Result<Json> {
    return schema::merge_patch(current, patch);
  };
}

Change edit(Json patch) {
  return [patch = std::move(patch)](const Json& current) -> Result<Json> {
    return schema::json_patch(current, patch);
  };
}

Change merge_strategically(Json patch, ResourcePtr resource, std::string version) {
  return [patch = std::move(patch), resource = std::move(resource),
          version = std::move(version)](const Json& current) -> Result<Json> {
    return schema::strategic_merge(current, patch, *resource->version(version)->schema);
  };
}

Result<Change> change_for(const Call& call) {
  const Json patch = call.request.body;
  switch (call.request.patch) {
    case PatchKind::Merge:
      if (!patch.is_object()) return bad_request("a merge patch must be a JSON object");
      return merge(patch);
    case PatchKind::Json:
      if (!patch.is_array()) return bad_request("a JSON patch must be an array of operations");
      return edit(patch);
    case PatchKind::Strategic:
      if (call.resource->custom) {
        return unsupported(
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json-patch+json, application/merge-patch+json");
      }
      if (!patch.is_object()) return bad_request("a strategic merge patch must be a JSON object");
      return merge_strategically(patch, call.resource, call.version->name);
    case PatchKind::Apply:
      break;
  }
  return unsupported(
      "server-side apply is not served: use application/merge-patch+json, application/json-patch+json or, "
      "for built-in "
      "kinds, application/strategic-merge-patch+json");
}

}  // namespace

Task<Result<Response>> handle_patch(Parts* parts, Call call) {
  // An apply may create, so a namespace that takes no content is the first thing to say.
  if (call.request.patch == PatchKind::Apply) CO_TRY_VOID(check_namespace_takes_content(*parts, call));
  CO_TRY(Change change, change_for(call));
  auto patched = co_await write_existing(parts, std::move(call), std::move(change), true);
  co_return patched;
}

}  // namespace heirloom::server
