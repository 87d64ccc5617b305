#include "e2e/simulation/workload.h"

#include <fmt/format.h>

namespace heirloom::simulation {
namespace {

// As long as a late write may take to land.
constexpr Duration kSuccession = std::chrono::seconds(20);
constexpr std::uint64_t kLongestOverlapSeconds = 20;
constexpr std::uint64_t kLongestWaitSeconds = 30;
constexpr std::uint64_t kFarthestJumpHours = 48;

Json tenant() {
  return Json::object(
      {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", Json::object({{"name", kTenant}})}});
}

}  // namespace

std::span<const Workload::Action> Workload::actions() {
  static constexpr Action kActions[] = {
      {600, nullptr, &Workload::use_application},
      {40, &Mix::force, &Workload::force_application},
      {160, &Mix::by_hand, &Workload::edit_by_hand},
      {60, &Mix::vandals, &Workload::vandalise},
      {80, &Mix::strangers, &Workload::interfere},
      {80, &Mix::crashes, &Workload::crash},
      {50, &Mix::overlaps, &Workload::depose},
      {30, &Mix::restarts, &Workload::restart},
      {40, &Mix::tenants, &Workload::move_tenant},
      {30, &Mix::definitions, &Workload::change_definition},
      {10, &Mix::jumps, &Workload::jump_clock},
      {500, &Mix::claims, &Workload::use_claims},
      {60, &Mix::losses, &Workload::lose_applications},
      {30, &Mix::webhook, &Workload::change_webhook},
  };
  return kActions;
}

Workload::Workload(Cluster* cluster, std::uint64_t seed, const Mix& mix)
    : cluster_(cluster),
      random_(seed ^ 0x5eedULL),
      mix_(mix),
      author_(&random_, &mix_),
      handiwork_(cluster, &random_, &author_, &mix_),
      claims_(cluster, seed, mix),
      loss_(cluster, &random_) {}

void Workload::before_rest(bool last) {
  if (!loss_.over() && (last || chance(70))) loss_.finish();
}

void Workload::act() {
  std::uint64_t sum = 0;
  const auto happens = [this](const Action& action) { return action.part == nullptr || mix_.*action.part; };
  for (const Action& action : actions())
    if (happens(action)) sum += action.weight;
  std::uint64_t draw = random_.below(sum);
  for (const Action& action : actions()) {
    if (!happens(action)) continue;
    if (draw < action.weight) {
      (this->*action.happen)();
      break;
    }
    draw -= action.weight;
  }
  if (chance(15)) cluster_->run_for(std::chrono::seconds(random_.below(kLongestWaitSeconds)));
  cluster_->run_steps(random_.below(mix_.pace));
}

// Every third lives in the tenant's namespace, where there is one.
Workload::Name Workload::any_application() {
  const std::uint64_t number = 1 + random_.below(static_cast<std::uint64_t>(mix_.applications));
  Name name;
  name.ns = mix_.tenants && number % 3 == 0 ? std::string(kTenant) : "default";
  name.name = fmt::format("app{}", number);
  name.key = fmt::format("/core.oam.dev/applications/{}/{}", name.ns, name.name);
  return name;
}

void Workload::use_application() {
  const Name name = any_application();
  const bool exists = !cluster_->stored(name.key).is_null();
  const bool removes = exists && chance(40);
  cluster_->say(fmt::format("user: {} {}", removes ? "deletes" : exists ? "edits" : "creates", name.key));
  const Status done =
      removes ? cluster_->remove(name.key) : cluster_->apply_object(author_.application(name.ns, name.name));
  if (!done.ok()) cluster_->say("  " + done.message());
}

void Workload::force_application() {
  const Name name = any_application();
  if (!cluster_->stored(name.key).is_null()) handiwork_.remove_by_force(name.key);
}

void Workload::crash() {
  const bool at_once = chance(50) && !mix_.faults;
  cluster_->crash_controller(at_once ? Duration::zero() : kSuccession);
}

void Workload::depose() {
  cluster_->depose_controller(std::chrono::seconds(random_.below(kLongestOverlapSeconds)));
}

void Workload::restart() {
  cluster_->restart_server(chance(50) ? server::FaultyDisk::PowerLoss::DropAll
                                      : server::FaultyDisk::PowerLoss::Tear);
}

void Workload::toggle(const std::string& key, const Json& object) {
  const bool exists = !cluster_->stored(key).is_null();
  cluster_->say(fmt::format("user: {} {}", exists ? "deletes" : "creates", key));
  const Status done = exists ? cluster_->remove(key) : cluster_->apply_object(object);
  if (!done.ok()) cluster_->say("  " + done.message());
}

void Workload::move_tenant() { toggle(fmt::format("/core/namespaces/{}", kTenant), tenant()); }

void Workload::change_definition() {
  toggle(fmt::format("/apiextensions.k8s.io/customresourcedefinitions/{}", kWidgets), widget_definition());
}

void Workload::change_webhook() {
  Webhook& webhook = cluster_->webhook();
  webhook.turn(!webhook.on());
  cluster_->say(webhook.on() ? "a webhook is installed: " + webhook.to_string() : "the webhook is gone");
}

void Workload::jump_clock() {
  const auto hours = static_cast<std::int64_t>(random_.below(2 * kFarthestJumpHours)) -
                     static_cast<std::int64_t>(kFarthestJumpHours);
  cluster_->say(fmt::format("the clock jumps by {} h", hours));
  cluster_->world().clock().jump_wall(std::chrono::hours(hours));
}

}  // namespace heirloom::simulation
