#include "base/testing/simulated_loop.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>

#include "base/assert.h"
#include "base/child.h"
#include "base/parking.h"

namespace heirloom {
namespace {

namespace asio = boost::asio;

struct Handler {
  virtual ~Handler() = default;
  virtual void run() = 0;
};

template <class F>
struct HandlerOf final : Handler {
  explicit HandlerOf(F f) : function(std::move(f)) {}
  void run() override { std::move(function)(); }
  F function;
};

class Context;

struct Ready {
  std::shared_ptr<Context> context;
  std::unique_ptr<Handler> handler;
};

}  // namespace

struct SimulatedWorld::State {
  explicit State(std::uint64_t seed) : random(seed) {}

  Ready draw() {
    const std::size_t index = ready.size() == 1 ? 0 : random.next() % ready.size();
    Ready drawn = std::move(ready[index]);
    ready[index] = std::move(ready.back());
    ready.pop_back();
    return drawn;
  }

  ManualClock clock;
  SeededRandom random;
  std::vector<Ready> ready;
  std::uint64_t steps = 0;
};

namespace {

// What an executor of one loop refers to. Outlives the loop as long as executors do; abandoned, it takes
// nothing more.
class Context final : public asio::execution_context, public std::enable_shared_from_this<Context> {
 public:
  explicit Context(std::vector<Ready>* ready) : ready_(ready) {}
  ~Context() { shutdown(); }

  void post(std::unique_ptr<Handler> handler) {
    if (!abandoned_) {
      (paused_ ? held_ : *ready_).push_back({shared_from_this(), std::move(handler)});
    } else if (dropping_) {
      // Destroying a frame posts the destruction of the frames above it: one after the other, not nested.
      graveyard_.push_back(std::move(handler));
    }
  }

  void pause() {
    HEIRLOOM_ASSERT(!running_);
    if (abandoned_ || paused_) return;
    paused_ = true;
    held_ = take_mine();
  }

  void resume() {
    if (abandoned_ || !paused_) return;
    paused_ = false;
    std::vector<Ready> held = std::exchange(held_, {});
    for (Ready& entry : held) ready_->push_back(std::move(entry));
  }

  void abandon() {
    HEIRLOOM_ASSERT(!running_);
    if (abandoned_) return;
    const std::shared_ptr<Context> keep = shared_from_this();
    abandoned_ = dropping_ = true;
    std::vector<Ready> mine = paused_ ? std::exchange(held_, {}) : take_mine();
    ready_ = nullptr;
    const auto lot = detail::parking_lot(executor());
    detail::abandon(*lot);
    for (Ready& entry : mine) entry.handler.reset();
    while (!graveyard_.empty()) {
      const std::unique_ptr<Handler> dead = std::move(graveyard_.back());
      graveyard_.pop_back();
    }
    dropping_ = false;
  }

  void run(Handler& handler) {
    const Running running(&running_);
    ++steps_;
    handler.run();
  }

  bool abandoned() const { return abandoned_; }
  bool paused() const { return paused_; }
  std::uint64_t steps() const { return steps_; }
  heirloom::Executor executor();

 private:
  struct Running {
    explicit Running(bool* r) : running(r) { *running = true; }
    ~Running() { *running = false; }
    bool* running;
  };

  std::vector<Ready> take_mine() {
    std::vector<Ready> mine;
    for (Ready& entry : *ready_) {
      if (entry.context.get() == this) mine.push_back(std::move(entry));
    }
    std::erase_if(*ready_, [](const Ready& entry) { return entry.handler == nullptr; });
    return mine;
  }

  std::vector<Ready>* ready_;  // of the world; null once abandoned
  std::vector<Ready> held_;    // while paused; an entry keeps this alive: emptied by resume() or abandon()
  std::vector<std::unique_ptr<Handler>> graveyard_;
  bool abandoned_ = false;
  bool paused_ = false;
  bool dropping_ = false;
  bool running_ = false;
  std::uint64_t steps_ = 0;
};

class SimulatedExecutor {
 public:
  explicit SimulatedExecutor(std::shared_ptr<Context> context) : context_(std::move(context)) {}

  template <class F>
  void execute(F&& f) const {
    context_->post(std::make_unique<HandlerOf<std::decay_t<F>>>(std::forward<F>(f)));
  }

  asio::execution_context& query(asio::execution::context_t) const noexcept { return *context_; }
  static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
    return asio::execution::blocking.never;
  }
  SimulatedExecutor require(asio::execution::blocking_t::never_t) const { return *this; }

