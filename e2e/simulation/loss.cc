#include "e2e/simulation/loss.h"

#include <utility>

#include "base/assert.h"

namespace heirloom::simulation {
namespace {

constexpr std::string_view kApplications = "/core.oam.dev/applications/";
// More than a loss of the largest mix takes.
constexpr int kMostSteps = 200;

std::vector<Json> applications(const Cluster& cluster) {
  std::vector<Json> found;
  for (auto at = cluster.all().lower_bound(kApplications);
       at != cluster.all().end() && at->first.starts_with(kApplications); ++at)
    found.push_back(at->second->value);
  return found;
}

std::string key_of(const Json& application) {
  const JsonView metadata = application["metadata"];
  return std::string(kApplications) + std::string(metadata["namespace"].string()) + "/" +
         std::string(metadata["name"].string());
}

}  // namespace

void Loss::act() {
  switch (stage_) {
    case Stage::Standing:
      return begin();
    case Stage::Going:
      return let_go();
    case Stage::Back:
      return apply_one();
  }
}

void Loss::finish() {
  for (int step = 0; !over(); ++step) {
    HEIRLOOM_ASSERT(step < kMostSteps);
    act();
    cluster_->run_steps(random_->below(100));
  }
}

void Loss::begin() {
  saved_.clear();
  for (const Json& application : applications(*cluster_)) {
    const JsonView metadata = application["metadata"];
    if (metadata.contains("deletionTimestamp")) continue;
    const Json bare = Json::object({{"name", metadata["name"]}, {"namespace", metadata["namespace"]}});
    saved_.insert(saved_.begin() + static_cast<std::ptrdiff_t>(random_->below(saved_.size() + 1)),
                  rewrite(application, {set_at({"metadata"}, bare), remove_at({"status"})}));
  }
  cluster_->say("user: deletes the definition of Applications");
  const Status done = cluster_->remove(kApplicationDefinition);
  if (!done.ok()) return cluster_->say("  " + done.message());
  stage_ = Stage::Going;
}

// One application at a time; when none is left, the definition is gone and can come back.
void Loss::let_go() {
  const std::vector<Json> left = applications(*cluster_);
  if (!left.empty()) {
    const std::string key = key_of(left[random_->below(left.size())]);
    cluster_->say("user: takes the finalizers of " + key);
    const Json none = Json::array();
    const Json metadata = Json::object({{"finalizers", none}});
    const Status done = cluster_->patch(key, Json::object({{"metadata", metadata}}));
    if (!done.ok()) cluster_->say("  " + done.message());
    return;
  }
  if (!cluster_->stored(kApplicationDefinition).is_null()) return cluster_->run_for(std::chrono::seconds(1));
  // Long enough, now and then, for whoever is missed to be taken for dead.
  cluster_->run_for(std::chrono::seconds(random_->below(2) == 0 ? 0 : random_->below(60)));
  cluster_->say("user: installs the definition of Applications again");
  const Status done = cluster_->install_definitions();
  if (!done.ok()) return cluster_->say("  " + done.message());
  cluster_->run_for(std::chrono::seconds(random_->below(2) == 0 ? 1 : random_->below(60)));
  stage_ = Stage::Back;
}

void Loss::apply_one() {
  if (!saved_.empty()) {
    const std::string key = key_of(saved_.back());
    if (cluster_->stored(key).is_null()) {
      cluster_->say("user: applies again " + key);
      const Status done = cluster_->apply_object(saved_.back());
      if (!done.ok()) cluster_->say("  " + done.message());
    }
    saved_.pop_back();
  }
  if (saved_.empty()) stage_ = Stage::Standing;
}

}  // namespace heirloom::simulation
