#include "e2e/simulation/stories.h"

#include <utility>

#include <fmt/format.h>

#include "e2e/simulation/cluster.h"

namespace heirloom::simulation {
namespace {

using kube::testing::Call;
using kube::testing::Fault;

constexpr std::string_view kApplications = "/core.oam.dev/applications/default/";
// Handlers between two steps of a hasty story.
constexpr std::uint64_t kHaste = 150;
constexpr int kAttempts = 5;
// As in random_faults.cc: below the timeout that writes carry.
constexpr Duration kLate = std::chrono::seconds(9);

StoryStep apply(std::string application, std::vector<std::string> objects, bool shares = true) {
  return {StoryStep::Do::Apply, std::move(application), std::move(objects), shares};
}
StoryStep remove(std::string application) { return {StoryStep::Do::Remove, std::move(application), {}, true}; }

const std::string kShared = "ConfigMap/common";

const std::vector<Story>& stories() {
  static const std::vector<Story> kStories = {
      {"join-and-leave",
       {apply("app1", {kShared}), apply("app2", {kShared}), remove("app2"), remove("app1")}},
      {"handover", {apply("app1", {kShared}), apply("app2", {kShared}), remove("app1"), remove("app2")}},
      {"un-share",
       {apply("app1", {kShared}), apply("app2", {kShared}), apply("app1", {kShared}, false),
        apply("app2", {kShared}, false), remove("app1"), apply("app2", {}), remove("app2")}},
      {"retarget",
       {apply("app1", {kShared}), apply("app2", {kShared}), apply("app1", {"ConfigMap/other"}),
        apply("app1", {kShared, "ConfigMap/other"}), apply("app2", {"Namespace/team"}), remove("app1"), remove("app2")}},
      {"recreate",
       {apply("app1", {kShared}), apply("app2", {kShared}), remove("app1"), apply("app1", {kShared}), remove("app2"),
        remove("app1")}},
  };
  return kStories;
}

// Content that tells by whom, and in which version, it was declared.
Json manifest_of(const std::string& object, const StoryStep& step, int version) {
  const std::size_t slash = object.find('/');
  const std::string kind = object.substr(0, slash);
  const std::string text = fmt::format("v{}", version);
  JsonBuilder out;
  out.begin_object().member("apiVersion", "v1").member("kind", kind);
  out.key("metadata").begin_object().member("name", object.substr(slash + 1));
  if (kind != "Namespace") out.member("namespace", "default");
  out.key("labels").begin_object().member("only-" + step.application, text).end_object().end_object();
  if (kind == "ConfigMap")
    out.key("data").begin_object().member("from", step.application).member("version", text).end_object();
  out.end_object();
  return out.take();
}

Json application_of(const StoryStep& step, int version) {
  std::vector<std::string> objects = step.objects;
  objects.push_back("ConfigMap/own-" + step.application);
  JsonBuilder out;
  out.begin_object().member("apiVersion", "core.oam.dev/v1beta1").member("kind", "Application");
  out.key("metadata").begin_object().member("name", step.application).member("namespace", "default").end_object();
  out.key("spec").begin_object().key("components").begin_array();
  int number = 0;
  for (const std::string& object : objects) {
    out.begin_object().member("name", fmt::format("part{}", ++number)).member("type", "k8s-objects");
    out.key("properties").begin_object().key("objects").begin_array();
    out.value(manifest_of(object, step, version)).end_array().end_object().end_object();
  }
  out.end_array().key("policies").begin_array();
  if (step.shares) {
    out.begin_object().member("name", "share").member("type", "shared-resource").key("properties").begin_object();
    out.key("rules").begin_array().begin_object().key("selector").begin_object().key("resourceTypes").begin_array();
    out.string("ConfigMap").string("Namespace").end_array().end_object().end_object().end_array();
    out.end_object().end_object();
  }
  out.end_array().end_object().end_object();
  return out.take();
}

// One request fails; all others pass.
class OneFault final : public kube::testing::FaultPlan {
 public:
  OneFault(std::uint64_t at, Fault fault) : at_(at), fault_(std::move(fault)) {}

  Fault before(const Call& call) override {
    if (!armed_) return {};
    calls_.push_back(call.mutating);
    if (calls_.size() != at_) return {};
    what_ = call.to_string();
    return fault_;
  }
  Fault before_event(const Call&) override { return {}; }

  void arm() { armed_ = true; }
  const std::vector<bool>& calls() const { return calls_; }
  bool happened() const { return !what_.empty(); }
  const std::string& what() const { return what_; }