  bool operator==(const SimulatedExecutor& o) const noexcept { return context_ == o.context_; }
  bool operator!=(const SimulatedExecutor& o) const noexcept { return context_ != o.context_; }

 private:
  std::shared_ptr<Context> context_;
};

heirloom::Executor Context::executor() { return SimulatedExecutor(shared_from_this()); }

}  // namespace

SimulatedWorld::SimulatedWorld(std::uint64_t seed) : state_(std::make_shared<State>(seed)) {}
SimulatedWorld::~SimulatedWorld() = default;

ManualClock& SimulatedWorld::clock() { return state_->clock; }
Random& SimulatedWorld::random() { return state_->random; }
std::uint64_t SimulatedWorld::steps() const { return state_->steps; }
std::size_t SimulatedWorld::ready_count() const { return state_->ready.size(); }

bool SimulatedWorld::step() {
  if (state_->ready.empty()) return false;
  const Ready drawn = state_->draw();
  ++state_->steps;
  drawn.context->run(*drawn.handler);
  return true;
}

std::uint64_t SimulatedWorld::run_until_idle(std::uint64_t max_steps) {
  std::uint64_t ran = 0;
  while (ran < max_steps && step()) ++ran;
  return ran;
}

bool SimulatedWorld::advance_to_next_timer() {
  const auto next = state_->clock.next_timer();
  if (!next) return false;
  state_->clock.advance(std::max(Duration::zero(), *next - state_->clock.monotonic()));
  return true;
}

bool SimulatedWorld::run_until(const std::function<bool()>& predicate, RunLimits limits) {
  const MonotonicTime end = state_->clock.monotonic() + limits.time;
  for (std::uint64_t ran = 0; ran <= limits.steps;) {
    if (predicate()) return true;
    if (!state_->ready.empty()) {
      step();
      ++ran;
      continue;
    }
    const auto next = state_->clock.next_timer();
    if (!next || *next > end) return false;
    advance_to_next_timer();
  }
  return false;
}

void SimulatedWorld::run_for(Duration duration, std::uint64_t max_steps) {
  const MonotonicTime end = state_->clock.monotonic() + duration;
  std::uint64_t left = max_steps;
  while (left > 0) {
    left -= run_until_idle(left);
    const auto next = state_->clock.next_timer();
    if (!next || *next > end) break;
    advance_to_next_timer();
  }
  state_->clock.advance(std::max(Duration::zero(), end - state_->clock.monotonic()));
  run_until_idle(left);
}

struct SimulatedLoop::Impl {
  std::unique_ptr<SimulatedWorld> own_world;
  SimulatedWorld* world = nullptr;
  std::shared_ptr<SimulatedWorld::State> state;
  std::string name;
  std::shared_ptr<Context> context;
  Executor executor;

  void attach(SimulatedWorld& w, std::shared_ptr<SimulatedWorld::State> s) {
    world = &w;
    state = std::move(s);
    context = std::make_shared<Context>(&state->ready);
    executor = context->executor();
  }
};

SimulatedLoop::SimulatedLoop(SimulatedWorld& world, std::string name) : impl_(std::make_unique<Impl>()) {
  impl_->name = std::move(name);
  impl_->attach(world, world.state_);
}

SimulatedLoop::SimulatedLoop(std::uint64_t seed) : impl_(std::make_unique<Impl>()) {
  impl_->own_world = std::make_unique<SimulatedWorld>(seed);
  impl_->attach(*impl_->own_world, impl_->own_world->state_);
}

SimulatedLoop::~SimulatedLoop() { abandon(); }

const Executor& SimulatedLoop::executor() const { return impl_->executor; }
SimulatedWorld& SimulatedLoop::world() { return *impl_->world; }
const std::string& SimulatedLoop::name() const { return impl_->name; }
void SimulatedLoop::abandon() { impl_->context->abandon(); }
bool SimulatedLoop::abandoned() const { return impl_->context->abandoned(); }
void SimulatedLoop::pause() { impl_->context->pause(); }
void SimulatedLoop::resume() { impl_->context->resume(); }
bool SimulatedLoop::paused() const { return impl_->context->paused(); }
std::uint64_t SimulatedLoop::steps() const { return impl_->context->steps(); }

void SimulatedLoop::start(Task<void> task, std::function<void(std::exception_ptr)> done) {
  detail::start_child(impl_->executor, std::move(task), std::move(done));
}

}  // namespace heirloom
