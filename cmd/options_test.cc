#include "cmd/options.h"

#include <doctest/doctest.h>

namespace heirloom::cmd {

TEST_CASE("a command line becomes values") {
  const CommandLine line = parse_command_line({"standalone", "--data-dir", "d", "--listen", "127.0.0.1:0", "--resync", "24h"});
  const auto* standalone = std::get_if<Standalone>(&line.command);
  REQUIRE(standalone != nullptr);
  CHECK(standalone->serve.data_dir == "d");
  CHECK(standalone->serve.listen == "127.0.0.1:0");
  CHECK(standalone->control.resync == std::chrono::hours(24));
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
