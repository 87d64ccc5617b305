#include "kube/http_api.h"

#include <utility>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/log.h"
#include "kube/http_watch.h"
#include "kube/wire.h"
#include "net/http_client.h"
#include "net/tcp.h"

namespace heirloom::kube {
namespace {

constexpr std::size_t kMaxErrorBody = 1U << 20;
// A watch's connection is given up this long after the server should have ended it.
constexpr Duration kWatchSlack = std::chrono::seconds(20);

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// Bearer token or password, whichever the configuration has; the token file is read again as it ages.
class Credentials {
 public:
  Credentials(const ClientConfig& config, Clock* clock, Duration refresh,
              std::function<Result<std::string>(const std::string&)> read_file)
      : token_(config.token),
        token_file_(config.token_file),
        clock_(clock),
        refresh_(refresh),
        read_file_(std::move(read_file)) {
    if (token_.empty() && token_file_.empty() && !config.username.empty())
      basic_ = "Basic " + encode_base64(config.username + ":" + config.password);
  }

  // "" when there are none.
  std::string authorization() {
    refresh();
    if (!token_.empty()) return "Bearer " + token_;
    return basic_;
  }
  void rejected() { stale_ = true; }

 private:
  void refresh() {
    if (token_file_.empty()) return;
    const MonotonicTime now = clock_->monotonic();
    if (!stale_ && now < next_read_) return;
    stale_ = false;
    next_read_ = now + refresh_;
    const Result<std::string> content = read_file_(token_file_);
    if (content.ok() && !trim(*content).empty()) {
      token_ = std::string(trim(*content));
      return;
    }
    // The last good token may still be valid.
    log::warning(
        "cannot read the token file",
        {{"file", token_file_}, {"error", content.ok() ? "it is empty" : content.status().message()}});
  }

  std::string token_;
  std::string token_file_;
  std::string basic_;
  Clock* clock_;
  Duration refresh_;
  std::function<Result<std::string>(const std::string&)> read_file_;
  bool stale_ = true;
  MonotonicTime next_read_;
};

class HttpApiImpl final : public HttpApi {
 public:
  HttpApiImpl(Executor executor, Clock* clock, Metrics* metrics, const ClientConfig& config,
              HttpApiOptions options, std::unique_ptr<net::Connector> connector,
              net::HttpClientOptions client_options)
      : clock_(clock),
        metrics_(metrics),
        options_(std::move(options)),
        credentials_(config, clock, options_.token_refresh, options_.read_file),
        client_(std::move(executor), clock, std::move(connector), std::move(client_options)) {
    impersonate_.user = config.impersonate_user;
    impersonate_.groups = config.impersonate_groups;
  }

  Task<Result<Json>> get(ObjectRef ref, GetOptions options) override {
    Exchange x = exchange("GET", ref.resource.resource, wire::get_target(ref, options), options,
                          options_.read_timeout);
    Result<Json> answer = co_await object_exchange(std::move(x));
    co_return answer;
  }

