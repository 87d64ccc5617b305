#include "cmd/operations_endpoint.h"

#include <utility>

namespace heirloom::cmd {
namespace {

net::HttpResponse text(int code, std::string body, const char* type = "text/plain; charset=utf-8") {
  net::HttpResponse response;
  response.code = code;
  response.headers.set("Content-Type", type);
  response.body = std::move(body);
  return response;
}

}  // namespace

net::HttpResponse OperationsEndpoint::answer(const net::HttpRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD") return text(405, "only GET is served here\n");
  const std::string path = request.target.substr(0, request.target.find('?'));
  if (path == "/healthz" || path == "/livez") return text(200, "ok");
  if (path == "/readyz") {
    const std::string problem = not_ready_();
    return problem.empty() ? text(200, "ok") : text(503, problem + "\n");
  }
  if (path == "/metrics") return text(200, metrics_->text(), "text/plain; version=0.0.4; charset=utf-8");
  return text(404, "here are /healthz, /readyz and /metrics\n");
}

Task<void> OperationsEndpoint::handle(net::HttpRequest request, net::ResponseWriter* response) {
  net::HttpResponse reply = answer(request);
  const Status sent = co_await response->send(std::move(reply));
  static_cast<void>(sent);  // a prober that has gone needs no answer
}

}  // namespace heirloom::cmd
