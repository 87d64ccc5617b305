// Claims with the controller crashed at every await, and the races that Kratix' own claims lose.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "e2e/simulation/cluster.h"
#include "e2e/simulation/sanitized.h"

using namespace heirloom;
using namespace heirloom::simulation;

namespace {

const std::string kClaims = "/marketplace.kratix.io/namespaceclaims/default/";
const std::string kNamespaces = "/core/namespaces/";
const std::string kSharer = "namespaceclaims.marketplace.kratix.io:default/";

std::string claim(const std::string& name, const std::string& target) {
  return fmt::format(R"(
apiVersion: marketplace.kratix.io/v1alpha1
kind: NamespaceClaim
metadata: {{name: {}, namespace: default}}
spec: {{namespaceName: {}}}
)",
                     name, target);
}

bool is_deleting(JsonView object) { return object["metadata"].contains("deletionTimestamp"); }

std::vector<std::string> ledger_of(JsonView object) {
  std::vector<std::string> entries;
  std::string text(object["metadata"]["annotations"]["app.oam.dev/shared-by"].string());
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    entries.push_back(text.substr(0, comma));
    text = comma == std::string::npos ? "" : text.substr(comma + 1);
  }
  return entries;
}

// Looks at the store alone, and shares no code with what it checks.
class Watcher {
 public:
  explicit Watcher(Cluster* cluster) : cluster_(cluster) {
    cluster->on_commit = [this](const Commit& commit) { see(commit); };
  }

  void see(const Commit& commit) {
    if (!commit.key.starts_with(kNamespaces) || !commit.by_controller()) return;
    const bool deleted = !commit.before.is_null() && !is_deleting(commit.before) &&
                         (commit.after.is_null() || is_deleting(commit.after));
    const std::string name = commit.key.substr(kNamespaces.size());
    for (const std::string& entry : ledger_of(commit.before))
      if (deleted && is_live(entry, name)) complain(fmt::format("{} was deleted although {} shares it", name, entry));
    if (commit.after.is_null()) return;
    const std::vector<std::string> ledger = ledger_of(commit.after);
    if (ledger.empty()) return;
    const std::string owner = "namespaceclaims_" + ledger.front().substr(ledger.front().find('/') + 1);
    if (commit.after["metadata"]["labels"]["app.oam.dev/name"].string() != owner)
      complain(fmt::format("{}: the first entry {} is not the owner", name, ledger.front()));
  }

  void at_rest() {
    if (!cluster_->settle()) complain("does not come to rest");
    std::set<std::string> wanted;
    for (const auto& [key, stored] : cluster_->all()) {
      if (!key.starts_with(kClaims)) continue;
      const JsonView object = stored->value;
      const std::string name(object["metadata"]["name"].string());
      const std::string target(object["spec"]["namespaceName"].string());
      if (is_deleting(object)) complain(name + " hangs in deletion");
      const Json there = cluster_->stored(kNamespaces + target);
      const std::vector<std::string> ledger = ledger_of(there);
      const auto place = std::find(ledger.begin(), ledger.end(), kSharer + name);
      if (there.is_null() || is_deleting(there) || place == ledger.end()) complain(name + " has not got " + target);
      const JsonView status = object["status"];
      if (status["phase"].string() != "Bound") complain(name + " is " + std::string(status["phase"].string()));
      if (status["claimCount"].int64() != static_cast<std::int64_t>(ledger.size())) complain(name + " miscounts");
      if (status["position"].int64() != place - ledger.begin() + 1) complain(name + " has a wrong position");
      wanted.insert(target);
    }
    for (const auto& [key, stored] : cluster_->all()) {
      if (!key.starts_with(kNamespaces)) continue;
      const JsonView labels = stored->value["metadata"]["labels"];
      if (labels.contains("app.oam.dev/name") && !wanted.contains(key.substr(kNamespaces.size())))
        complain(key + " is still there");
    }
  }

  std::string complaints;

