#include "core/led_controller.h"

#include <utility>

#include "base/log.h"
#include "base/signal.h"
#include "base/task_scope.h"
#include "core/controller.h"
#include "kube/fenced_api.h"

namespace heirloom::core {

struct LedController::Parts {
  Parts(Executor executor, kube::Api* api, Clock* clock, Random* random, Metrics* metrics, ControllerOptions options,
        std::optional<Election> election)
      : scope(executor), lost_changed(executor) {
    if (election.has_value()) {
      elector.emplace(executor, election->api, clock, random, metrics, std::move(election->lease));
      fence.emplace(api, clock, [this] { return elector->leader_until(); });
      standby.emplace(executor, &*fence, clock, random, metrics, options);
    }
    kube::Api* below = fence.has_value() ? &*fence : api;
    controller.emplace(executor, below, clock, random, metrics, std::move(options));
  }

  const Controller& watching() const { return standby.has_value() ? *standby : *controller; }

  TaskScope scope;
  std::optional<kube::LeaderElector> elector;
  std::optional<kube::FencedApi> fence;
  std::optional<Controller> standby;  // watches until we lead, so that what would be in the way is known before
  std::optional<Controller> controller;
  Signal lost_changed;
  Status lost;
};

LedController::LedController(Executor executor, kube::Api* api, Clock* clock, Random* random, Metrics* metrics,
                             ControllerOptions options, std::optional<Election> election)
    : parts_(std::make_unique<Parts>(std::move(executor), api, clock, random, metrics, std::move(options),
                                     std::move(election))) {}

LedController::~LedController() = default;

void LedController::start() {
  if (!parts_->elector.has_value()) return parts_->controller->start();
  parts_->standby->watch();
  parts_->scope.spawn("leader election", campaign());
  parts_->scope.spawn("watch the lease", parts_->elector->watch());
}

Task<void> LedController::campaign() {
  co_await parts_->elector->acquire();
  co_await parts_->standby->cancel();
  parts_->standby.reset();
  parts_->controller->start();
  parts_->lost = co_await parts_->elector->hold();
  parts_->lost_changed.notify_all();
}

Task<Status> LedController::wait_lost() {
  while (parts_->lost.ok()) co_await parts_->lost_changed.wait();
  co_return parts_->lost;
}

Task<void> LedController::stop() {
  Parts& p = *parts_;
  // The lease is renewed for as long as running reconciliations take to finish.
  if (!p.elector.has_value() || p.elector->is_leader()) {
    co_await p.controller->stop();
    co_await p.scope.stop();
  } else {
    co_await p.scope.stop();
    co_await p.controller->cancel();
  }
  if (p.standby.has_value()) co_await p.standby->cancel();
  if (!p.elector.has_value() || !p.lost.ok()) co_return;
  if (!p.fence->settled()) {
    log::warning("the lease is not given back, it will run out: a write without an answer may still land");
    co_return;
  }
  co_await p.elector->release();
}

void LedController::abandon() {
  parts_->controller->abandon();
  if (parts_->standby.has_value()) parts_->standby->abandon();
  parts_->scope.abandon();
}

bool LedController::leads() const { return !parts_->elector.has_value() || parts_->elector->is_leader(); }
bool LedController::ready() const { return parts_->watching().ready(); }
std::string LedController::problem() const { return parts_->watching().problem(); }
bool LedController::idle() const { return parts_->controller->idle(); }
std::size_t LedController::memory_bytes() const { return parts_->watching().memory_bytes(); }

}  // namespace heirloom::core
