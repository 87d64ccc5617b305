#include "kube/lease.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/signal.h"
#include "kube/lease_rules.h"

namespace heirloom::kube {
namespace {

// Our own write may land between a read and the write that gives the lease back.
constexpr int kReleaseAttempts = 2;
// After a watch that could not be opened, or broke.
constexpr Duration kWatchPause = std::chrono::seconds(10);

}  // namespace

struct LeaderElector::State {
  State(Executor executor, Api* api_in, Clock* clock_in, Random* random_in, Metrics* metrics_in,
        LeaseOptions options_in)
      : api(api_in),
        clock(clock_in),
        random(random_in),
        metrics(metrics_in),
        options(std::move(options_in)),
        given_up(std::move(executor)) {}

  ObjectRef ref() const {
    ObjectRef r;
    r.resource.group = "coordination.k8s.io";
    r.resource.version = "v1";
    r.resource.resource = "leases";
    r.ns = options.ns;
    r.name = options.name;
    return r;
  }

  // One attempt to be (or stay) the leader. Ok: we are, until `until`.
  Task<Status> attempt() {
    // Counted from before the request: what the others see can only be later.
    const MonotonicTime began = clock->monotonic();
    const WallTime wall_began = clock->now();
    if (until.has_value()) {
      // The leader mostly knows the lease: its own last write.
      const Status renewed = co_await write(true);
      if (renewed.ok()) {
        lead_from(began, wall_began);
        co_return Status();
      }
      if (!is_conflict(renewed) && !is_not_found(renewed)) co_return renewed;
    }
    const Status known = co_await look();
    if (!known.ok()) co_return known;
    const lease::Move move = lease::decide(seen, options, clock->monotonic());
    if (move == lease::Move::Wait) {
      until.reset();
      co_return Status(409, reasons::kConflict, fmt::format("the lease is held by {}", seen.holder));
    }
    const Status written = co_await write(move == lease::Move::Renew);
    if (written.ok()) lead_from(began, wall_began);
    co_return written;
  }

  // Of one request. A leader that hears nothing says so in time, not later.
  MonotonicTime deadline() const {
    const MonotonicTime usual = clock->monotonic() + options.renew_every;
    return until.has_value() ? std::min(usual, *until - options.margin) : usual;
  }

  // Reads the lease.
  Task<Status> look() {
    GetOptions get;
    get.deadline = deadline();
    Result<Json> current = co_await api->get(ref(), std::move(get));
    if (!current.ok() && !is_not_found(current.status())) co_return current.status();
    seen = lease::observe(seen, current.ok() ? std::optional<Json>(*current) : std::nullopt, clock->monotonic());
    co_return Status();
  }

  // Puts us into the lease as last seen; its resourceVersion is the guard.
  Task<Status> write(bool renewal) {
    Json body = lease::body(seen.object, options, renewal, clock->now());
    WriteOptions write;
    write.deadline = deadline();
    claimed = true;
    Result<Json> written;
    if (seen.object.has_value()) {
      written = co_await api->update(ref(), std::move(body), std::move(write));
    } else {
      Collection collection = ref().collection();
      written = co_await api->create(std::move(collection), std::move(body), std::move(write));
    }
    if (!written.ok()) co_return written.status();
    seen = lease::observe(seen, *written, clock->monotonic());
    co_return Status();
  }

  void lead_from(MonotonicTime began, WallTime wall_began) {
    until = began + options.duration;
    wall_until = wall_began + options.duration;
  }

  void report() {
    if (metrics == nullptr) return;
    metrics->set("leader_election_master_status", {{"name", options.name}}, leading() ? 1 : 0);
  }

  bool may_renew() const { return until.has_value() && clock->monotonic() < *until - options.margin; }
  // The wall clock alone can tell that the machine was suspended: the monotonic one may have stood still.
  // A wall clock that was set forward looks the same; then the next renewal puts things right.
  bool leading() const { return may_renew() && clock->now() < wall_until - options.margin; }

