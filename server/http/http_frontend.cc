#include "server/http/http_frontend.h"

#include <cstdint>
#include <utility>

#include "base/log.h"
#include "base/yaml.h"
#include "server/errors.h"
#include "server/http/negotiation.h"
#include "server/http/target.h"
#include "server/openapi.h"

namespace heirloom::server {
namespace {

// As kube-apiserver 1.20: kubectl cannot parse the media type it asks for ("@" is no token character).
constexpr std::string_view kOpenApiProtobuf = "application/octet-stream";

struct Target {
  std::string path;
  Query query;
};

net::HttpResponse text_response(int code, std::string body) {
  net::HttpResponse response;
  response.code = code;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.body = std::move(body);
  return response;
}

std::string encode(const Json& value, Encoding encoding) {
  return encoding == Encoding::Yaml ? write_yaml(value) : write_json(value) + "\n";
}

std::string_view content_type(Encoding encoding) {
  return encoding == Encoding::Yaml ? "application/yaml" : "application/json";
}

net::HttpResponse document_response(int code, std::string body, Encoding encoding) {
  net::HttpResponse response;
  response.code = code;
  response.headers.add("Cache-Control", "no-cache, private");
  response.headers.add("Content-Type", std::string(content_type(encoding)));
  response.body = std::move(body);
  return response;
}

net::HttpResponse status_response(const Status& status, Encoding encoding) {
  auto response = document_response(status.code(), encode(to_wire(status), encoding), encoding);
  if (status.details().retry_after_seconds > 0) {
    response.headers.add("Retry-After", std::to_string(status.details().retry_after_seconds));
  }
  return response;
}

net::HttpResponse answer(const Response& response, Encoding encoding) {
  std::string body;
  if (!response.list) {
    body = encode(response.body, encoding);
  } else if (encoding == Encoding::Yaml) {
    const auto json = Json::parse(write_list(*response.list));
    body = json.ok() ? write_yaml(*json) : std::string();
  } else {
    body = write_list(*response.list) + "\n";
  }
  auto http = document_response(response.code, std::move(body), encoding);
  if (!response.warning.empty()) http.headers.add("Warning", "299 - " + schema::go_quote(response.warning));
  return http;
}

std::string watch_line(const StreamEvent& event) {
  std::string line = R"({"type":")" + event.type + R"(","object":)";
  write_json(event.object, line);
  line += "}\n";
  return line;
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
                    const Registry& registry) {
  const auto type = http.headers.get("Content-Type");
  const auto resource = registry.find(request.group, request.resource);
  const std::string kind = resource ? resource->kind : std::string("object");
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

bool is_public(std::string_view path) {
  return path == "/healthz" || path == "/livez" || path == "/readyz" || path == "/version" ||
         path.starts_with("/healthz/") || path.starts_with("/livez/") || path.starts_with("/readyz/");
}

}  // namespace

struct HttpFrontend::State {
  ApiServer* server;
  Metrics* metrics;
  HttpFrontendOptions options;

  // Made once per state of the registry: it takes milliseconds and kubectl asks each time.
  std::uint64_t openapi_generation = 0;
  std::string openapi_json;
  std::string openapi_protobuf;

  Result<std::optional<Identity>> identify(const net::HttpRequest& http, const net::Peer& peer) const {
    Credentials credentials;
    credentials.authorization = http.headers.get("Authorization");
    credentials.certificate_user = peer.common_name;
    credentials.certificate_groups = peer.organizations;
    credentials.impersonate_user = http.headers.get("Impersonate-User");
    credentials.impersonate_groups = http.headers.all("Impersonate-Group");
    TRY(auto identity, authenticate(options.tokens, credentials));
    if (!identity && options.anonymous_admin) return std::optional<Identity>(admin_identity());
    return identity;
  }

  void refresh_openapi() {
    const auto generation = server->registry().generation();
    if (generation == openapi_generation) return;
    const Json document = openapi_v2_document(server->registry());
    openapi_json = write_json(document);
    openapi_protobuf = openapi_v2_protobuf(document);
    openapi_generation = generation;
  }

  net::HttpResponse openapi(std::string_view accept) {
    refresh_openapi();
    const bool protobuf = accept.find("protobuf") != std::string_view::npos;
    net::HttpResponse response;
    response.headers.add("Content-Type", protobuf ? std::string(kOpenApiProtobuf) : "application/json");
    response.body = protobuf ? openapi_protobuf : openapi_json;
    return response;
  }

