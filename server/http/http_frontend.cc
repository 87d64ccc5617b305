#include "server/http/http_frontend.h"

#include <array>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "server/errors.h"
#include "server/http/negotiation.h"
#include "server/http/replies.h"
#include "server/http/target.h"
#include "server/openapi.h"

namespace heirloom::server {
namespace {

// As kube-apiserver 1.20: kubectl cannot parse the media type it asks for ("@" is no token character).
// Clients ask for ...spec.v2@v1.0+protobuf, which is no media type; this is how the answer is named
// since 1.23.
constexpr std::string_view kOpenApiProtobuf = "application/octet-stream";

struct Target {
  std::string path;
  Query query;
};

Result<Target> parse_target(const std::string& text) {
  const auto question = text.find('?');
  Target target;
  target.path = text.substr(0, question);
  if (question != std::string::npos) {
    TRY(target.query, Query::parse(std::string_view(text).substr(question + 1)));
  }
  return target;
}

Result<Verb> verb_of(std::string_view method, const ResourcePath& path, const Query& query) {
  const bool collection = path.name.empty();
  if (method == "GET" || method == "HEAD") {
    if (path.legacy_watch) return Verb::Watch;
    if (!collection) return Verb::Get;
    return query.flag("watch") ? Verb::Watch : Verb::List;
  }
  if (method == "POST") return Verb::Create;
  if (method == "PUT") return Verb::Update;
  if (method == "PATCH") return Verb::Patch;
  if (method == "DELETE") return collection ? Verb::DeleteCollection : Verb::Delete;
  return method_not_allowed();
}

// The parts of the request that depend on the verb: options and body.
Status read_options(Request& request, const net::HttpRequest& http, const Query& query,
                    const std::string& kind) {
  const auto type = http.headers.get("Content-Type");
  switch (request.verb) {
    case Verb::Get:
    case Verb::List:
    case Verb::Watch: {
      TRY(request.read, parse_read_options(query));
      return {};
    }
    case Verb::Create:
    case Verb::Update: {
      TRY(request.write, parse_write_parameters(query));
      TRY(request.body, parse_body(type, http.body, kind));
      return {};
    }
    case Verb::Patch: {
      TRY(request.write, parse_write_parameters(query));
      TRY(request.patch, parse_patch_kind(type));
      TRY(request.body, parse_body(type, http.body, kind));
      return {};
    }
    case Verb::Delete:
    case Verb::DeleteCollection: {
      TRY(request.read, parse_read_options(query));
      Json options;
      if (!http.body.empty()) {
        TRY(options, parse_body(type, http.body, "DeleteOptions"));
      }
      TRY(request.remove, parse_delete_parameters(query, options));
      return {};
    }
  }
  return {};
}

// The health endpoint a path belongs to ("healthz"), "" when it is none.
std::string_view health_endpoint(std::string_view path) {
  constexpr std::array<std::string_view, 3> kEndpoints = {"healthz", "livez", "readyz"};
  for (const auto name : kEndpoints) {
    if (!path.substr(1).starts_with(name)) continue;
    const auto rest = path.substr(1 + name.size());
    if (rest.empty() || rest.front() == '/') return name;
  }
  return {};
}

bool is_public(std::string_view path) {
  return path == "/version" || (path.size() > 1 && !health_endpoint(path).empty());
}

// What kube-apiserver answers for a group, version or resource of definitions that is not served.
net::HttpResponse page_not_found() { return text_reply(404, "404 page not found\n"); }

}  // namespace

struct HttpFrontend::State {
  ApiServer* server;
  Metrics* metrics;
  HttpFrontendOptions options;

  // Made once per state of the registry: it takes milliseconds and kubectl asks each time.
  std::uint64_t openapi_generation = 0;
  std::string openapi_json;
  std::string openapi_protobuf;

  Result<Identity> identify(const net::HttpRequest& http, const net::Peer& peer) const {
    Credentials credentials;
    credentials.authorization = http.headers.get("Authorization");
    credentials.certificate_user = peer.common_name;
    credentials.certificate_groups = peer.organizations;
    credentials.impersonate_user = http.headers.get("Impersonate-User");
    credentials.impersonate_groups = http.headers.all("Impersonate-Group");
    // As kube-apiserver: no credentials are the user system:anonymous, to whom roles may allow things.
    Identity anonymous = options.anonymous_admin ? admin_identity() : anonymous_identity();
    return authenticate(options.tokens, credentials, anonymous);
  }

