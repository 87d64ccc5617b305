#include "kube/retry.h"

#include <algorithm>
#include <utility>

namespace heirloom::kube {
namespace {

// A slow success does not widen the window before a whole window of them has passed, so it grows by one per
// round.
class Window {
 public:
  explicit Window(const RetryOptions& options) : options_(options), size_(options.initial_window) {}

  bool has_room() const { return in_flight_ < size_; }
  int size() const { return size_; }
  int in_flight() const { return in_flight_; }
  void enter() { ++in_flight_; }
  void leave() { --in_flight_; }

  void succeeded() {
    if (++successes_ < size_) return;
    successes_ = 0;
    size_ = std::min(size_ + 1, options_.max_window);
  }
  // Halves at most once per second: the answers to one burst are one signal.
  void overloaded(MonotonicTime now) {
    if (now < next_cut_) return;
    next_cut_ = now + std::chrono::seconds(1);
    successes_ = 0;
    size_ = std::max(size_ / 2, options_.min_window);
  }

 private:
  const RetryOptions& options_;
  int size_;
  int in_flight_ = 0;
  int successes_ = 0;
  MonotonicTime next_cut_;
};

bool is_overload(const Status& status) {
  return status.code() == 429 || status.code() == 504 || status.has_reason(reasons::kServerTimeout);
}

}  // namespace

std::optional<Duration> retry_pause(const Status& status, bool repeatable, int attempt,
                                    const RetryOptions& options) {
  if (status.ok() || attempt >= options.max_attempts) return std::nullopt;
  const int code = status.code();
  const bool refused = code == 429;
  // 500 with a cause is a refusal that will not change (a webhook's, say), but a read costs little and may
  // heal.
  const bool passing = code == 500 || code == 502 || code == 503 || code == 504;
  if (!refused && !(repeatable && passing)) return std::nullopt;
  // A server that lags behind a resourceVersion says so: whoever asked knows better what to ask next.
  if (status.has_cause("ResourceVersionTooLarge")) return std::nullopt;
  Duration pause = options.first_backoff;
  for (int i = 1; i < attempt && pause < options.max_backoff; ++i) pause *= 2;
  pause = std::min(pause, options.max_backoff);
  const Duration told = std::chrono::seconds(status.details().retry_after_seconds);
  if (told > options.max_retry_after) return std::nullopt;
  return std::max(pause, told);
}

struct RetryingApi::State {
  State(Executor executor, Api* below_api, Clock* clock_, Random* random_, Metrics* metrics_,
        RetryOptions options_in)
      : below(below_api),
        clock(clock_),
        random(random_),
        metrics(metrics_),
        options(options_in),
        window(options),
        room(std::move(executor)) {}

  // One permit of the window, given back when the call's frame goes, however it goes.
  class Permit {
   public:
    explicit Permit(State* state) : state_(state) { state_->window.enter(); }
    ~Permit() {
      state_->window.leave();
      state_->room.notify_all();
    }
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;

   private:
    State* state_;
  };

  // Returns when there is room; false when the deadline came first.
  Task<bool> wait_for_room(std::optional<MonotonicTime> deadline) {
    while (!window.has_room()) {
      if (!deadline.has_value()) {
        co_await room.wait();
        continue;
      }
      const bool woken = co_await room.wait_until(clock, *deadline);
      if (!woken) co_return false;
    }
    co_return true;
  }

  void note(const Status& status) {
    if (is_overload(status))
      window.overloaded(clock->monotonic());
    else if (status.ok() || status.code() < 500)
      window.succeeded();
  }

  // `attempt` sends one request; it is called again for as long as the rules allow. A plain function object
  // that returns the Task of a call below, never a coroutine itself.
  template <class T, class Attempt>
  Task<Result<T>> repeat(Attempt attempt, std::string verb, bool repeatable,
                         std::optional<MonotonicTime> deadline) {
    const MonotonicTime give_up =
        std::min(clock->monotonic() + options.max_total, deadline.value_or(MonotonicTime::max()));
    for (int count = 1;; ++count) {
      const bool admitted = co_await wait_for_room(deadline);
      if (!admitted) co_return timed_out(verb + " was not sent: too many requests are in flight");
      Result<T> result = co_await admitted_once<T, Attempt>(attempt);
      if (result.ok()) co_return result;
      const std::optional<Duration> pause = retry_pause(result.status(), repeatable, count, options);
      if (!pause.has_value()) co_return result;
      const MonotonicTime next = clock->monotonic() + random->jitter(*pause, options.jitter);
      if (next >= give_up) co_return result;
      if (metrics != nullptr) count_retry(verb, result.status().code());
      co_await clock->sleep_until(next);
    }
  }

