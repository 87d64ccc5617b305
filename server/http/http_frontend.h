// HttpFrontend: the API server over HTTP: authentication, routing of paths, content negotiation, watches as
// chunks. Everything about objects happens behind ApiServer::handle.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "net/http_server.h"
#include "server/api_server.h"
#include "server/http/authentication.h"

namespace heirloom::server {

struct HttpFrontendOptions {
  std::vector<TokenIdentity> tokens;
  // Requests without credentials act as administrator: only for servers that nobody else can reach.
  bool anonymous_admin = false;
};

class HttpFrontend final : public net::HttpHandler {
 public:
  // Server and metrics outlive the front end.
  HttpFrontend(ApiServer* server, Metrics* metrics, HttpFrontendOptions options);
  ~HttpFrontend() override;

  Task<void> handle(net::HttpRequest request, net::ResponseWriter* response) override;

 private:
  struct State;
  struct Prepared;
  Prepared prepare(const net::HttpRequest& http, const net::Peer& peer);

  std::unique_ptr<State> state_;
};

// A Status as HTTP; for HttpServerOptions::render_error.
net::HttpResponse render_http_error(int code, std::string message);

}  // namespace heirloom::server
