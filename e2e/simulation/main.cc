// heirloom-sim: random runs of the real server and controller, checked after every step. One seed is one run,
// always the same; a violation prints it, and --seed replays it with its trace.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/log.h"
#include "e2e/simulation/run.h"
#include "e2e/simulation/stories.h"
#include "e2e/simulation/sweep.h"

namespace {

using namespace heirloom;
using namespace heirloom::simulation;

// What the command line says about the mix; the rest is drawn from the seed.
struct Wishes {
  bool plain = false;
  std::optional<int> applications;
  std::optional<std::uint64_t> pace;
  std::map<const MixPart*, bool> parts;

  Mix mix(std::uint64_t seed) const {
    Mix mix = plain ? Mix() : drawn_mix(seed);
    if (applications) mix.applications = *applications;
    if (pace) mix.pace = *pace;
    for (const auto& [part, wanted] : parts) mix.*part->part = wanted;
    return mix;
  }
};

struct Arguments {
  RunOptions run;
  Wishes wishes;
  std::optional<std::uint64_t> seed;
  std::string seeds;
  int jobs = 1;
  bool first = false;
  bool hash = false;
  bool logs = false;
  std::string replay;
  bool exhaustive = false;
  std::string coverage;  // file of the excused cells
  std::uint64_t stride = 1;
};

void add_options(CLI::App& app, Arguments& arguments) {
  RunOptions& run = arguments.run;
  Wishes& wishes = arguments.wishes;
  app.add_option("--seed", arguments.seed, "one run, with its trace");
  app.add_option("--seeds", arguments.seeds, "A..B: many runs, without traces");
  app.add_option("--replay", arguments.replay, "a file of command lines, one for each run; see failed_seeds.txt")
      ->check(CLI::ExistingFile);
  app.add_option("--jobs", arguments.jobs, "processes for a sweep")->check(CLI::Range(1, 256));
  app.add_flag("--first", arguments.first, "a sweep ends at the first seed that breaks an invariant");
  app.add_flag("--hash", arguments.hash, "prints the hash of the trace instead of the trace");
  app.add_flag("--logs", arguments.logs, "prints the controller's log, too");
  app.add_option("--steps", run.steps, "things that somebody does in a run")->capture_default_str();
  app.add_option("--rests", run.rests, "how often a run comes to rest and is checked")->capture_default_str();
  std::map<std::string, Mutant> mutants;
  for (const MutantInfo& info : all_mutants()) mutants.emplace(info.name, info.mutant);
  app.add_option("--break", run.mutant, "takes one protection off")->transform(CLI::CheckedTransformer(mutants));
  app.add_option("--coverage", arguments.coverage,
                 "prints what was covered; an empty cell that this file does not excuse is a failure")
      ->check(CLI::ExistingFile);
  app.add_flag("--exhaustive", arguments.exhaustive,
               "short stories, each with a crash at every await and every fault at every request");
  app.add_option("--stride", arguments.stride, "with --exhaustive: only every so many-th of them")
      ->check(CLI::PositiveNumber);

  const std::string mix = "The mix (what is not given is drawn from the seed)";
  app.add_flag("--plain", wishes.plain, "what is not given is as in a mix of three applications without faults")
      ->group(mix);
  app.add_option("--apps", wishes.applications, "applications")->check(CLI::Range(1, 100))->group(mix);
  app.add_option("--pace", wishes.pace, "handlers between two things somebody does: below this")
      ->check(CLI::Range(1, 100000))
      ->group(mix);
  for (const MixPart& part : mix_parts()) {
    const auto wanted = [&wishes, &part](std::int64_t count) { wishes.parts[&part] = count > 0; };
    app.add_flag_function(fmt::format("--{0},!--no-{0}", part.name), wanted, std::string(part.help))->group(mix);
  }
}

// Prints what was broken.
Totals run_seed(const Arguments& arguments, std::uint64_t seed, bool alone) {
  RunOptions options = arguments.run;
  options.seed = seed;
  options.mix = arguments.wishes.mix(seed);
  options.traced = arguments.hash;
  options.verbose = alone && !arguments.hash;
  const RunResult result = run(options);
  if (arguments.hash) fmt::print("seed {}: trace {:016x}\n", seed, result.trace_hash);
  for (const Violation& violation : result.violations) fmt::print("seed {}: {}\n", seed, to_string(violation));
  return result.totals;
}

// False when a telling of a story broke an invariant.
bool exhaust_all(std::uint64_t stride) {
  Exhaustion sum;
  for (const Story& story : all_stories()) {
    for (const bool hasty : {false, true}) {
      const Exhaustion one = exhaust(story, hasty, stride, stride, [](const std::string& text) {
        fmt::print("{}\n", text);
        std::fflush(stdout);
      });
      fmt::print("{}{}: {} tellings, {} broke an invariant\n", story.name, hasty ? ", hasty" : "", one.tellings,
                 one.broken);
      std::fflush(stdout);
      sum.tellings += one.tellings;
      sum.broken += one.broken;
    }
  }
  fmt::print("{} tellings, {} broke an invariant\n", sum.tellings, sum.broken);
  return sum.broken == 0;
}

// Every line's run; what follows a # is for people.
Totals replay(const std::string& path) {
  Totals totals;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    line.resize(std::min(line.find('#'), line.size()));
    if (line.find_first_not_of(' ') == std::string::npos) continue;
    CLI::App app;
    Arguments arguments;
    add_options(app, arguments);
    try {
      app.parse(line);
    } catch (const CLI::ParseError& error) {
      fmt::print(stderr, "{}: {}: {}\n", path, line, error.what());
      ++totals.violations;
      continue;
    }
    SweepOptions one;
    one.from = one.to = arguments.seed.value();
    totals.add(sweep(one, [&arguments](std::uint64_t seed) { return run_seed(arguments, seed, false); }));
  }
  return totals;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs the server and the controller under one seed and checks what must always hold");
  Arguments arguments;
  add_options(app, arguments);
  CLI11_PARSE(app, argc, argv);
  if (arguments.logs) log::configure(log::Level::Debug);

  if (arguments.exhaustive) return exhaust_all(arguments.stride) ? 0 : 1;
  Totals totals;
  if (!arguments.replay.empty()) {
    totals = replay(arguments.replay);
  } else if (arguments.seeds.empty()) {
    totals = run_seed(arguments, arguments.seed.value_or(1), true);
  } else {
    SweepOptions sweep_options;
    if (std::sscanf(arguments.seeds.c_str(), "%lu..%lu", &sweep_options.from, &sweep_options.to) != 2) {
      fmt::print(stderr, "--seeds wants A..B, not {}\n", arguments.seeds);
      return 2;
    }
    sweep_options.jobs = arguments.jobs;
    sweep_options.first = arguments.first;
    totals = sweep(sweep_options, [&arguments](std::uint64_t seed) { return run_seed(arguments, seed, false); });
  }
  const bool covered =
      arguments.coverage.empty() || print_coverage(totals.coverage, read_excused(arguments.coverage));
  fmt::print("{}\n", to_string(totals));
  return totals.violations == 0 && covered ? 0 : 1;
}
