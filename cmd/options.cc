#include "cmd/options.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace heirloom::cmd {
namespace {

constexpr Duration kMinResync = std::chrono::seconds(1);

// Checks and converts a Go duration.
std::string duration_error(const std::string& text) {
  const Result<Duration> duration = parse_duration(text);
  if (!duration.ok()) return duration.status().message();
  if (*duration < kMinResync) return fmt::format("{} is shorter than 1s", text);
  return {};
}

std::string listen_error(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 && std::all_of(port.begin(), port.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
  if (colon == std::string::npos || colon == 0 || !digits || std::stoi(port) > 65535)
    return fmt::format("{} is not ADDR:PORT, such as 127.0.0.1:6443; port 0 picks a free one", text);
  return {};
}

void add_serve(CLI::App& app, ServeOptions& serve) {
  app.add_option("--data-dir", serve.data_dir, "directory of the durable store, keys and kubeconfig; made when absent")
      ->required();
  app.add_option("--listen", serve.listen, "ADDR:PORT to serve HTTPS on; port 0 picks a free one")
      ->check(listen_error, "ADDR:PORT")
      ->capture_default_str();
  app.add_option("--write-kubeconfig", serve.write_kubeconfig,
                 "where the administrator's kubeconfig goes; complete when the file appears "
                 "(default <data-dir>/kubeconfig)");
}

struct ControlText {
  std::string resync = "5m";
  std::string dead_grace = "10s";
};

void add_control(CLI::App& app, ControlOptions& control, ControlText& text) {
  app.add_option("--resync", text.resync, "how often every application is looked at without cause; a safety net")
      ->check(duration_error, "DURATION")
      ->capture_default_str();
  app.add_option("--dead-grace", text.dead_grace,
                 "how long a sharer must be gone before it is purged from shared objects")
      ->check(duration_error, "DURATION")
      ->capture_default_str();
  app.add_option("--workers", control.workers, "applications reconciled at once")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--protected-namespaces", control.protected_namespaces,
                 "NAME,NAME,...: never deleted, whoever declares them, besides default, kube-* and the Namespace of "
                 "this program; a name may end in an asterisk")
      ->delimiter(',');
  app.add_flag("--keep-non-empty-namespaces", control.keep_non_empty_namespaces,
               "the last sharer releases a Namespace that holds what it did not create, instead of deleting it; as the "
               "garbage-collect rule keepNonEmptyNamespace does for some");
  app.add_option("--metrics-listen", control.metrics_listen,
                 "ADDR:PORT of /healthz, /readyz and /metrics over plain HTTP; port 0 picks a free one")
      ->check(listen_error, "ADDR:PORT");
}

constexpr Duration kMaxLeaseDuration = std::chrono::hours(1);
constexpr double kRetryJitter = 1.2;  // two who wait do not ask in step; client-go's factor

struct ElectionText {
  std::string lease_duration = "15s";
  std::string renew_deadline = "10s";
  std::string retry_period = "2s";
};

void add_election(CLI::App& app, ElectionOptions& election, ElectionText& text) {
  app.add_flag("--leader-elect", election.elect,
               "act only while holding a Lease, so that several replicas can run (default off)");
  app.add_option("--leader-elect-resource-name", election.name, "name of the Lease")->capture_default_str();
  app.add_option("--leader-elect-resource-namespace", election.ns,
                 "namespace of the Lease (default: the Pod's; needed outside a Pod)");
  app.add_option("--leader-elect-lease-duration", text.lease_duration,
                 "how long others wait for a leader that does not renew")
      ->check(duration_error, "DURATION")
      ->capture_default_str();
  app.add_option("--leader-elect-renew-deadline", text.renew_deadline,
                 "how long the leader goes on without a renewal; shorter than the lease duration")
      ->check(duration_error, "DURATION")
      ->capture_default_str();
  app.add_option("--leader-elect-retry-period", text.retry_period,
                 "how often the leader renews and the others look; shorter than the renew deadline")
      ->check(duration_error, "DURATION")
      ->capture_default_str();
}

// "" when client-go would run with them.
std::string election_error(const ElectionOptions& election) {
  if (election.lease_duration > kMaxLeaseDuration)
    return fmt::format("--leader-elect-lease-duration is longer than {}", format_duration(kMaxLeaseDuration));
  if (election.lease_duration <= election.renew_deadline)
    return "--leader-elect-lease-duration must be longer than --leader-elect-renew-deadline";
  if (std::chrono::duration<double>(election.renew_deadline) <=
      std::chrono::duration<double>(election.retry_period) * kRetryJitter)
    return fmt::format("--leader-elect-renew-deadline must be longer than {} times --leader-elect-retry-period", kRetryJitter);
  if (election.name.empty()) return "--leader-elect-resource-name is empty";
  return {};
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, substituted}));
    }
  }
  return row[b.size()];
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  return flags;
}

