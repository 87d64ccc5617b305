#include "server/local_api.h"

#include <utility>

#include "server/response.h"

namespace heirloom::server {
namespace {

Request request_for(Verb verb, const kube::Collection& collection, std::string name, const Identity& identity,
                    const kube::CallOptions& options) {
  Request request;
  request.verb = verb;
  request.group = collection.resource.group;
  request.version = collection.resource.version;
  request.resource = collection.resource.resource;
  request.ns = collection.ns;
  request.name = std::move(name);
  request.identity = identity;
  if (!options.impersonate.user.empty()) {
    request.identity.user = options.impersonate.user;
    request.identity.groups = impersonated_groups(options.impersonate.user, options.impersonate.groups);
  }
  return request;
}

PatchKind patch_kind(kube::PatchType type) {
  switch (type) {
    case kube::PatchType::Merge:
      return PatchKind::Merge;
    case kube::PatchType::Json:
      return PatchKind::Json;
    case kube::PatchType::Strategic:
      return PatchKind::Strategic;
    case kube::PatchType::Apply:
      return PatchKind::Apply;
  }
  return PatchKind::Merge;
}

std::string propagation_name(kube::Propagation propagation) {
  switch (propagation) {
    case kube::Propagation::Background:
      return "Background";
    case kube::Propagation::Foreground:
      return "Foreground";
    case kube::Propagation::Orphan:
      return "Orphan";
  }
  return "Background";
}

void write_parameters(Request& request, const kube::WriteOptions& options) {
  request.subresource = options.subresource;
  request.write.dry_run = options.dry_run;
  request.write.field_manager = options.field_manager;
}

Result<Json> body_of(Result<Response> response) {
  if (!response.ok()) return std::move(response).status();
  return std::move(response->body);
}

class LocalWatch final : public kube::Watch {
 public:
  explicit LocalWatch(std::unique_ptr<EventStream> events) : events_(std::move(events)) {}

  Task<Result<std::optional<kube::WatchEvent>>> next() override {
    auto event = co_await events_->next();
    if (!event) co_return std::optional<kube::WatchEvent>();
    if (event->type == "ERROR") co_return event->error;
    kube::WatchEvent out;
    out.type = type_of(event->type);
    out.object = std::move(event->object);
    co_return std::optional<kube::WatchEvent>(std::move(out));
  }

 private:
  static kube::WatchEvent::Type type_of(const std::string& type) {
    if (type == "ADDED") return kube::WatchEvent::Type::Added;
    if (type == "MODIFIED") return kube::WatchEvent::Type::Modified;
    if (type == "DELETED") return kube::WatchEvent::Type::Deleted;
    return kube::WatchEvent::Type::Bookmark;
  }

  std::unique_ptr<EventStream> events_;
};

class LocalApi final : public kube::Api {
 public:
  LocalApi(ApiServer* server, Identity identity) : server_(server), identity_(std::move(identity)) {}

  Task<Result<Json>> get(kube::ObjectRef ref, kube::GetOptions options) override {
    Request request = request_for(Verb::Get, ref.collection(), ref.name, identity_, options);
    request.subresource = options.subresource;
    request.read.resource_version = options.resource_version;
    auto response = co_await server_->handle(std::move(request));
    co_return body_of(std::move(response));
  }

  Task<Result<kube::ListPage>> list(kube::Collection collection, kube::ListOptions options) override {
    Request request = request_for(Verb::List, collection, "", identity_, options);
    request.read.label_selector = options.label_selector;
    request.read.field_selector = options.field_selector;
    request.read.resource_version = options.resource_version;
    // Without it a limit would make a resourceVersion mean "exactly this one".
    if (options.limit > 0 && !options.resource_version.empty()) request.read.resource_version_match = "NotOlderThan";
    request.read.limit = options.limit;
    request.read.continue_token = options.continue_token;
    if (options.metadata_only) request.rendering.shape = Shape::PartialMetadata;
    auto response = co_await server_->handle(std::move(request));
    if (!response.ok()) co_return std::move(response).status();
    kube::ListPage page;
    page.items = std::move(response->list->items);
    page.resource_version = std::move(response->list->resource_version);
    page.continue_token = std::move(response->list->continue_token);
    co_return page;
  }