 private:
  bool is_live(const std::string& entry, const std::string& target) const {
    if (!entry.starts_with(kSharer)) return false;
    const Json object = cluster_->stored(kClaims + entry.substr(kSharer.size()));
    if (!object.is_object() || is_deleting(object) || object["spec"]["namespaceName"].string() != target) return false;
    // About to leave it, and edited back since: it looks again when it has left.
    const std::string record(object["metadata"]["annotations"]["heirloom.dev/claim-targets"].string());
    return record.starts_with(fmt::format(R"({{"targets":[["v1","Namespace","","{}",)", target));
  }
  void complain(const std::string& what) {
    if (complaints.size() < 2000) complaints += what + "\n";
  }
  Cluster* cluster_;
};

struct Life {
  Cluster& cluster;
  bool hasty;
  Watcher& watcher;
  void apply(const std::string& name, const std::string& target) {
    Status status = cluster.apply(claim(name, target));
    for (int attempt = 0; attempt < 5 && is_conflict(status); ++attempt) status = cluster.apply(claim(name, target));
    check(status);
  }
  void remove(const std::string& name) { check(cluster.remove(kClaims + name)); }
  // Takes the finalizers away, and the claim with them.
  void remove_by_force(const std::string& name) {
    const Json metadata = Json::object({{"finalizers", nullptr}});
    check(cluster.patch(kClaims + name, Json::object({{"metadata", metadata}})));
    const Status removed = cluster.remove(kClaims + name);
    CHECK((removed.ok() || is_not_found(removed)));
    if (cluster.stored(kClaims + name).is_object()) check(cluster.patch(kClaims + name, Json::object({{"metadata", metadata}})));
  }
  void pass_time() {
    if (hasty) cluster.run_steps(120);
    else watcher.at_rest();
  }
  static void check(const Status& status) { CHECK_MESSAGE(status.ok(), status.message()); }
};
using Story = std::function<void(Life&)>;

struct Outcome {
  std::string complaints;
  std::uint64_t handlers = 0;
};

Outcome live(const Story& story, bool hasty, std::uint64_t crash_at, std::uint64_t seed = 7) {
  ClusterOptions options;
  options.seed = seed;
  Cluster cluster(options);
  Watcher watcher(&cluster);
  cluster.start_controller();
  if (crash_at != 0) cluster.crash_controller_at(crash_at, Duration::zero());
  Life life{cluster, hasty, watcher};
  story(life);
  Outcome outcome;
  outcome.handlers = cluster.controller_handlers();
  watcher.at_rest();
  outcome.complaints = watcher.complaints;
  return outcome;
}

// The two-claims story of Kratix' documentation.
void two_claims(Life& life) {
  life.apply("team-a", "shared");
  life.pass_time();
  life.apply("team-b", "shared");
  life.pass_time();
  life.remove("team-a");
  life.pass_time();
  life.remove("team-b");
  life.pass_time();
}

void retarget(Life& life) {
  life.apply("team-a", "one");
  life.apply("team-b", "one");
  life.pass_time();
  life.apply("team-a", "two");
  life.pass_time();
  life.apply("team-b", "two");
  life.pass_time();
  life.apply("team-b", "one");
  life.remove("team-a");
  life.pass_time();
}

constexpr std::uint64_t kStride = stride(2, 29);

void crash_everywhere(const Story& story, bool hasty) {
  const Outcome calm = live(story, hasty, 0);
  REQUIRE_MESSAGE(calm.complaints.empty(), calm.complaints);
  REQUIRE(calm.handlers > 100);
  int broken = 0;
  for (std::uint64_t k = 1; k <= calm.handlers && broken < 3; k += kStride) {
    const Outcome outcome = live(story, hasty, k);
    CHECK_MESSAGE(outcome.complaints.empty(), "crashed at handler ", k, ": ", outcome.complaints);
    if (!outcome.complaints.empty()) ++broken;
  }
}

