#include "e2e/simulation/sweep.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <map>
#include <new>

#include <fmt/format.h>

#include "base/assert.h"

namespace heirloom::simulation {
namespace {

// What a process tells the one that started it, in memory that they share.
struct Report {
  std::uint64_t seed = 0;  // at work
  Totals totals;
};

class SharedReports {
 public:
  explicit SharedReports(int count) : bytes_(sizeof(Report) * static_cast<std::size_t>(count)) {
    void* const memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    HEIRLOOM_ASSERT(memory != MAP_FAILED);
    reports_ = static_cast<Report*>(memory);
    for (int i = 0; i < count; ++i) new (reports_ + i) Report;
  }
  ~SharedReports() { munmap(reports_, bytes_); }
  SharedReports(const SharedReports&) = delete;
  SharedReports& operator=(const SharedReports&) = delete;
  Report& operator[](int job) { return reports_[job]; }

 private:
  std::size_t bytes_;
  Report* reports_ = nullptr;
};

// Who interrupts a sweep wants to know how far it came.
volatile std::sig_atomic_t interrupted = 0;

void interrupt(int) { interrupted = 1; }

class Sweep {
 public:
  Sweep(const SweepOptions& options, const std::function<Totals(std::uint64_t)>& run)
      : options_(options), run_(run), reports_(options.jobs) {}

  Totals whole() {
    struct sigaction action = {};
    action.sa_handler = interrupt;
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
    for (int job = 0; job < options_.jobs; ++job)
      start(job, options_.from + static_cast<std::uint64_t>(job));
    while (!running_.empty()) join();
    Totals totals;
    for (int job = 0; job < options_.jobs; ++job) totals.add(reports_[job].totals);
    return totals;
  }

 private:
  // Every jobs-th seed from this one on.
  void start(int job, std::uint64_t seed) {
    if (seed > options_.to) return;
    std::fflush(nullptr);
    const pid_t child = fork();
    HEIRLOOM_ASSERT(child >= 0);
    if (child != 0) {
      running_[child] = job;
      return;
    }
    Report& report = reports_[job];
    for (; seed <= options_.to && !interrupted && !(options_.first && anything_broken());
         seed += static_cast<std::uint64_t>(options_.jobs)) {
      report.seed = seed;
      report.totals.add(run_(seed));
      std::fflush(stdout);
    }
    // Not exit(): what the starting process registered is not the child's to end.
    _exit(0);
  }

  void join() {
    int status = 0;
    const pid_t child = wait(&status);
    if (child < 0 && errno == EINTR) {
      for (const auto& [running, job] : running_) kill(running, SIGTERM);
      return;
    }
    const auto ended = running_.find(child);
    HEIRLOOM_ASSERT(ended != running_.end());
    const int job = ended->second;
    running_.erase(ended);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    Report& report = reports_[job];
    const std::string how = WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                                : fmt::format("exit code {}", WEXITSTATUS(status));
    fmt::print("seed {}: the run ended its process with {}\n", report.seed, how);
    ++report.totals.runs;
    ++report.totals.violations;
    if (!options_.first) start(job, report.seed + static_cast<std::uint64_t>(options_.jobs));
  }

  bool anything_broken() {
    for (int job = 0; job < options_.jobs; ++job)
      if (reports_[job].totals.violations > 0) return true;
    return false;
  }

  const SweepOptions& options_;
  const std::function<Totals(std::uint64_t)>& run_;
  SharedReports reports_;
  std::map<pid_t, int> running_;
};

}  // namespace

void Totals::add(const Totals& more) {
  runs += more.runs;
  steps += more.steps;
  handlers += more.handlers;
  requests += more.requests;
  commits += more.commits;
  faults += more.faults;
  crashes += more.crashes;
  violations += more.violations;
  for (std::size_t i = 0; i < coverage.size(); ++i) coverage[i] += more.coverage[i];
}

std::string to_string(const Totals& totals) {
  return fmt::format("{} runs, {} steps, {} handlers, {} requests, {} commits, {} faults injected, {} crashes, {} violations",
                     totals.runs, totals.steps, totals.handlers, totals.requests, totals.commits, totals.faults,
                     totals.crashes, totals.violations);
}

Totals sweep(const SweepOptions& options, const std::function<Totals(std::uint64_t seed)>& run) {
  return Sweep(options, run).whole();
}

}  // namespace heirloom::simulation
