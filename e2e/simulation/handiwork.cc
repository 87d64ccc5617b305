#include "e2e/simulation/handiwork.h"

#include <vector>

#include <fmt/format.h>

#include "base/assert.h"
#include "e2e/simulation/declarations.h"

namespace heirloom::simulation {
namespace {


constexpr std::string_view kOther =
    R"({"metadata":{"labels":{"version":"edited","hand":"yes"}}})";
constexpr std::string_view kWithoutLabels =
    R"({"metadata":{"labels":{"app.oam.dev/name":null,"app.oam.dev/namespace":null}}})";
constexpr std::string_view kWithoutLedger = R"({"metadata":{"annotations":{"app.oam.dev/shared-by":null}}})";
constexpr std::string_view kWithoutRecord = R"({"metadata":{"annotations":{"heirloom.dev/record":null}}})";
constexpr std::string_view kBrokenRecord = R"({"metadata":{"annotations":{"heirloom.dev/record":"{"}}})";
constexpr std::string_view kStrangersLabel = R"({"metadata":{"labels":{"stranger":"yes"}}})";
constexpr std::string_view kWithoutFinalizers = R"({"metadata":{"finalizers":[]}})";
constexpr std::string_view kEmptyTracker = R"({"spec":{"managedResources":[]}})";

}  // namespace

Common Handiwork::any_object() {
  const std::vector<Common> objects = common_objects(*mix_);
  return objects[random_->below(objects.size())];
}

void Handiwork::patch(const std::string& what, const std::string& key, std::string_view merge_patch) {
  cluster_->say(fmt::format("user: {} {}", what, key));
  const Result<Json> parsed = Json::parse(merge_patch);
  HEIRLOOM_ASSERT(parsed.ok());
  const Status done = cluster_->patch(key, *parsed);
  if (!done.ok()) cluster_->say("  " + done.message());
}

void Handiwork::edit() {
  const std::string key = any_object().key;
  if (cluster_->stored(key).is_null()) return;
  switch (random_->below(4)) {
    case 0: {
      cluster_->say("user: deletes by hand " + key);
      const Status done = cluster_->remove(key);
      if (!done.ok()) cluster_->say("  " + done.message());
      break;
    }
    case 1:
      patch("edits by hand", key, kOther);
      break;
    case 2:
      patch("strips the labels of", key, kWithoutLabels);
      break;
    default:
      patch("empties the ledger of", key, kWithoutLedger);
      break;
  }
}

void Handiwork::vandalise() {
  const std::string key = any_object().key;
  const std::uint64_t what = random_->below(3);
  if (what == 2) return break_tracker();
  if (cluster_->stored(key).is_null()) return;
  if (what == 0) {
    patch("removes the record of", key, kWithoutRecord);
  } else {
    patch("breaks the record of", key, kBrokenRecord);
  }
}

void Handiwork::break_tracker() {
  std::vector<std::string> keys;
  for (auto at = cluster_->all().lower_bound(kTrackers);
       at != cluster_->all().end() && at->first.starts_with(kTrackers); ++at)
    keys.push_back(at->first);
  if (keys.empty()) return;
  const std::string key = keys[random_->below(keys.size())];
  if (chance(50)) return patch("empties", key, kEmptyTracker);
  cluster_->say("user: deletes " + key);
  const Status done = cluster_->remove(key);
  if (!done.ok()) cluster_->say("  " + done.message());
}

void Handiwork::interfere() {
  const Common common = any_object();
  const std::string key = common.key;
  const Json now = cluster_->stored(key);
  if (now.is_null()) {
    cluster_->say("user: a stranger creates " + key);
    const Status done = cluster_->apply_object(author_->foreign_object(common));
    if (!done.ok()) cluster_->say("  " + done.message());
    return;
  }
  if (!now["metadata"]["labels"].contains("app.oam.dev/name") && chance(60)) {
    cluster_->say("user: a stranger deletes " + key);
    const Status done = cluster_->remove(key);
    if (!done.ok()) cluster_->say("  " + done.message());
    return;
  }
  patch("a stranger labels", key, kStrangersLabel);
}

void Handiwork::remove_by_force(const std::string& key) {
  if (chance(50)) {
    cluster_->say("user: deletes " + key);
    const Status done = cluster_->remove(key);
    if (!done.ok()) cluster_->say("  " + done.message());
    cluster_->run_steps(random_->below(60));
  }
  patch("takes the finalizers of", key, kWithoutFinalizers);
  const Status removed = cluster_->remove(key);
  if (!removed.ok()) cluster_->say("  " + removed.message());
}

}  // namespace heirloom::simulation
