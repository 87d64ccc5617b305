#include "cmd/options.h"

#include <doctest/doctest.h>

#include "cmd/election.h"

namespace heirloom::cmd {

TEST_CASE("a command line becomes values") {
  const CommandLine line = parse_command_line({"standalone", "--data-dir", "d", "--listen", "127.0.0.1:0", "--resync", "24h"});
  const auto* standalone = std::get_if<Standalone>(&line.command);
  REQUIRE(standalone != nullptr);
  CHECK(standalone->serve.data_dir == "d");
  CHECK(standalone->serve.listen == "127.0.0.1:0");
  CHECK(standalone->control.resync == std::chrono::hours(24));
}

TEST_CASE("leader election is off unless asked for, and its flags are Kubernetes'") {
  const CommandLine plain = parse_command_line({"controller"});
  REQUIRE(std::holds_alternative<Controller>(plain.command));
  CHECK(!std::get<Controller>(plain.command).election.elect);
  const CommandLine line = parse_command_line(
      {"controller", "--leader-elect", "--leader-elect-resource-name", "n", "--leader-elect-resource-namespace", "ns",
       "--leader-elect-lease-duration", "60s", "--leader-elect-renew-deadline", "40s", "--leader-elect-retry-period", "5s"});
  const auto* controller = std::get_if<Controller>(&line.command);
  REQUIRE(controller != nullptr);
  CHECK(controller->election.elect);
  CHECK(controller->election.name == "n");
  CHECK(controller->election.ns == "ns");
  CHECK(controller->election.lease_duration == std::chrono::seconds(60));
  CHECK(controller->election.renew_deadline == std::chrono::seconds(40));
  CHECK(controller->election.retry_period == std::chrono::seconds(5));
  const CommandLine off = parse_command_line({"controller", "--leader-elect=false"});
  REQUIRE(std::holds_alternative<Controller>(off.command));
  CHECK(!std::get<Controller>(off.command).election.elect);
}

TEST_CASE("the Lease is the Pod's namespace's or the one that is named, never a kubeconfig's") {
  SeededRandom random(1);
  kube::ClientConfig config;
  config.ns = "mine";
  ElectionOptions options;
  const Result<kube::LeaseOptions> unnamed = lease_options(options, config, &random);
  REQUIRE(!unnamed.ok());
  CHECK(unnamed.status().message().find("--leader-elect-resource-namespace") != std::string::npos);
  config.in_cluster = true;
  const Result<kube::LeaseOptions> pod = lease_options(options, config, &random);
  REQUIRE(pod.ok());
  CHECK(pod->ns == "mine");
  CHECK(pod->margin == std::chrono::seconds(5));
  options.ns = "named";
  const Result<kube::LeaseOptions> named = lease_options(options, config, &random);
  REQUIRE(named.ok());
  CHECK(named->ns == "named");
  CHECK(named->identity != pod->identity);
}

TEST_CASE("namespaces to be careful with") {
  const CommandLine line = parse_command_line(
      {"controller", "--protected-namespaces", "a,b-*", "--keep-non-empty-namespaces", "--protected-namespaces", "c"});
  const auto* controller = std::get_if<Controller>(&line.command);
  REQUIRE(controller != nullptr);
  CHECK(controller->control.protected_namespaces == std::vector<std::string>{"a", "b-*", "c"});
  CHECK(controller->control.keep_non_empty_namespaces);
}

TEST_CASE("what cannot be understood names the word and the nearest known one") {
  struct Case { const char* because; std::vector<std::string> arguments; const char* says; };
  const Case cases[] = {
      {"a misspelt flag", {"standalone", "--data-dir", "d", "--kubeconfg", "x"}, "unknown flag --kubeconfg"},
      {"a misspelt flag has a neighbour", {"controller", "--rsync", "5m"}, "did you mean --resync?"},
      {"a misspelt command", {"controler"}, "did you mean controller?"},
      {"a missing directory", {"apiserver"}, "--data-dir"},
      {"a bad duration", {"controller", "--resync", "5 minutes"}, "5 minutes"},
      {"a bad address", {"apiserver", "--data-dir", "d", "--listen", "here"}, "ADDR:PORT"},
      {"a lease shorter than its renewal", {"controller", "--leader-elect-lease-duration", "10s"}, "--leader-elect-renew-deadline"},
      {"no time for a second try", {"controller", "--leader-elect-retry-period", "9s"}, "--leader-elect-retry-period"},
      {"a lease for ever", {"controller", "--leader-elect-lease-duration", "25h"}, "longer than 1h0m0s"},
      {"an election of one", {"standalone", "--data-dir", "d", "--leader-elect"}, "unknown flag --leader-elect"},
      {"nothing at all", {}, "--help"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.because);
    const CommandLine line = parse_command_line(c.arguments);
    const auto* error = std::get_if<UsageError>(&line.command);
    REQUIRE(error != nullptr);
    CAPTURE(error->message);
    CHECK(error->message.find(c.says) != std::string::npos);
  }
}

TEST_CASE("every command has help") {
  for (const char* command : {"standalone", "apiserver", "controller", "version"}) {
    CAPTURE(command);
    const CommandLine line = parse_command_line({command, "--help"});
    CHECK(std::holds_alternative<Help>(line.command));
  }
}

}  // namespace heirloom::cmd