  net::HttpResponse openapi(std::string_view accept) {
    const auto generation = server->registry().generation();
    if (generation != openapi_generation) {
      const Json document = openapi_v2_document(server->registry());
      openapi_json = write_json(document);
      openapi_protobuf = openapi_v2_protobuf(document);
      openapi_generation = generation;
    }
    const bool protobuf = accept.find("protobuf") != std::string_view::npos;
    net::HttpResponse reply;
    reply.headers.add("Content-Type", protobuf ? std::string(kOpenApiProtobuf) : "application/json");
    reply.body = protobuf ? openapi_protobuf : openapi_json;
    return reply;
  }

  net::HttpResponse health(std::string_view endpoint, const Target& target) const {
    const auto check = std::string_view(target.path).substr(1 + endpoint.size());
    if (!check.empty() && check != "/" && check != "/ping" && check != "/store") {
      const Writing writing;
      return document_reply(404, root_document(), writing);
    }
    const bool store = check != "/ping" && endpoint == "readyz";
    const auto status = store ? server->ready() : Status();
    if (!status.ok())
      return text_reply(500,
                        fmt::format("[-]store failed: {}\n{} check failed\n", status.message(), endpoint));
    if (!target.query.has("verbose")) return text_reply(200, "ok");
    return text_reply(200, fmt::format("[+]ping ok\n[+]store ok\n{} check passed\n", endpoint));
  }

  static Json root_document() {
    return Json::object({{"paths", Json::array({"/api", "/api/v1", "/apis", "/healthz", "/livez", "/metrics",
                                                "/openapi/v2", "/readyz", "/version"})}});
  }

  // Discovery is for everyone with credentials, metrics for administrators.
  static bool may_get(const Identity& who, std::string_view path) {
    if (is_public(path) || who.admin()) return true;
    return path != "/metrics" && who.authenticated();
  }

  static Status path_forbidden(const Identity& who, std::string_view path) {
    return {403, reasons::kForbidden,
            fmt::format("forbidden: User \"{}\" cannot get path \"{}\"", who.user, path)};
  }

  // Paths that name no resource.
  net::HttpResponse plain(const net::HttpRequest& http, const Target& target, const Identity& who,
                          Writing writing) {
    const auto& path = target.path;
    if (http.method != "GET" && http.method != "HEAD") return status_reply(method_not_allowed(), writing);
    if (const auto endpoint = health_endpoint(path); !endpoint.empty()) return health(endpoint, target);
    if (!may_get(who, path)) return status_reply(path_forbidden(who, path), writing);
    if (path.empty() || path == "/") return document_reply(200, root_document(), writing);
    if (path == "/metrics") return text_reply(200, metrics->text());
    if (path == "/openapi/v2") return openapi(http.headers.get("Accept"));
    auto document = server->document(path);
    if (document.ok()) return document_reply(200, *document, writing);
    // A group alone is asked of the part that serves definitions.
    const bool group = path.starts_with("/apis/") && path.find('/', 6) == std::string::npos;
    return group ? page_not_found() : document_reply(404, root_document(), writing);
  }

  Result<Request> request_of(const net::HttpRequest& http, const Target& target,
                             const ResourcePath& path) const {
    Request request;
    TRY(request.verb, verb_of(http.method, path, target.query));
    request.group = path.group;
    request.version = path.version;
    request.resource = path.resource;
    request.ns = path.ns;
    request.name = path.name;
    request.subresource = path.subresource;
    request.rendering.include_object = std::string(target.query.get("includeObject"));
    const auto& include = request.rendering.include_object;
    if (!include.empty() && include != "None" && include != "Metadata" && include != "Object") {
      return bad_request("unrecognized includeObject value: " + schema::go_quote(include));
    }
    if (path.legacy_watch) request.name.clear();
    // What does not exist is said before what is wrong with the body.
    TRY_VOID(server->check_route(request));
    const auto resource = server->registry().find(request.group, request.resource);
    TRY_VOID(read_options(request, http, target.query, resource ? resource->kind : std::string("review")));
    if (path.legacy_watch && !path.name.empty()) request.read.field_selector = "metadata.name=" + path.name;
    return request;
  }

