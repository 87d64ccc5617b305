#include "server/api_server.h"

#include <utility>

#include <fmt/format.h>

#include "server/access_review.h"
#include "server/authorization.h"
#include "server/builtin_resources.h"
#include "server/controllers/definition_controller.h"
#include "server/controllers/event_expiry.h"
#include "server/controllers/garbage_collector.h"
#include "server/controllers/namespace_controller.h"
#include "server/discovery.h"
#include "server/errors.h"
#include "server/handlers/handlers.h"
#include "server/handlers/scale.h"
#include "server/keys.h"
#include "server/parts.h"
#include "server/presentation.h"
#include "server/routing.h"
#include "server/strategy.h"

namespace heirloom::server {
namespace {

constexpr std::string_view kSystemNamespaces[] = {"default", "kube-node-lease", "kube-public", "kube-system"};

Task<Result<Response>> dispatch(Parts* parts, Call call) {
  Result<Response> response = method_not_allowed();
  if (call.request.subresource == "scale") {
    response = co_await handle_scale(parts, std::move(call));
    co_return response;
  }
  switch (call.request.verb) {
    case Verb::Get:
      response = handle_get(*parts, call);
      break;
    case Verb::List:
      response = handle_list(*parts, call);
      break;
    case Verb::Watch:
      response = handle_watch(*parts, call);
      break;
    case Verb::Create:
      response = co_await handle_create(parts, std::move(call));
      break;
    case Verb::Update:
      response = co_await handle_update(parts, std::move(call));
      break;
    case Verb::Patch:
      response = co_await handle_patch(parts, std::move(call));
      break;
    case Verb::Delete:
      response = co_await handle_delete(parts, std::move(call));
      break;
    case Verb::DeleteCollection:
      response = co_await handle_delete_collection(parts, std::move(call));
      break;
  }
  co_return response;
}

void count_request(Parts& parts, const Call& call, int code) {
  MetricLabels labels;
  labels["verb"] = std::string(to_string(call.request.verb));
  labels["resource"] = call.resource->plural;
  labels["group"] = call.resource->group;
  labels["code"] = std::to_string(code);
  parts.metrics->count("apiserver_request_total", labels);
}

std::string deprecation_of(const Call& call) {
  if (!call.version->deprecated) return {};
  if (!call.version->deprecation_warning.empty()) return call.version->deprecation_warning;
  const auto api_version = GroupVersionKind{call.resource->group, call.version->name, ""}.api_version();
  return fmt::format("{} {} is deprecated", api_version, call.resource->kind);
}

Json namespace_manifest(std::string_view name) {
  const Json metadata = Json::object({{"name", name}});
  return Json::object({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", metadata}});
}

Task<Status> create_system_namespaces(Parts* parts) {
  const auto namespaces = parts->registry.find("", "namespaces");
  if (namespaces == nullptr) co_return internal_error("the built-in kinds lack Namespace");
  for (const auto name : kSystemNamespaces) {
    if (parts->store->get(object_key(*namespaces, "", name)) != nullptr) continue;
    Request request;
    request.verb = Verb::Create;
    request.version = "v1";
    request.resource = "namespaces";
    request.identity = admin_identity();
    request.body = namespace_manifest(name);
    auto created = co_await parts->server->handle(std::move(request));
    if (!created.ok() && !is_already_exists(created.status())) co_return std::move(created).status();
  }
  co_return Status();
}

}  // namespace

ApiServer::ApiServer(Executor executor, Clock* clock, Random* random, Store* store, Metrics* metrics,
                     ApiServerOptions options)
    : parts_(std::make_unique<Parts>(std::move(executor), clock, random, store, metrics, options)) {
  parts_->server = this;
}

ApiServer::~ApiServer() { *parts_->stopping = true; }

Task<Status> ApiServer::start() {
  Parts* parts = parts_.get();
  for (Resource& resource : builtin_resources()) {
    resource.strategy = &builtin_strategy(resource.group, resource.kind);
    parts->registry.add(std::make_shared<const Resource>(std::move(resource)));
  }
  CO_TRY_VOID(register_stored_definitions(*parts));
  auto namespaces = co_await create_system_namespaces(parts);
  if (!namespaces.ok()) co_return namespaces;
  parts->scope.spawn("custom resource definitions", run_definition_controller(parts));
  if (parts->options.controllers) {
    parts->scope.spawn("namespace content", run_namespace_controller(parts));
    parts->scope.spawn("garbage collection", run_garbage_collector(parts));
    parts->scope.spawn("expiry of events", run_event_expiry(parts));
  }
  parts->ready = true;
  co_return Status();
}

Task<void> ApiServer::stop() {
  parts_->ready = false;
  *parts_->stopping = true;
  co_await parts_->scope.stop();
}

void ApiServer::abandon() {
  *parts_->stopping = true;
  parts_->scope.abandon();
}

Task<Result<Response>> ApiServer::handle(Request request) {
  Parts* parts = parts_.get();
  if (*parts->stopping) co_return Status(503, reasons::kServiceUnavailable, "the server is stopping");
  if (is_access_review(request)) co_return handle_access_review(*parts, request);
  CO_TRY(Call call, route(parts->registry, std::move(request)));
  if (parts->options.mutate) call.mutate = &parts->options.mutate;
  const std::string warning = deprecation_of(call);
  CO_TRY_VOID(authorize(*parts, call));
  auto response = co_await dispatch(parts, call);
  count_request(*parts, call, response.ok() ? response->code : response.status().code());
  if (response.ok()) {
    present(*parts, call, *response);
    response->warning = warning;
  }
  co_return response;
}

Status ApiServer::check_route(const Request& request) const {
  if (is_access_review(request)) return {};
  auto call = route(parts_->registry, request);
  return call.ok() ? Status() : std::move(call).status();
}

Result<Json> ApiServer::document(std::string_view path) {
  const auto& registry = parts_->registry;
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path == "/api") return api_versions_document("");
  if (path == "/apis") return api_group_list_document(registry);
  if (path == "/version") return version_document();
  std::optional<Json> document;
  if (path == "/api/v1") {
    document = api_resource_list_document(registry, "", "v1");
  } else if (path.starts_with("/apis/")) {
    const auto rest = path.substr(6);
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos) {
      document = api_group_document(registry, rest);
    } else {
      document = api_resource_list_document(registry, rest.substr(0, slash), rest.substr(slash + 1));
    }
  }
  if (!document) return no_such_resource();
  return std::move(*document);
}

Status ApiServer::ready() const {
  if (!parts_->ready) return Status(503, reasons::kServiceUnavailable, "the server has not started");
  return parts_->store->writable();
}

const Registry& ApiServer::registry() const { return parts_->registry; }

}  // namespace heirloom::server