  template <class T, class Attempt>
  Task<Result<T>> admitted_once(Attempt attempt) {
    const Permit permit(this);
    Result<T> result = co_await attempt();
    note(result.ok() ? Status() : result.status());
    co_return result;
  }

  void count_retry(const std::string& verb, int code) {
    metrics->count("rest_client_request_retries_total", {{"verb", verb}, {"code", std::to_string(code)}});
  }

  Api* below;
  Clock* clock;
  Random* random;
  Metrics* metrics;
  RetryOptions options;
  Window window;
  Signal room;
};

RetryingApi::RetryingApi(Executor executor, Api* below, Clock* clock, Random* random, Metrics* metrics,
                         RetryOptions options)
    : state_(std::make_unique<State>(std::move(executor), below, clock, random, metrics, options)) {}
RetryingApi::~RetryingApi() = default;

int RetryingApi::window() const { return state_->window.size(); }
int RetryingApi::in_flight() const { return state_->window.in_flight(); }

// Each verb: the arguments kept by value in a function object that makes one attempt.

Task<Result<Json>> RetryingApi::get(ObjectRef ref, GetOptions options) {
  const auto deadline = options.deadline;
  auto once = [below = state_->below, ref = std::move(ref), options = std::move(options)] {
    return below->get(ref, options);
  };
  return state_->repeat<Json>(std::move(once), "GET", true, deadline);
}

Task<Result<ListPage>> RetryingApi::list(Collection collection, ListOptions options) {
  const auto deadline = options.deadline;
  auto once = [below = state_->below, collection = std::move(collection), options = std::move(options)] {
    return below->list(collection, options);
  };
  return state_->repeat<ListPage>(std::move(once), "LIST", true, deadline);
}

Task<Result<std::unique_ptr<Watch>>> RetryingApi::watch(Collection collection, WatchOptions options) {
  return state_->below->watch(std::move(collection), std::move(options));
}

Task<Result<Json>> RetryingApi::create(Collection collection, Json body, WriteOptions options) {
  const auto deadline = options.deadline;
  const bool dry_run = options.dry_run;
  auto once = [below = state_->below, collection = std::move(collection), body = std::move(body),
               options = std::move(options)] { return below->create(collection, body, options); };
  return state_->repeat<Json>(std::move(once), "POST", dry_run, deadline);
}

Task<Result<Json>> RetryingApi::update(ObjectRef ref, Json body, WriteOptions options) {
  const auto deadline = options.deadline;
  const bool dry_run = options.dry_run;
  auto once = [below = state_->below, ref = std::move(ref), body = std::move(body),
               options = std::move(options)] { return below->update(ref, body, options); };
  return state_->repeat<Json>(std::move(once), "PUT", dry_run, deadline);
}

Task<Result<Json>> RetryingApi::patch(ObjectRef ref, PatchType type, Json patch, WriteOptions options) {
  const auto deadline = options.deadline;
  const bool dry_run = options.dry_run;
  auto once = [below = state_->below, ref = std::move(ref), type, patch = std::move(patch),
               options = std::move(options)] { return below->patch(ref, type, patch, options); };
  return state_->repeat<Json>(std::move(once), "PATCH", dry_run, deadline);
}

Task<Result<Json>> RetryingApi::remove(ObjectRef ref, RemoveOptions options) {
  const auto deadline = options.deadline;
  const bool dry_run = options.dry_run;
  auto once = [below = state_->below, ref = std::move(ref), options = std::move(options)] {
    return below->remove(ref, options);
  };
  return state_->repeat<Json>(std::move(once), "DELETE", dry_run, deadline);
}

Task<Result<RawResponse>> RetryingApi::raw(RawRequest request) {
  const auto deadline = request.deadline;
  const bool read = request.method == "GET";
  std::string verb = request.method;
  auto once = [below = state_->below, request = std::move(request)] { return below->raw(request); };
  return state_->repeat<RawResponse>(std::move(once), std::move(verb), read, deadline);
}

}  // namespace heirloom::kube
