#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "server/conversion.h"
#include "server/errors.h"
#include "server/handlers/handlers.h"
#include "server/keys.h"
#include "server/metadata.h"
#include "server/pipeline.h"
#include "server/strategy.h"

namespace heirloom::server {
namespace {

constexpr int kAttempts = 100;

// What DELETE answers about preconditions names the kind where other errors name the resource.
Status precondition_failed(const Call& call, std::string_view why) {
  StatusDetails details;
  details.name = call.request.name;
  details.group = call.resource->group;
  details.kind = call.resource->kind;
  return {409, reasons::kConflict,
          fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", call.resource->kind,
                      call.request.name, why),
          std::move(details)};
}

Status check_preconditions(const Call& call, JsonView object) {
  const auto& options = call.request.remove;
  const auto uid = object["metadata"]["uid"].string();
  const auto revision = object["metadata"]["resourceVersion"].string();
  if (!options.precondition_uid.empty() && options.precondition_uid != uid) {
    return precondition_failed(
        call, fmt::format("the UID in the precondition ({}) does not match the UID in record "
                          "({}). The object might have been deleted and then recreated",
                          options.precondition_uid, uid));
  }
  if (!options.precondition_resource_version.empty() && options.precondition_resource_version != revision) {
    return precondition_failed(
        call, fmt::format("the ResourceVersion in the precondition ({}) does not match the "
                          "ResourceVersion in record ({}). The object might have been modified",
                          options.precondition_resource_version, revision));
  }
  return {};
}

// The finalizers after a delete with this policy. Without a policy an orphan or foreground finalizer that
// somebody put there stays, otherwise the kind's default holds. Source: kubernetes/apiserver, deletion
// finalizers for collection.
std::vector<std::string> finalizers_after(const Call& call, const Json& object) {
  auto list = finalizers_of(object);
  const auto has = [&](std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  const auto& policy = call.request.remove.propagation;
  bool orphan = policy == "Orphan";
  bool foreground = policy == "Foreground";
  if (policy.empty()) {
    orphan = has(finalizers::kOrphan) ||
             (!has(finalizers::kForeground) && strategy_of(*call.resource).orphan_by_default);
    foreground = !orphan && has(finalizers::kForeground);
  }
  std::erase_if(
      list, [](const std::string& f) { return f == finalizers::kOrphan || f == finalizers::kForeground; });
  if (orphan) list.emplace_back(finalizers::kOrphan);
  if (foreground) list.emplace_back(finalizers::kForeground);
  return list;
}

bool is_namespace(const Resource& resource) { return resource.group.empty() && resource.kind == "Namespace"; }

bool is_definition(const Resource& resource) {
  return resource.group == "apiextensions.k8s.io" && resource.kind == "CustomResourceDefinition";
}

// The object as a DELETE leaves it, when something still holds it.
Json marked(const Call& call, const Json& object, const std::string& time) {
  auto list = finalizers_after(call, object);
  const auto& resource = *call.resource;
  // The definition goes after its objects: the definition controller removes this again.
  if (is_definition(resource) && !is_deleting(object)) list.emplace_back(finalizers::kCustomResourceCleanup);
  const Json result = marked_for_deletion(object, time, list, !is_namespace(resource));
  if (!is_namespace(resource)) return result;
  const JsonPath phase = {std::string("status"), std::string("phase")};
  return rewrite(result, {set_at(phase, Json::string("Terminating"))});
}

Response deleted(const Call& call, JsonView object) {
  JsonBuilder out;
  out.begin_object().member("kind", "Status").member("apiVersion", "v1");
  out.key("metadata").begin_object().end_object();
  out.member("status", "Success");
  out.key("details").begin_object().member("name", call.request.name);
  out.member_unless_empty("group", call.resource->group);
  out.member("kind", call.resource->plural);
  out.member("uid", object["metadata"]["uid"]).end_object();
  out.end_object();
  Response response;
  response.body = out.take();
  return response;
}

Response still_there(const Call& call, const Json& object) {
  Response response;
  response.body = to_version(*call.resource, *call.version, object);
  return response;
}

}  // namespace

Task<Result<Response>> handle_delete(Parts* parts, Call call) {
  const std::string key = object_key(*call.resource, call.request.ns, call.request.name);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto stored = parts->store->get(key);
    if (stored == nullptr) co_return not_found(*call.resource, call.request.name);
    const Json object = stored->value;
    CO_TRY_VOID(check_preconditions(call, object));
    const auto& strategy = strategy_of(*call.resource);
    const auto why_not = strategy.refuse_delete ? strategy.refuse_delete(object) : std::string_view();
    if (!why_not.empty()) co_return forbidden(*call.resource, call.request.name, why_not);

    Json left = marked(call, object, format_time(parts->clock->now()));
    // A namespace is first marked, whatever it holds.
    const bool marks_only = is_namespace(*call.resource) && !is_deleting(object);
    const bool gone = !marks_only && may_be_removed(*call.resource, left);
    if (call.request.remove.dry_run) {
      if (gone) co_return deleted(call, object);
      co_return still_there(call, left);
    }
    if (!gone && left == object) co_return still_there(call, object);
    Write write;
    write.key = key;
    write.expected = stored->mod_revision;
    if (!gone) write.value = std::move(left);
    auto done = co_await parts->store->commit(std::move(write));
    if (done.ok()) {
      if (gone) co_return deleted(call, object);
      co_return still_there(call, done->object->value);
    }
    if (!is_conflict(done.status()) && !is_not_found(done.status())) co_return std::move(done).status();
  }
  co_return modified_conflict(*call.resource, call.request.name);
}

// Not one transaction, as in Kubernetes: each object is deleted by itself, those that vanish meanwhile are
// skipped.
Task<Result<Response>> handle_delete_collection(Parts* parts, Call call) {
  CO_TRY(Response listed, handle_list(*parts, call));
  const std::vector<Json> items = listed.list->items;
  for (const Json& item : items) {
    Call one = call;
    one.request.verb = Verb::Delete;
    one.request.ns = std::string(item["metadata"]["namespace"].string());
    one.request.name = std::string(item["metadata"]["name"].string());
    auto done = co_await handle_delete(parts, std::move(one));
    if (!done.ok() && !is_not_found(done.status())) co_return std::move(done).status();
  }
  co_return std::move(listed);
}

}  // namespace heirloom::server