  Task<Result<ListPage>> list(Collection collection, ListOptions options) override {
    Exchange x = exchange("GET", collection.resource.resource, wire::list_target(collection, options),
                          options, options_.list_timeout);
    x.verb = "LIST";
    if (options.metadata_only)
      x.request.headers.set("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
    Result<net::HttpResponse> response = co_await successful_exchange(std::move(x));
    if (!response.ok()) co_return std::move(response).status();
    co_return wire::decode_list(response->body);
  }

  Task<Result<std::unique_ptr<Watch>>> watch(Collection collection, WatchOptions options) override {
    Exchange x = exchange("GET", collection.resource.resource, wire::watch_target(collection, options),
                          options, options_.read_timeout);
    x.verb = "WATCH";
    if (options.metadata_only)
      x.request.headers.set("Accept", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
    const MonotonicTime stream_deadline = clock_->monotonic() + options.timeout + kWatchSlack;
    net::HttpRequest request = std::move(x.request);
    Result<std::unique_ptr<net::HttpStream>> opened = co_await client_.open(std::move(request), x.deadline);
    if (!opened.ok()) {
      count(x, 0);
      co_return std::move(opened).status();
    }
    std::unique_ptr<net::HttpStream> stream = std::move(opened).value();
    count(x, stream->code());
    if (stream->code() != 200) {
      Result<std::string> body = co_await stream->read_rest(kMaxErrorBody, x.deadline);
      const std::string text = body.ok() ? std::move(body).value() : std::string();
      note_rejection(stream->code());
      co_return wire::decode_error(stream->code(), text, stream->headers().get("Retry-After"), false);
    }
    std::unique_ptr<Watch> watch =
        std::make_unique<HttpWatch>(std::move(stream), options_.max_event_bytes, stream_deadline);
    co_return watch;
  }

  Task<Result<Json>> create(Collection collection, Json body, WriteOptions options) override {
    const MonotonicTime deadline = deadline_of(options, options_.write_timeout);
    const Duration within = server_time(deadline);
    Exchange x = exchange("POST", collection.resource.resource,
                          wire::create_target(collection, options, within), options,
                          options_.write_timeout);
    x.creating = true;
    x.send_by = deadline - within;
    set_body(x, "application/json", write_json(body));
    Result<Json> answer = co_await object_exchange(std::move(x));
    co_return answer;
  }

  Task<Result<Json>> update(ObjectRef ref, Json body, WriteOptions options) override {
    const MonotonicTime deadline = deadline_of(options, options_.write_timeout);
    const Duration within = server_time(deadline);
    Exchange x =
        exchange("PUT", ref.resource.resource, wire::write_target(ref, options, false, within),
                 options, options_.write_timeout);
    x.send_by = deadline - within;
    set_body(x, "application/json", write_json(body));
    Result<Json> answer = co_await object_exchange(std::move(x));
    co_return answer;
  }

  Task<Result<Json>> patch(ObjectRef ref, PatchType type, Json patch, WriteOptions options) override {
    const MonotonicTime deadline = deadline_of(options, options_.write_timeout);
    const Duration within = server_time(deadline);
    const bool apply = type == PatchType::Apply;
    Exchange x = exchange("PATCH", ref.resource.resource,
                          wire::write_target(ref, options, apply, within), options,
                          options_.write_timeout);
    x.send_by = deadline - within;
    set_body(x, wire::content_type_of(type), write_json(patch));
    Result<Json> answer = co_await object_exchange(std::move(x));
    co_return answer;
  }

  Task<Result<Json>> remove(ObjectRef ref, RemoveOptions options) override {
    const MonotonicTime deadline = deadline_of(options, options_.write_timeout);
    const Duration within = server_time(deadline);
    Exchange x = exchange("DELETE", ref.resource.resource, wire::remove_target(ref, within),
                          options, options_.write_timeout);
    x.send_by = deadline - within;
    set_body(x, "application/json", wire::remove_body(options));
    Result<Json> answer = co_await object_exchange(std::move(x));
    co_return answer;
  }

  Task<Result<RawResponse>> raw(RawRequest raw_request) override {
    Exchange x = exchange(raw_request.method, "", raw_request.path, raw_request, options_.read_timeout);
    x.request.headers.set("Accept", raw_request.accept);
    if (!raw_request.body.empty()) set_body(x, "application/json", std::move(raw_request.body));
    Result<net::HttpResponse> response = co_await any_exchange(std::move(x));
    if (!response.ok()) co_return std::move(response).status();
    RawResponse answer;
    answer.code = response->code;
    answer.content_type = std::string(response->headers.get("Content-Type"));
    answer.body = std::move(response->body);
    co_return answer;
  }

  Task<void> stop() override { return client_.stop(); }

 private:
  // One request and what is needed to understand its answer.
  struct Exchange {
    net::HttpRequest request;
    MonotonicTime deadline;
    MonotonicTime send_by = MonotonicTime::max();
    std::string verb;
    std::string resource;
    bool creating = false;
  };

  MonotonicTime deadline_of(const CallOptions& options, Duration by_default) const {
    return options.deadline.value_or(clock_->monotonic() + by_default);
  }
  Duration server_time(MonotonicTime deadline) const {
    return wire::server_timeout(deadline - clock_->monotonic());
  }

  Exchange exchange(std::string method, std::string resource, std::string target, const CallOptions& options,
                    Duration by_default) {
    Exchange x;
    x.verb = method;
    x.resource = std::move(resource);
    x.deadline = deadline_of(options, by_default);
    x.request.method = std::move(method);
    x.request.target = std::move(target);
    x.request.headers.set("Accept", "application/json");
    std::string authorization = credentials_.authorization();
    if (!authorization.empty()) x.request.headers.set("Authorization", std::move(authorization));
    const Impersonation& as = options.impersonate.user.empty() ? impersonate_ : options.impersonate;
    if (!as.user.empty()) x.request.headers.set("Impersonate-User", as.user);
    for (const std::string& group : as.groups) x.request.headers.add("Impersonate-Group", group);
    return x;
  }

  static void set_body(Exchange& x, std::string_view content_type, std::string body) {
    x.request.headers.set("Content-Type", std::string(content_type));
    x.request.body = std::move(body);
  }

  Task<Result<net::HttpResponse>> any_exchange(Exchange x) {
    const MonotonicTime began = clock_->monotonic();
    net::HttpRequest request = std::move(x.request);
    Result<net::HttpResponse> response = co_await client_.send(std::move(request), x.deadline, x.send_by);
    count(x, response.ok() ? response->code : 0);
    if (metrics_ != nullptr) {
      const double seconds = std::chrono::duration<double>(clock_->monotonic() - began).count();
      const MetricLabels labels = {{"verb", x.verb}};
      metrics_->observe_seconds("rest_client_request_duration_seconds", labels, seconds);
    }
    if (response.ok()) note_rejection(response->code);
    co_return response;
  }

  Task<Result<net::HttpResponse>> successful_exchange(Exchange x) {
    const bool creating = x.creating;
    Result<net::HttpResponse> response = co_await any_exchange(std::move(x));
    if (!response.ok()) co_return response;
    if (response->code >= 200 && response->code < 300) co_return response;
    co_return wire::decode_error(response->code, response->body, response->headers.get("Retry-After"),
                                 creating);
  }

  Task<Result<Json>> object_exchange(Exchange x) {
    Result<net::HttpResponse> response = co_await successful_exchange(std::move(x));
    if (!response.ok()) co_return std::move(response).status();
    Result<Json> parsed = Json::parse(response->body);
    if (!parsed.ok())
      co_return internal_error(fmt::format("the server's answer (HTTP {}) is not JSON: {}", response->code,
                                           parsed.status().message()));
    co_return parsed;
  }

  void count(const Exchange& x, int code) {
    if (metrics_ == nullptr) return;
    const MetricLabels labels = {{"verb", x.verb},
                                 {"resource", x.resource},
                                 {"code", code == 0 ? std::string("<error>") : std::to_string(code)}};
    metrics_->count("rest_client_requests_total", labels);
  }

  void note_rejection(int code) {
    if (code == 401) credentials_.rejected();
  }

  Clock* clock_;
  Metrics* metrics_;
  HttpApiOptions options_;
  Impersonation impersonate_;
  Credentials credentials_;
  net::HttpClient client_;
};

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace

Result<std::unique_ptr<HttpApi>> make_http_api(Executor executor, Clock* clock, Metrics* metrics,
                                               ClientConfig config, HttpApiOptions options,
                                               std::unique_ptr<net::Connector> connector) {
  Result<net::Url> url = net::parse_url(config.server);
  if (!url.ok()) return annotate(std::move(url).status(), config.description);
  net::HttpClientOptions client;
  client.host = net::to_string(url->endpoint);
  client.path_prefix = url->path;
  client.user_agent = options.user_agent;
  client.accept_gzip = !is_loopback(url->endpoint.host);
  client.max_body_bytes = options.max_body_bytes;
  std::unique_ptr<HttpApi> api =
      std::make_unique<HttpApiImpl>(std::move(executor), clock, metrics, config, std::move(options),
                                    std::move(connector), std::move(client));
  return api;
}

Result<std::unique_ptr<HttpApi>> make_http_api(Executor executor, Clock* clock, Metrics* metrics,
                                               ClientConfig config, HttpApiOptions options) {
  Result<net::Url> url = net::parse_url(config.server);
  if (!url.ok()) return annotate(std::move(url).status(), config.description);
  std::unique_ptr<net::Connector> connector;
  if (url->tls) {
    net::TlsClientOptions tls;
    tls.ca_pem = config.ca_pem;
    tls.certificate_pem = config.client_cert_pem;
    tls.key_pem = config.client_key_pem;
    tls.server_name = config.tls_server_name;
    tls.insecure_skip_verify = config.insecure_skip_tls_verify;
    Result<std::shared_ptr<const net::TlsContext>> context = net::TlsContext::client(std::move(tls));
    if (!context.ok()) return annotate(std::move(context).status(), config.description);
    connector = net::tls_connector(executor, clock, url->endpoint, std::move(context).value());
  } else {
    connector = net::tcp_connector(executor, clock, url->endpoint);
  }
  return make_http_api(std::move(executor), clock, metrics, std::move(config), std::move(options),
                       std::move(connector));
}

}  // namespace heirloom::kube