 private:
  std::uint64_t at_;
  Fault fault_;
  std::vector<bool> calls_;
  bool armed_ = false;
  std::string what_;
};

Fault failing(Fault::Kind kind, Status status, Duration delay = Duration::zero()) {
  Fault fault;
  fault.kind = kind;
  fault.status = std::move(status);
  fault.delay = delay;
  return fault;
}

Status overloaded() {
  StatusDetails details;
  details.retry_after_seconds = 2;
  return Status(429, reasons::kTooManyRequests, "too many requests", details);
}

}  // namespace

std::span<const Story> all_stories() { return stories(); }

const std::vector<NamedFault>& all_faults() {
  using Kind = Fault::Kind;
  static const std::vector<NamedFault> kFaults = {
      {"409", failing(Kind::Fail, Status(409, reasons::kConflict, "injected")), true},
      {"429", failing(Kind::Fail, overloaded())},
      {"500", failing(Kind::Fail, internal_error("injected"))},
      {"503", failing(Kind::Fail, Status(503, reasons::kServiceUnavailable, "injected"))},
      {"reset", failing(Kind::Fail, unreachable("injected"))},
      {"timeout", failing(Kind::Fail, timed_out("injected, never done"))},
      {"done, then timeout", failing(Kind::Ambiguous, timed_out("injected, after the effect")), true},
      {"done, then reset", failing(Kind::Ambiguous, unreachable("injected, after the effect")), true},
      {"timeout, done late", failing(Kind::Late, timed_out("injected, before the effect"), kLate), true},
  };
  return kFaults;
}

Telling tell(const Story& story, const Mishap& mishap) {
  OneFault fault(mishap.fault_at, mishap.fault);
  ClusterOptions options;
  options.seed = 7;
  options.faults = &fault;
  Cluster cluster(options);
  Checker checker;
  cluster.on_commit = [&checker](const Commit& commit) { checker.see(commit); };
  cluster.start_controller();
  fault.arm();
  if (mishap.crash_at != 0) cluster.crash_controller_at(mishap.crash_at, mishap.pause);
  Telling telling;
  int version = 0;
  for (std::size_t i = 0; i < story.steps.size(); ++i) {
    const StoryStep& step = story.steps[i];
    const std::string key = std::string(kApplications) + step.application;
    // Who comes back under the same name waits until the one before is gone.
    const Json before = cluster.stored(key);
    if (step.what == StoryStep::Do::Apply && before["metadata"].contains("deletionTimestamp"))
      static_cast<void>(cluster.settle());
    ++version;
    Status done;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {  // as kubectl does when the object changed meanwhile
      done = step.what == StoryStep::Do::Remove ? cluster.remove(key)
                                                : cluster.apply_object(application_of(step, version));
      if (!is_conflict(done)) break;
    }
    if (!done.ok()) telling.violations.push_back({0, "the user was refused: " + done.message()});
    if (mishap.hasty && i + 1 < story.steps.size()) {
      cluster.run_steps(kHaste);
      continue;
    }
    const bool settled = cluster.settle();
    checker.at_rest(cluster, settled);
  }
  for (const Violation& violation : checker.violations()) telling.violations.push_back(violation);
  for (const auto& [key, object] : cluster.all())
    if (key.starts_with("/core/configmaps/") || key == "/core/namespaces/team" ||
        key.starts_with("/core.oam.dev/resourcetrackers/"))
      telling.violations.push_back({5, key + " is still there"});
  telling.handlers = cluster.controller_handlers();
  telling.calls = fault.calls();
  telling.happened = (mishap.crash_at == 0 || cluster.crashed()) && (mishap.fault_at == 0 || fault.happened());
  telling.what = fault.what();
  return telling;
}

Exhaustion exhaust(const Story& story, bool hasty, std::uint64_t crash_stride, std::uint64_t fault_stride,
                   const std::function<void(const std::string&)>& tell_violation) {
  Exhaustion sum;
  const auto told = [&](const std::string& what, const Telling& telling) {
    ++sum.tellings;
    if (telling.violations.empty()) return;
    ++sum.broken;
    std::string text = fmt::format("{}{}, {}:", story.name, hasty ? ", hasty" : "", what);
    for (const Violation& violation : telling.violations) text += "\n  " + to_string(violation);
    tell_violation(text);
  };
  Mishap none;
  none.hasty = hasty;
  const Telling calm = tell(story, none);
  told("undisturbed", calm);
  if (!calm.violations.empty()) return sum;
  for (std::uint64_t k = 1; k <= calm.handlers; k += crash_stride) {
    Mishap crash = none;
    crash.crash_at = k;
    crash.pause = k % 2 == 0 ? Duration::zero() : Duration(std::chrono::seconds(20));
    told(fmt::format("crashed at handler {}", k), tell(story, crash));
  }
  std::uint64_t number = 0;
  for (std::size_t call = 1; call <= calm.calls.size(); ++call) {
    for (const NamedFault& named : all_faults()) {
      if (named.of_writes && !calm.calls[call - 1]) continue;
      if (++number % fault_stride != 0) continue;
      Mishap faulted = none;
      faulted.fault_at = call;
      faulted.fault = named.fault;
      const Telling telling = tell(story, faulted);
      told(fmt::format("{} at request {}", named.name, telling.what), telling);
    }
  }
  return sum;
}

}  // namespace heirloom::simulation