void at_many_paces(const Story& story) {
  for (std::uint64_t seed = 1; seed <= 40; seed += stride(1, 8)) {
    const Outcome outcome = live(story, true, 0, seed);
    CHECK_MESSAGE(outcome.complaints.empty(), "seed ", seed, ": ", outcome.complaints);
  }
}

}  // namespace

TEST_CASE("two claims live through a crash at any await") { crash_everywhere(two_claims, false); }

TEST_CASE("two hasty claims live through a crash at any await") { crash_everywhere(two_claims, true); }

TEST_CASE("retargeted claims live through a crash at any await") { crash_everywhere(retarget, true); }

TEST_CASE("a claim that comes while the last one goes is not lost") {
  for (const std::uint64_t steps : {0, 5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 130})
    at_many_paces([steps](Life& life) {
      life.apply("team-a", "shared");
      life.cluster.run_steps(200);
      life.remove("team-a");
      life.cluster.run_steps(steps);
      life.apply("team-b", "shared");
    });
}

TEST_CASE("the last two claims may go at once") {
  at_many_paces([](Life& life) {
    life.apply("team-a", "shared");
    life.apply("team-b", "shared");
    life.cluster.run_steps(300);
    life.remove("team-a");
    life.remove("team-b");
  });
}

TEST_CASE("a namespace deleted by hand comes back at once, for every claim") {
  at_many_paces([](Life& life) {
    life.apply("team-a", "shared");
    life.apply("team-b", "shared");
    life.cluster.run_steps(300);
    Life::check(life.cluster.remove(kNamespaces + "shared"));
    life.cluster.run_steps(20);
  });
}

TEST_CASE("a claim that was removed by force is purged, and its object goes with the last one") {
  at_many_paces([](Life& life) {
    life.apply("team-a", "shared");
    life.apply("team-b", "shared");
    life.cluster.run_steps(300);
    life.remove_by_force("team-a");
    life.cluster.run_steps(100);
    life.remove_by_force("team-b");
  });
  at_many_paces([](Life& life) {
    life.apply("team-a", "shared");
    life.cluster.run_steps(300);
    life.remove_by_force("team-a");
    life.apply("team-a", "other");  // a new life under the name of the old one
  });
  at_many_paces([](Life& life) {  // while nobody looks
    life.apply("team-a", "shared");
    life.cluster.run_steps(300);
    life.cluster.crash_controller(std::chrono::seconds(60));
    life.remove_by_force("team-a");
  });
}

TEST_CASE("a claim is known by its labels when ledger and record were taken off while nobody looked") {
  at_many_paces([](Life& life) {
    life.apply("team-a", "shared");
    life.cluster.run_steps(2000);
    life.cluster.crash_controller(std::chrono::seconds(5));
    const Result<Json> stripped =
        Json::parse(R"({"metadata":{"annotations":{"app.oam.dev/shared-by":null,"heirloom.dev/record":null}}})");
    const Status done = life.cluster.patch(kNamespaces + "shared", *stripped);
    CHECK((done.ok() || is_not_found(done)));  // at some paces it is not there yet
  });
}

TEST_CASE("an unchanged claim costs no request, a new one few") {
  ClusterOptions options;
  Cluster cluster(options);
  Watcher watcher(&cluster);
  cluster.start_controller();
  REQUIRE(cluster.apply(claim("team-a", "shared")).ok());
  watcher.at_rest();
  const std::uint64_t before = cluster.calls_of_controller();
  REQUIRE(cluster.apply(claim("team-b", "shared")).ok());
  cluster.run_for(std::chrono::seconds(30));
  // Finalizer with record, join, status, and an Event; the other claim's count, and the class'.
  CHECK(cluster.calls_of_controller() - before <= 7);
  const std::uint64_t calm = cluster.calls_of_controller();
  cluster.run_for(std::chrono::seconds(30));
  CHECK(cluster.calls_of_controller() == calm);
  CHECK_MESSAGE(watcher.complaints.empty(), watcher.complaints);
}