  // Until the lease has no holder, the watch ends, or we lead.
  Task<Status> follow(std::unique_ptr<Watch> watch) {
    while (!leading()) {
      Result<std::optional<WatchEvent>> event = co_await watch->next();
      if (!event.ok()) co_return event.status();
      if (!event->has_value()) co_return Status();
      const WatchEvent& seen_now = **event;
      const bool is_lease = seen_now.type == WatchEvent::Type::Added || seen_now.type == WatchEvent::Type::Modified;
      if (is_lease && seen_now.object["spec"]["holderIdentity"].string().empty()) given_up.notify_all();
    }
    co_return Status();
  }

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
  Signal given_up;  // by whoever held it
  lease::Seen seen;
  std::optional<MonotonicTime> until;  // the end of the lease, as last renewed; nullopt: not ours
  WallTime wall_until;                 // the same
  bool claimed = false;                // the lease may have our name in it
};

LeaderElector::LeaderElector(Executor executor, Api* api, Clock* clock, Random* random, Metrics* metrics,
                             LeaseOptions options)
    : state_(std::make_unique<State>(std::move(executor), api, clock, random, metrics, std::move(options))) {
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
    const std::string reason = status.message();
    if (reason != last_reason) {
      last_reason = reason;
      const bool is_held = is_conflict(status);  // the usual case; anything else somebody should look at
      log::write(is_held ? log::Level::Info : log::Level::Warning, "waiting to become the leader",
                 {{"lease", state_->options.name}, {"reason", status}});
    }
    const MonotonicTime next = state_->clock->monotonic() + state_->campaign_pause();
    const bool hurried = co_await state_->given_up.wait_until(state_->clock, next);
    static_cast<void>(hurried);  // either way it is time to look
  }
  log::info("became the leader", {{"lease", state_->options.name}, {"identity", state_->options.identity}});
}

Task<void> LeaderElector::watch() {
  State& s = *state_;
  std::string told;
  while (!s.leading()) {
    Duration pause = s.options.renew_every;  // nothing to watch yet
    if (s.seen.object.has_value()) {
      WatchOptions options;
      options.field_selector = "metadata.name=" + s.options.name;
      options.resource_version = s.seen.resource_version;
      Collection collection = s.ref().collection();
      Result<std::unique_ptr<Watch>> opened = co_await s.api->watch(std::move(collection), std::move(options));
      Status ended = opened.ok() ? Status() : opened.status();
      if (opened.ok()) ended = co_await s.follow(std::move(opened).value());
      if (!ended.ok() && ended.reason() != told) {
        told = ended.reason();
        log::info("the lease is looked at now and then, not watched", {{"lease", s.options.name}, {"reason", ended}});
      }
      if (!ended.ok()) pause = kWatchPause;
    }
    if (s.leading()) break;
    co_await s.clock->sleep_for(pause);
  }
}

Task<Status> LeaderElector::hold() {
  Status last;
  while (state_->may_renew()) {
    const MonotonicTime next =
        std::min(state_->clock->monotonic() + state_->pause(), *state_->until - state_->options.margin);
    co_await state_->clock->sleep_until(next);
    if (!state_->may_renew()) break;
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
  State& s = *state_;
  s.until.reset();
  s.report();
  if (!s.claimed) co_return;
  Status status;
  for (int i = 0; i < kReleaseAttempts; ++i) {
    status = co_await s.look();
    if (!status.ok()) break;
    if (!s.seen.object.has_value() || s.seen.holder != s.options.identity) co_return;
    Json body = lease::released(*s.seen.object, s.clock->now());
    WriteOptions write;
    write.deadline = s.deadline();
    const Result<Json> written = co_await s.api->update(s.ref(), std::move(body), std::move(write));
    status = written.ok() ? Status() : written.status();
    if (!is_conflict(status)) break;
  }
  if (status.ok()) {
    log::info("gave the lease back", {{"lease", s.options.name}});
  } else {
    log::warning("the lease was not given back, it will run out", {{"error", status}});
  }
}

}  // namespace heirloom::kube