std::string unknown_word(const CLI::App& root, const CLI::App& chosen, const std::string& word) {
  std::vector<std::string> known;
  if (word.rfind("-", 0) == 0) {
    known = flags_of(chosen);
  } else {
    for (const CLI::App* command : root.get_subcommands([](const CLI::App*) { return true; }))
      known.push_back(command->get_name());
  }
  const std::string flag = word.substr(0, word.find('='));
  const std::string near = nearest(flag, known);
  const std::string what = word.rfind("-", 0) == 0 ? "flag" : "command";
  const std::string hint = near.empty() ? "see --help" : fmt::format("did you mean {}?", near);
  return fmt::format("unknown {} {}; {}", what, flag, hint);
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return best;
}

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  ServeOptions serve;
  ControlOptions control;
  ControlText text;
  ElectionOptions election;
  ElectionText election_text;
  std::string log_level = "info";

  CLI::App app("Heirloom: a KubeVela-style application controller with a shared-resource policy engine", "heirloom");
  app.require_subcommand(1);
  app.option_defaults()->always_capture_default(false);
  const std::map<std::string, log::Level> levels = {{"debug", log::Level::Debug}, {"info", log::Level::Info},
                                                    {"warning", log::Level::Warning}, {"error", log::Level::Error}};
  const auto common = [&log_level](CLI::App* command) {
    command->add_option("--log-level", log_level, "debug, info, warning or error")
        ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
        ->capture_default_str();
    return command;
  };
  CLI::App* standalone =
      common(app.add_subcommand("standalone", "an embedded API server and the controller, in one process"));
  add_serve(*standalone, serve);
  add_control(*standalone, control, text);
  CLI::App* apiserver = common(app.add_subcommand("apiserver", "the embedded API server alone"));
  add_serve(*apiserver, serve);
  CLI::App* controller = common(app.add_subcommand("controller", "the controller, against any Kubernetes API server"));
  controller->add_option("--kubeconfig", control.kubeconfig,
                         "kubeconfig file (default: KUBECONFIG, ~/.kube/config, the Pod's service account)");
  controller->add_option("--context", control.context, "context of the kubeconfig (default: its current one)");
  add_control(*controller, control, text);
  add_election(*controller, election, election_text);
  CLI::App* version = app.add_subcommand("version", "the version of this program");

  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    const std::vector<CLI::App*> chosen = app.get_subcommands();
    line.command = Help{chosen.empty() ? app.help() : chosen.front()->help()};
    return line;
  } catch (const CLI::ParseError& error) {
    const std::vector<CLI::App*> chosen = app.get_subcommands();
    const CLI::App& scope = chosen.empty() ? app : *chosen.front();
    const std::vector<std::string> extras = scope.remaining(true);
    for (const std::string& extra : extras.empty() ? app.remaining(true) : extras) {
      line.command = UsageError{unknown_word(app, scope, extra)};
      return line;
    }
    line.command = UsageError{std::string(error.what()) + "; see --help"};
    return line;
  }

  line.log_level = levels.at(log_level);
  control.resync = *parse_duration(text.resync);
  control.dead_grace = *parse_duration(text.dead_grace);
  election.lease_duration = *parse_duration(election_text.lease_duration);
  election.renew_deadline = *parse_duration(election_text.renew_deadline);
  election.retry_period = *parse_duration(election_text.retry_period);
  if (const std::string error = election_error(election); !error.empty()) {
    line.command = UsageError{error};
    return line;
  }
  if (standalone->parsed()) line.command = Standalone{serve, control};
  else if (apiserver->parsed()) line.command = ApiServer{serve};
  else if (controller->parsed()) line.command = Controller{control, election};
  else if (version->parsed()) line.command = Version{};
  return line;
}

}  // namespace heirloom::cmd
