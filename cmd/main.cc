// heirloom: one binary. Each command's object graph is built here, on the stack, in order.
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "cmd/control.h"
#include "cmd/election.h"
#include "cmd/options.h"
#include "cmd/serve.h"
#include "kube/http_api.h"
#include "kube/kubeconfig.h"
#include "net/event_loop.h"
#include "server/local_api.h"

namespace heirloom::cmd {
namespace {

constexpr int kFailure = 1;
constexpr int kUsage = 2;

Task<Status> run_api_server(net::EventLoop* loop, Serving* serving) {
  const Status started = co_await serving->start();
  if (started.ok()) {
    fmt::print("kubeconfig: {}\n", serving->kubeconfig());
    std::fflush(stdout);
    const int signal = co_await loop->wait_for_termination();
    log::info("stopping", {{"signal", signal}});
  }
  co_await serving->stop();
  co_return started;
}

Task<Status> run_controller(Controlling* controlling) {
  Status outcome = co_await controlling->start();
  if (outcome.ok()) outcome = co_await controlling->wait_for_end();
  co_await controlling->stop();
  co_return outcome;
}

Task<Status> run_standalone(net::EventLoop* loop, Random* random, Metrics* metrics, Serving* serving,
                            ControlOptions options) {
  Status started = co_await serving->start();
  if (started.ok()) {
    const std::unique_ptr<kube::Api> api = server::make_local_api(serving->api_server());
    Controlling controlling(loop, random, metrics, api.get(), std::move(options), std::nullopt);
    started = co_await controlling.start();
    if (started.ok()) {
      fmt::print("kubeconfig: {}\n", serving->kubeconfig());
      std::fflush(stdout);
      started = co_await controlling.wait_for_end();
    }
    co_await controlling.stop();
  }
  co_await serving->stop();
  co_return started;
}

int report(const Status& status) {
  if (status.ok()) return 0;
  fmt::print(stderr, "heirloom: {}\n", status.message());
  return kFailure;
}

int execute(const Help& help) {
  fmt::print("{}", help.text);
  return 0;
}

int execute(const Version&) {
  fmt::print("heirloom {}\n", HEIRLOOM_VERSION);
  return 0;
}

int execute(const UsageError& error) {
  fmt::print(stderr, "heirloom: {}\n", error.message);
  return kUsage;
}

int execute(const ApiServer& command) {
  SystemRandom random;
  Metrics metrics;
  net::EventLoop loop;
  Serving serving(&loop, &random, &metrics, command.serve);
  return report(net::await(loop, run_api_server(&loop, &serving)));
}

int execute(const Standalone& command) {
  SystemRandom random;
  Metrics metrics;
  net::EventLoop loop;
  Serving serving(&loop, &random, &metrics, command.serve);
  return report(net::await(loop, run_standalone(&loop, &random, &metrics, &serving, command.control)));
}

int execute(const Controller& command) {
  SystemRandom random;
  Metrics metrics;
  net::EventLoop loop;
  const kube::KubeconfigOptions where{command.control.kubeconfig, command.control.context};
  Result<kube::ClientConfig> config = kube::load_client_config(where, kube::system_sources());
  if (!config.ok()) return report(config.status());
  log::info("controller starts", {{"version", HEIRLOOM_VERSION}, {"server", config->server},
                                  {"config", config->description}});
  ControlOptions control = command.control;
  if (config->in_cluster) control.own_namespace = config->ns;
  std::optional<kube::LeaseOptions> lease;
  if (command.election.elect) {
    Result<kube::LeaseOptions> options = lease_options(command.election, *config, &random);
    if (!options.ok()) return report(options.status());
    lease = std::move(options).value();
  }
  Result<std::unique_ptr<kube::HttpApi>> api =
      kube::make_http_api(loop.executor(), &loop.clock(), &metrics, std::move(config).value());
  if (!api.ok()) return report(api.status());
  Controlling controlling(&loop, &random, &metrics, api->get(), control, std::move(lease));
  const int code = report(net::await(loop, run_controller(&controlling)));
  net::await(loop, (*api)->stop());
  return code;
}

}  // namespace
}  // namespace heirloom::cmd

int main(int argc, char** argv) {
  using namespace heirloom;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const cmd::CommandLine line = cmd::parse_command_line(arguments);
  log::configure(line.log_level);
  return std::visit([](const auto& command) { return cmd::execute(command); }, line.command);
}
