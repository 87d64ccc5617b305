#include "cmd/serve.h"

#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "cmd/credentials.h"
#include "cmd/definitions.h"
#include "cmd/files.h"
#include "kube/kubeconfig.h"
#include "net/http_server.h"
#include "net/listener.h"
#include "server/http/http_frontend.h"
#include "server/local_api.h"
#include "server/resource_version.h"
#include "server/store/commit_runner.h"
#include "server/store/store.h"

namespace heirloom::cmd {
namespace {

constexpr Duration kStopGrace = std::chrono::seconds(3);

std::string url_of(const net::Endpoint& endpoint) {
  net::Endpoint reachable = endpoint;
  if (reachable.host.empty() || reachable.host == "0.0.0.0" || reachable.host == "::") reachable.host = "127.0.0.1";
  return "https://" + net::to_string(reachable);
}

}  // namespace

struct Serving::Parts {
  net::EventLoop* loop;
  Random* random;
  Metrics* metrics;
  ServeOptions options;
  std::string kubeconfig;
  std::unique_ptr<server::Store> store;
  std::unique_ptr<server::ApiServer> api_server;
  std::unique_ptr<server::HttpFrontend> frontend;
  std::unique_ptr<net::HttpServer> http;
};

Serving::Serving(net::EventLoop* loop, Random* random, Metrics* metrics, ServeOptions options)
    : parts_(std::make_unique<Parts>()) {
  parts_->loop = loop;
  parts_->random = random;
  parts_->metrics = metrics;
  parts_->options = std::move(options);
  parts_->kubeconfig = parts_->options.write_kubeconfig.empty() ? parts_->options.data_dir + "/kubeconfig"
                                                                : parts_->options.write_kubeconfig;
}

Serving::~Serving() = default;

Task<Status> Serving::start() {
  Parts& p = *parts_;
  Clock& clock = p.loop->clock();
  server::DiskOptions disk;
  disk.directory = p.options.data_dir;
  server::StoreOptions store_options;
  store_options.stamp = server::stamp_resource_version;
  CO_TRY(p.store, server::open_store(disk, store_options, p.loop->executor(), &clock,
                                     server::make_thread_commit_runner(p.loop->executor())));
  CO_TRY(net::Endpoint listen, net::parse_endpoint(p.options.listen));
  CO_TRY(ServerCredentials credentials,
         load_or_create_credentials(p.options.data_dir, listen, clock.now(), p.random));

  p.api_server = std::make_unique<server::ApiServer>(p.loop->executor(), &clock, p.random, p.store.get(), p.metrics);
  const Status started = co_await p.api_server->start();
  if (!started.ok()) co_return started;
  const std::unique_ptr<kube::Api> api = server::make_local_api(p.api_server.get());
  const Status installed = co_await install_definitions(api.get());
  if (!installed.ok()) co_return annotate(installed, "cannot install the CustomResourceDefinitions");

  net::TlsServerOptions tls;
  tls.certificate_pem = credentials.server.certificate_pem;
  tls.key_pem = credentials.server.key_pem;
  tls.client_ca_pem = credentials.authority.certificate_pem;
  net::HttpServerOptions http;
  CO_TRY(http.tls, net::TlsContext::server(tls));
  http.render_error = server::render_http_error;
  server::HttpFrontendOptions frontend;
  frontend.tokens.push_back({credentials.admin_token, server::admin_identity()});
  p.frontend = std::make_unique<server::HttpFrontend>(p.api_server.get(), p.metrics, std::move(frontend));
  p.http = std::make_unique<net::HttpServer>(p.loop->executor(), &clock, p.frontend.get(), std::move(http));
  Result<std::unique_ptr<net::Listener>> listener = net::listen_tcp(p.loop->executor(), listen);
  if (!listener.ok()) co_return annotate(listener.status(), fmt::format("cannot listen on {}; choose another --listen",
                                                                        p.options.listen));
  const std::string url = url_of((*listener)->endpoint());
  p.http->serve(std::move(listener).value());

  kube::ClientConfig admin;
  admin.server = url;
  admin.ca_pem = credentials.authority.certificate_pem;
  admin.token = credentials.admin_token;
  const Status written = write_file(p.kubeconfig, kube::write_kubeconfig(admin, "heirloom"));
  if (!written.ok()) co_return written;
  log::info("serving", {{"url", url}, {"kubeconfig", p.kubeconfig}});
  co_return Status();
}

Task<void> Serving::stop() {
  Parts& p = *parts_;
  if (p.http) co_await p.http->stop(kStopGrace);
  if (p.api_server) co_await p.api_server->stop();
  if (p.store) co_await p.store->close();
}

server::ApiServer* Serving::api_server() { return parts_->api_server.get(); }
const std::string& Serving::kubeconfig() const { return parts_->kubeconfig; }

}  // namespace heirloom::cmd