  Task<Result<std::unique_ptr<kube::Watch>>> watch(kube::Collection collection,
                                                   kube::WatchOptions options) override {
    Request request = request_for(Verb::Watch, collection, "", identity_, options);
    request.read.label_selector = options.label_selector;
    request.read.field_selector = options.field_selector;
    request.read.resource_version = options.resource_version;
    request.read.allow_bookmarks = options.bookmarks;
    request.read.timeout = options.timeout;
    if (options.metadata_only) request.rendering.shape = Shape::PartialMetadata;
    auto response = co_await server_->handle(std::move(request));
    if (!response.ok()) co_return std::move(response).status();
    std::unique_ptr<kube::Watch> watch = std::make_unique<LocalWatch>(std::move(response->stream));
    co_return watch;
  }

  Task<Result<Json>> create(kube::Collection collection, Json body, kube::WriteOptions options) override {
    Request request = request_for(Verb::Create, collection, "", identity_, options);
    write_parameters(request, options);
    request.body = std::move(body);
    auto response = co_await server_->handle(std::move(request));
    co_return body_of(std::move(response));
  }

  Task<Result<Json>> update(kube::ObjectRef ref, Json body, kube::WriteOptions options) override {
    Request request = request_for(Verb::Update, ref.collection(), ref.name, identity_, options);
    write_parameters(request, options);
    request.body = std::move(body);
    auto response = co_await server_->handle(std::move(request));
    co_return body_of(std::move(response));
  }

  Task<Result<Json>> patch(kube::ObjectRef ref, kube::PatchType type, Json patch,
                           kube::WriteOptions options) override {
    Request request = request_for(Verb::Patch, ref.collection(), ref.name, identity_, options);
    write_parameters(request, options);
    request.patch = patch_kind(type);
    request.body = std::move(patch);
    auto response = co_await server_->handle(std::move(request));
    co_return body_of(std::move(response));
  }

  Task<Result<Json>> remove(kube::ObjectRef ref, kube::RemoveOptions options) override {
    Request request = request_for(Verb::Delete, ref.collection(), ref.name, identity_, options);
    request.remove.propagation = propagation_name(options.propagation);
    request.remove.precondition_uid = options.uid;
    request.remove.precondition_resource_version = options.resource_version;
    request.remove.dry_run = options.dry_run;
    auto response = co_await server_->handle(std::move(request));
    co_return body_of(std::move(response));
  }

  Task<Result<kube::RawResponse>> raw(kube::RawRequest request) override {
    kube::RawResponse out;
    const auto path = request.path.substr(0, request.path.find('?'));
    if (path == "/healthz" || path == "/livez" || path == "/readyz") {
      const auto ready = path == "/readyz" ? server_->ready() : Status();
      out.code = ready.ok() ? 200 : 503;
      out.content_type = "text/plain; charset=utf-8";
      out.body = ready.ok() ? "ok" : ready.message();
      co_return out;
    }
    // As over HTTP, a refusal is an answer: only whoever asks knows what a 404 means.
    const Result<Json> document = server_->document(path);
    const Json body = document.ok() ? *document : to_wire(document.status());
    out.code = document.ok() ? 200 : document.status().code();
    out.content_type = "application/json";
    out.body = write_json(body);
    co_return out;
  }

 private:
  ApiServer* server_;
  Identity identity_;
};

}  // namespace

std::unique_ptr<kube::Api> make_local_api(ApiServer* server, Identity identity) {
  return std::make_unique<LocalApi>(server, std::move(identity));
}

}  // namespace heirloom::server
