#include "cmd/control.h"

#include <utility>

#include <malloc.h>

#include "base/log.h"
#include "base/signal.h"
#include "base/task_scope.h"
#include "cmd/host.h"
#include "cmd/operations_endpoint.h"
#include "cmd/own_namespace.h"
#include "core/led_controller.h"
#include "net/endpoint.h"
#include "net/http_server.h"
#include "net/listener.h"

namespace heirloom::cmd {
namespace {

constexpr Duration kStopGrace = std::chrono::seconds(1);
// Bodies come and go with every change; what they leave free goes back to the system now and then.
constexpr Duration kReturnMemoryEvery = std::chrono::seconds(30);
constexpr Duration kReportEvery = std::chrono::seconds(5);

core::ControllerOptions controller_options(const ControlOptions& options) {
  core::ControllerOptions controller;
  controller.resync = options.resync;
  controller.workers = options.workers;
  controller.controller_version = HEIRLOOM_VERSION;
  controller.instance = host_name();
  controller.own_namespace = options.own_namespace;
  controller.dispatcher.dead_grace = options.dead_grace;
  controller.dispatcher.protected_namespaces = options.protected_namespaces;
  if (std::string own = own_namespace(); !own.empty()) {
    if (controller.own_namespace.empty()) controller.own_namespace = own;
    controller.dispatcher.protected_namespaces.push_back(std::move(own));
  }
  controller.dispatcher.keep_non_empty_namespaces = options.keep_non_empty_namespaces;
  return controller;
}

std::optional<core::Election> election(kube::Api* api, std::optional<kube::LeaseOptions> lease) {
  if (!lease.has_value()) return std::nullopt;
  return core::Election{api, std::move(*lease)};
}

}  // namespace

struct Controlling::Parts {
  Parts(net::EventLoop* loop_in, Random* random, Metrics* metrics, kube::Api* api, ControlOptions options_in,
        std::optional<kube::LeaseOptions> lease)
      : loop(loop_in), options(std::move(options_in)), scope(loop->executor()), ended(loop->executor()),
        controller(loop->executor(), api, &loop->clock(), random, metrics, controller_options(options),
                   election(api, std::move(lease))),
        endpoint(metrics, [this] { return controller.ready() ? std::string() : problem(); }) {}

  std::string problem() const {
    const std::string known = controller.problem();
    return known.empty() ? "the caches are not filled yet" : known;
  }

  net::EventLoop* loop;
  ControlOptions options;
  TaskScope scope;
  Signal ended;
  std::optional<Status> end;
  core::LedController controller;
  OperationsEndpoint endpoint;
  std::unique_ptr<net::HttpServer> http;
};

Controlling::Controlling(net::EventLoop* loop, Random* random, Metrics* metrics, kube::Api* api, ControlOptions options,
                         std::optional<kube::LeaseOptions> lease)
    : parts_(std::make_unique<Parts>(loop, random, metrics, api, std::move(options), std::move(lease))) {}

Controlling::~Controlling() = default;

Task<Status> Controlling::start() {
  Parts& p = *parts_;
  if (!p.options.metrics_listen.empty()) {
    CO_TRY(net::Endpoint endpoint, net::parse_endpoint(p.options.metrics_listen));
    Result<std::unique_ptr<net::Listener>> listener = net::listen_tcp(p.loop->executor(), endpoint);
    if (!listener.ok()) co_return annotate(listener.status(), "--metrics-listen");
    p.http = std::make_unique<net::HttpServer>(p.loop->executor(), &p.loop->clock(), &p.endpoint, net::HttpServerOptions());
    log::info("metrics", {{"listen", net::to_string((*listener)->endpoint())}});
    p.http->serve(std::move(listener).value());
  }
  p.controller.start();
  p.scope.spawn("signals", watch_signals());
  p.scope.spawn("leadership", watch_leadership());
  p.scope.spawn("problems", report_problems());
  p.scope.spawn("memory", return_memory());
  co_return Status();
}

// What the controller waits for, once in a while, until it is ready.
Task<void> Controlling::report_problems() {
  Parts& p = *parts_;
  std::string told;
  while (!p.controller.ready()) {
    const std::string problem = p.controller.problem();
    if (!problem.empty() && problem != told) log::warning(problem);
    told = problem;
    co_await p.loop->clock().sleep_for(told.empty() ? Duration(std::chrono::milliseconds(200)) : kReportEvery);
  }
  log::info("controller is ready");
}

Task<Status> Controlling::wait_for_end() {
  while (!parts_->end.has_value()) co_await parts_->ended.wait();
  co_return *parts_->end;
}

Task<void> Controlling::watch_signals() {
  const int signal = co_await parts_->loop->wait_for_termination();
  log::info("stopping", {{"signal", signal}});
  parts_->end = Status();
  parts_->ended.notify_all();
}

Task<void> Controlling::watch_leadership() {
  const Status lost = co_await parts_->controller.wait_lost();
  log::error("stopping: another process may lead now", {{"error", lost}});
  parts_->end = lost;
  parts_->ended.notify_all();
}

Task<void> Controlling::return_memory() {
  while (true) {
    co_await parts_->loop->clock().sleep_for(kReturnMemoryEvery);
    ::malloc_trim(0);
  }
}

Task<void> Controlling::stop() {
  Parts& p = *parts_;
  co_await p.scope.stop();
  co_await p.controller.stop();
  if (p.http) co_await p.http->stop(kStopGrace);
}

}  // namespace heirloom::cmd
