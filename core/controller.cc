#include "core/controller.h"

#include <utility>

#include "base/log.h"
#include "core/application/pass.h"
#include "core/claim/claims.h"
#include "kube/controller.h"
#include "kube/events.h"
#include "kube/rest_mapper.h"
#include "kube/retry.h"

namespace heirloom::core {
namespace {


// For what is running when we are told to end: well within the 30 s that a Pod is given.
constexpr Duration kDrainGrace = std::chrono::seconds(10);

// A key of the work queue.
struct QueueKey {
  SharerKey sharer;
  std::string to_string() const { return heirloom::to_string(sharer); }
  auto operator<=>(const QueueKey&) const = default;
};

kube::ControllerOptions queue_options(const ControllerOptions& options, std::string name) {
  kube::ControllerOptions queue;
  queue.name = std::move(name);
  queue.workers = options.workers;
  queue.max_backoff = std::chrono::minutes(2);
  return queue;
}

// Of an application whose spec cannot be read: enough to tell its author.
Application metadata_and_status(JsonView object) {
  Application application;
  application.metadata = decode_metadata(object);
  application.status = decode_application_status(object["status"]);
  return application;
}

kube::EventRecorderOptions recorder_options(const ControllerOptions& options) {
  kube::EventRecorderOptions recorder;
  recorder.component = "heirloom";
  recorder.instance = options.instance;
  return recorder;
}

}  // namespace

struct Controller::Parts {
  Parts(Controller* self, Executor executor_in, kube::Api* api_in, Clock* clock, Random* random, Metrics* metrics,
        ControllerOptions options_in)
      : options(std::move(options_in)), scope(executor_in), api(executor_in, api_in, clock, random, metrics),
        mapper(executor_in, &api, clock),
        events(executor_in, &api, clock, random, metrics, recorder_options(options)),
        environment{executor_in, &api, &mapper, clock, random, metrics, &events, &scope, options.dispatcher},
        queue(executor_in, clock, metrics, queue_options(options, "application"),
              [self](QueueKey key) { return self->reconcile(std::move(key.sharer)); }),
        table([this](const SharerKey& key) { wake(key); }),
        sharers(&environment, &table, [this](const SharerKey& key) { wake(key); }), watches(&environment, &table),
        dispatcher(&environment, &table, &sharers, &watches), trackers(&environment, &sharers),
        context{&environment, &options, &table, &sharers, &watches, &dispatcher, &trackers, {}},
        claim_queue(executor_in, clock, metrics, queue_options(options, "claim"),
                    [this](QueueKey key) { return claims.reconcile(std::move(key.sharer)); }),
        claims(&context, [this](const SharerKey& key) { claim_queue.queue().add({key}); }) {}

  // Before the caches are in there is nothing to reconcile with; then everything is queued once.
  void wake(const SharerKey& key) {
    if (!key.is_application()) claims.wake(key);
    else if (reconciling) queue.queue().add({key});
  }

  ControllerOptions options;
  TaskScope scope;
  kube::RetryingApi api;
  kube::RestMapper mapper;
  kube::EventRecorder events;
  dispatcher::Environment environment;
  kube::Controller<QueueKey> queue;
  dispatcher::ObjectTable table;
  dispatcher::Sharers sharers;
  dispatcher::KindWatches watches;
  dispatcher::Dispatcher dispatcher;
  dispatcher::TrackerBook trackers;
  Context context;
  kube::Controller<QueueKey> claim_queue;  // claims, their classes, promises
  Claims claims;
  bool watching = false;
  bool reconciling = false;
};

Controller::Controller(Executor executor, kube::Api* api, Clock* clock, Random* random, Metrics* metrics,
                       ControllerOptions options)
    : parts_(std::make_unique<Parts>(this, std::move(executor), api, clock, random, metrics, std::move(options))) {}

Controller::~Controller() = default;

void Controller::watch() {
  if (std::exchange(parts_->watching, true)) return;
  parts_->sharers.start();
  parts_->claims.start();
}

void Controller::start() {
  watch();
  parts_->scope.spawn("events", parts_->events.run());
  parts_->scope.spawn("controller", run());
  parts_->claim_queue.start(&parts_->scope);
}

Task<void> Controller::run() {
  co_await parts_->sharers.wait_synced();
  parts_->reconciling = true;
  for (const SharerKey& key : parts_->sharers.keys()) parts_->wake(key);
  for (const SharerKey& key : parts_->sharers.tracker_owners()) parts_->wake(key);
  parts_->queue.start(&parts_->scope);
}

Task<void> Controller::stop() {
  const MonotonicTime deadline = parts_->environment.clock->monotonic() + kDrainGrace;
  bool done = true;
  if (parts_->reconciling) done = co_await parts_->queue.drain(deadline);
  const bool claims_done = co_await parts_->claim_queue.drain(deadline);
  if (!done || !claims_done) log::warning("stopping in the middle of reconciliations; the next controller finishes them");
  co_await cancel();
}

Task<void> Controller::cancel() {
  co_await parts_->scope.stop();  // first: what still runs could start other watches
  co_await parts_->sharers.stop();
  co_await parts_->watches.stop();
}

void Controller::abandon() {
  parts_->watches.abandon();
  parts_->sharers.abandon();
  parts_->scope.abandon();
}

bool Controller::ready() const { return parts_->sharers.synced(); }

std::string Controller::problem() const {
  const Status status = parts_->sharers.problem();
  if (status.ok()) return {};
  if (is_not_found(status))
    return "waiting for the CustomResourceDefinitions of core.oam.dev: kubectl apply -f apis/crds";
  return status.message();
}

bool Controller::idle() const {
  return parts_->reconciling && parts_->queue.queue().idle() && parts_->claims.settled() &&
         parts_->claim_queue.queue().idle();
}

std::size_t Controller::memory_bytes() const { return parts_->sharers.memory_bytes(); }

Task<Result<kube::Requeue>> Controller::reconcile(SharerKey key) {
  const Json* cached = parts_->sharers.find(key);
  if (cached == nullptr) {
    Result<kube::Requeue> tidied = co_await tidy_up_after(&parts_->context, key);
    co_return tidied;
  }
  Json object = *cached;
  Result<Application> application = decode_application(object);
  const Status malformed = application.status();
  Application readable = application.ok() ? std::move(application).value() : metadata_and_status(object);
  Pass pass(&parts_->context, std::move(readable), std::move(object), malformed);
  Result<kube::Requeue> outcome = co_await pass.run();
  co_return outcome;
}

}  // namespace heirloom::core
