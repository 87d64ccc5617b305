// The command line: text to values, in one place. Errors name the flag and the nearest known one.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/log.h"

namespace heirloom::cmd {

struct ServeOptions {
  std::string data_dir;
  std::string listen = "127.0.0.1:6443";  // ADDR:PORT; port 0 picks a free one
  std::string write_kubeconfig;           // "" = <data-dir>/kubeconfig
  bool synchronous = true;
};

// Names and values: kube-controller-manager's and client-go's.
struct ElectionOptions {
  bool elect = false;
  std::string name = "heirloom-controller";  // of the Lease
  std::string ns;                            // "" = the Pod's
  Duration lease_duration = std::chrono::seconds(15);
  Duration renew_deadline = std::chrono::seconds(10);
  Duration retry_period = std::chrono::seconds(2);
};

struct ControlOptions {
  std::string kubeconfig;      // "" = KUBECONFIG, ~/.kube/config, in-cluster
  std::string context;
  Duration resync = std::chrono::minutes(5);
  Duration dead_grace = std::chrono::seconds(10);
  int workers = 8;
  std::vector<std::string> protected_namespaces;  // besides default, kube-* and the process's own
  bool keep_non_empty_namespaces = false;
  std::string metrics_listen;  // ADDR:PORT of /healthz, /readyz and /metrics; "" = none
  std::string own_namespace;   // no flag: of the Pod it runs in
};

struct Help { std::string text; };
struct Version {};
struct ApiServer { ServeOptions serve; };
struct Controller { ControlOptions control; ElectionOptions election; };
struct Standalone { ServeOptions serve; ControlOptions control; };
struct UsageError { std::string message; };

struct CommandLine {
  std::variant<Help, Version, ApiServer, Controller, Standalone, UsageError> command;
  log::Level log_level = log::Level::Info;
};

// `arguments` without the program's name.
CommandLine parse_command_line(const std::vector<std::string>& arguments);

// The candidate with the smallest edit distance, "" when none is near (a third of the word, at least one).
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace heirloom::cmd
