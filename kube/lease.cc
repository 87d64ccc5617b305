#include "kube/lease.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/signal.h"
#include "kube/lease_rules.h"

namespace heirloom::kube {

struct LeaderElector::State {
  State(Api* api_in, Clock* clock_in, Random* random_in, Metrics* metrics_in, LeaseOptions options_in)
      : api(api_in),
        clock(clock_in),
        random(random_in),
        metrics(metrics_in),
        options(std::move(options_in)) {}

  ObjectRef ref() const {
    ObjectRef r;
    r.resource.group = "coordination.k8s.io";
    r.resource.version = "v1";
    r.resource.resource = "leases";
    r.ns = options.ns;
    r.name = options.name;
    return r;
  }

  // One attempt to be (or stay) the leader. Ok: we are, until `leader_until`.
  Task<Status> attempt() {
    // Counted from before the request: what the others see can only be later.
    const MonotonicTime began = clock->monotonic();
    const MonotonicTime deadline = began + options.renew_every;
    GetOptions get;
    get.deadline = deadline;
    Result<Json> current = co_await api->get(ref(), std::move(get));
    if (!current.ok() && !is_not_found(current.status())) co_return current.status();
    const std::optional<Json> live = current.ok() ? std::optional<Json>(*current) : std::nullopt;
    seen = lease::observe(seen, live, clock->monotonic());
    const lease::Move move = lease::decide(seen, options, clock->monotonic());
    if (move == lease::Move::Wait) {
      until.reset();
      co_return Status(409, reasons::kConflict, fmt::format("the lease is held by {}", seen.holder));
    }
    Json body = lease::body(live, options, move == lease::Move::Renew, clock->now());
    WriteOptions write;
    write.deadline = std::max(deadline, clock->monotonic() + options.renew_every / 2);
    Result<Json> written;
    if (live.has_value()) {
      written = co_await api->update(ref(), std::move(body), std::move(write));
    } else {
      Collection collection = ref().collection();
      written = co_await api->create(std::move(collection), std::move(body), std::move(write));
    }
    if (!written.ok()) co_return written.status();
    seen = lease::observe(seen, *written, clock->monotonic());
    until = began + options.duration;
    co_return Status();
  }

  void report() {
    if (metrics == nullptr) return;
    metrics->set("leader_election_master_status", {{"name", options.name}}, leading() ? 1 : 0);
  }

  bool leading() const { return until.has_value() && clock->monotonic() < *until - options.margin; }

  // While another holds it: not longer than until its lease runs out.
  Duration campaign_pause() {
    const Duration left = seen.since + seen.duration - clock->monotonic();
    const Duration usual = pause();
    return left > Duration::zero() ? std::min(left, usual) : usual;
  }

  Duration pause() { return random->jitter(options.renew_every, 0.2); }

  Api* api;
  Clock* clock;
  Random* random;
  Metrics* metrics;
  LeaseOptions options;
  lease::Seen seen;
  std::optional<MonotonicTime> until;
};

LeaderElector::LeaderElector(Executor, Api* api, Clock* clock, Random* random, Metrics* metrics,
                             LeaseOptions options)
    : state_(std::make_unique<State>(api, clock, random, metrics, std::move(options))) {
  HEIRLOOM_ASSERT(state_->options.margin + state_->options.renew_every < state_->options.duration);
}
LeaderElector::~LeaderElector() = default;

bool LeaderElector::is_leader() const { return state_->leading(); }

std::optional<MonotonicTime> LeaderElector::leader_until() const {
  return is_leader() ? state_->until : std::nullopt;
}

std::string LeaderElector::holder() const { return state_->seen.holder; }

Task<void> LeaderElector::acquire() {
  std::string last_reason;
  while (true) {
    const Status status = co_await state_->attempt();
    state_->report();
    if (status.ok() && is_leader()) break;
    if (status.reason() != last_reason) {
      last_reason = status.reason();
      log::info("waiting to become the leader", {{"lease", state_->options.name}, {"reason", status}});
    }
    const Duration pause = state_->campaign_pause();
    co_await state_->clock->sleep_for(pause);
  }
  log::info("became the leader", {{"lease", state_->options.name}, {"identity", state_->options.identity}});
}

Task<Status> LeaderElector::hold() {
  Status last;
  while (is_leader()) {
    const MonotonicTime next =
        std::min(state_->clock->monotonic() + state_->pause(), *state_->until - state_->options.margin);
    co_await state_->clock->sleep_until(next);
    if (!is_leader()) break;
    last = co_await state_->attempt();
    state_->report();
    // Somebody else has it: no use in waiting for the end. Any other failure may pass.
    if (!state_->until.has_value()) break;
  }
  state_->until.reset();
  state_->report();
  if (last.ok()) last = timed_out("the lease could not be renewed in time");
  co_return annotate(last, "leadership lost");
}

Task<void> LeaderElector::release() {
  if (!state_->until.has_value() || !state_->seen.object.has_value()) co_return;
  state_->until.reset();
  Json body = lease::released(*state_->seen.object, state_->clock->now());
  WriteOptions write;
  write.deadline = state_->clock->monotonic() + state_->options.renew_every;
  ObjectRef ref = state_->ref();
  const Result<Json> ignored =
      co_await state_->api->update(std::move(ref), std::move(body), std::move(write));
  if (!ignored.ok())
    log::info("the lease was not given back, it will run out", {{"error", ignored.status()}});
}

}  // namespace heirloom::kube