  // Kubernetes serves built-in groups and definitions apart, and only the former answer with a Status when
  // they have no such resource.
  bool is_unknown_page(const ResourcePath& path) const {
    const auto& registry = server->registry();
    const auto resource = registry.find(path.group, path.resource);
    if (resource != nullptr) {
      const auto* version = resource->version(path.version);
      return resource->custom &&
             (version == nullptr || !version->served || resource->namespaced() == path.ns.empty());
    }
    for (const auto& other : registry.all()) {
      if (other->group == path.group && !other->custom) return false;
    }
    return true;
  }
};

namespace {

Task<void> stream(std::unique_ptr<EventStream> events, net::ResponseWriter* writer) {
  net::Headers headers;
  headers.add("Cache-Control", "no-cache, private");
  headers.add("Content-Type", "application/json");
  auto begun = co_await writer->begin(200, std::move(headers));
  while (begun.ok()) {
    auto event = co_await events->next();
    if (!event) break;
    std::string line = watch_line(*event);
    begun = co_await writer->write(std::move(line));
  }
  if (begun.ok()) begun = co_await writer->finish();
}

}  // namespace

HttpFrontend::HttpFrontend(ApiServer* server, Metrics* metrics, HttpFrontendOptions options)
    : state_(std::make_unique<State>()) {
  state_->server = server;
  state_->metrics = metrics;
  state_->options = std::move(options);
}

HttpFrontend::~HttpFrontend() = default;

// Either the reply, or the request to hand on.
struct HttpFrontend::Prepared {
  std::optional<net::HttpResponse> reply;
  Request request;
  Writing writing;
};

HttpFrontend::Prepared HttpFrontend::prepare(const net::HttpRequest& http, const net::Peer& peer) {
  Prepared out;
  const auto target = parse_target(http.target);
  if (!target.ok()) {
    out.reply = status_reply(target.status(), out.writing);
    return out;
  }
  const auto accepted = negotiate(http.headers.get("Accept"));
  out.writing.encoding = accepted.ok() ? accepted->encoding : Encoding::Json;
  out.writing.pretty = target->query.flag("pretty");
  auto identity = state_->identify(http, peer);
  const auto path = parse_resource_path(target->path);
  if (!identity.ok()) {
    out.reply = status_reply(identity.status(), out.writing);
  } else if (!path) {
    out.reply = state_->plain(http, *target, *identity, out.writing);
  } else if (!accepted.ok()) {
    out.reply = status_reply(accepted.status(), out.writing);
  } else if (auto request = state_->request_of(http, *target, *path); !request.ok()) {
    const bool page = is_not_found(request.status()) && state_->is_unknown_page(*path);
    out.reply = page ? page_not_found() : status_reply(request.status(), out.writing);
  } else {
    out.request = std::move(request).value();
    out.request.identity = std::move(*identity);
    out.request.rendering.shape = accepted->rendering.shape;
    out.request.rendering.meta_version = accepted->rendering.meta_version;
  }
  return out;
}

Task<void> HttpFrontend::handle(net::HttpRequest request, net::ResponseWriter* writer) {
  Prepared prepared = prepare(request, writer->peer());
  request.body.clear();
  net::HttpResponse reply;
  if (prepared.reply) {
    reply = std::move(*prepared.reply);
  } else {
    auto response = co_await state_->server->handle(std::move(prepared.request));
    if (response.ok() && response->stream) {
      co_await stream(std::move(response->stream), writer);
      co_return;
    }
    reply = response.ok() ? response_reply(*response, prepared.writing)
                          : status_reply(response.status(), prepared.writing);
  }
  auto sent = co_await writer->send(std::move(reply));
  if (!sent.ok()) log::debug("a client went before its answer", {{"peer", writer->peer().address}});
}

net::HttpResponse render_http_error(int code, std::string message) {
  std::string_view reason = reasons::kInternalError;
  if (code == 400) reason = reasons::kBadRequest;
  if (code == 413) reason = reasons::kRequestEntityTooLarge;
  const Writing writing;
  return status_reply(Status(code, reason, std::move(message)), writing);
}

}  // namespace heirloom::server
