// /healthz, /readyz and /metrics of a controller, over plain HTTP for probes and Prometheus.
#pragma once

#include <functional>
#include <string>

#include "base/metrics.h"
#include "net/http_server.h"

namespace heirloom::cmd {

class OperationsEndpoint final : public net::HttpHandler {
 public:
  // `not_ready`: why not, "" when ready. Metrics outlive this.
  OperationsEndpoint(Metrics* metrics, std::function<std::string()> not_ready)
      : metrics_(metrics), not_ready_(std::move(not_ready)) {}
  Task<void> handle(net::HttpRequest request, net::ResponseWriter* response) override;

 private:
  net::HttpResponse answer(const net::HttpRequest& request) const;
  Metrics* metrics_;
  std::function<std::string()> not_ready_;
};

}  // namespace heirloom::cmd