  net::HttpResponse health(std::string_view path) const {
    const auto status = path.starts_with("/readyz") ? server->ready() : Status();
    return status.ok() ? text_response(200, "ok") : text_response(500, status.message() + "\n");
  }

  // Paths that name no resource.
  net::HttpResponse plain(const net::HttpRequest& http, const Target& target) {
    const auto& path = target.path;
    if (http.method != "GET" && http.method != "HEAD")
      return status_response(method_not_allowed(), Encoding::Json);
    if (is_public(path) && path != "/version") return health(path);
    if (path == "/metrics") return text_response(200, metrics->text());
    if (path == "/openapi/v2") return openapi(http.headers.get("Accept"));
    const auto accepted = negotiate(http.headers.get("Accept"));
    const auto encoding = accepted.ok() ? accepted->encoding : Encoding::Json;
    auto document = server->document(path);
    if (!document.ok()) return status_response(document.status(), encoding);
    return document_response(200, encode(*document, encoding), encoding);
  }

  Result<Request> request_of(const net::HttpRequest& http, const Target& target, const ResourcePath& path,
                             Identity identity, const Accepted& accepted) const {
    Request request;
    TRY(request.verb, verb_of(http.method, path, target.query));
    request.group = path.group;
    request.version = path.version;
    request.resource = path.resource;
    request.ns = path.ns;
    request.name = path.name;
    request.subresource = path.subresource;
    request.identity = std::move(identity);
    request.rendering = accepted.rendering;
    request.rendering.include_object = std::string(target.query.get("includeObject"));
    // What does not exist is said before what is wrong with the body.
    TRY_VOID(server->check_route(request));
    TRY_VOID(read_options(request, http, target.query, server->registry()));
    if (path.legacy_watch && !path.name.empty()) {
      request.read.field_selector = "metadata.name=" + path.name;
      request.name.clear();
    }
    return request;
  }
};

namespace {

Result<Target> parse_target(const std::string& text) {
  const auto question = text.find('?');
  Target target;
  target.path = text.substr(0, question);
  if (question != std::string::npos) {
    TRY(target.query, Query::parse(std::string_view(text).substr(question + 1)));
  }
  return target;
}

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

Task<void> HttpFrontend::handle(net::HttpRequest request, net::ResponseWriter* writer) {
  State* state = state_.get();
  const auto target = parse_target(request.target);
  net::HttpResponse reply;
  std::unique_ptr<EventStream> events;
  if (!target.ok()) {
    reply = status_response(target.status(), Encoding::Json);
  } else {
    auto identity = state->identify(request, writer->peer());
    const bool known = identity.ok() && identity->has_value();
    const auto path = parse_resource_path(target->path);
    if (!known && !(identity.ok() && is_public(target->path))) {
      reply = status_response(identity.ok() ? unauthorized() : identity.status(), Encoding::Json);
    } else if (!path) {
      reply = state->plain(request, *target);
    } else {
      const auto accepted = negotiate(request.headers.get("Accept"));
      const auto encoding = accepted.ok() ? accepted->encoding : Encoding::Json;
      Result<Request> parsed =
          accepted.ok() ? state->request_of(request, *target, *path, std::move(**identity), *accepted)
                        : Result<Request>(accepted.status());
      request.body.clear();
      if (!parsed.ok()) {
        reply = status_response(parsed.status(), encoding);
      } else {
        auto response = co_await state->server->handle(std::move(parsed).value());
        if (!response.ok()) {
          reply = status_response(response.status(), encoding);
        } else if (response->stream) {
          events = std::move(response->stream);
        } else {
          reply = answer(*response, encoding);
        }
      }
    }
  }
  if (events) {
    co_await stream(std::move(events), writer);
    co_return;
  }
  auto sent = co_await writer->send(std::move(reply));
  if (!sent.ok()) log::debug("a client went before its answer", {{"peer", writer->peer().address}});
}

net::HttpResponse render_http_error(int code, std::string message) {
  std::string_view reason = reasons::kInternalError;
  if (code == 400) reason = reasons::kBadRequest;
  if (code == 413) reason = reasons::kRequestEntityTooLarge;
  return status_response(Status(code, reason, std::move(message)), Encoding::Json);
}

}  // namespace heirloom::server
