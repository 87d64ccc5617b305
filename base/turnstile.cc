#include "base/turnstile.h"

#include <list>

#include "base/cancellation.h"
#include "base/parking.h"

namespace heirloom {
namespace {

constexpr int kEntered = 0;
constexpr int kClosed = 1;

}  // namespace

struct Turnstile::State {
  State(Executor e, std::size_t p) : executor(std::move(e)), permits(p), free(p) {}

  void leave() {
    if (waiters.empty()) {
      ++free;
      return;
    }
    Parking* next = waiters.front();
    waiters.pop_front();
    next->wake(kEntered);
  }

  Executor executor;
  std::size_t permits;
  std::size_t free;
  std::list<Parking*> waiters;  // in their own frames; one that was let in is off the list
  bool closed = false;
};

namespace {

// One who gives up while waiting leaves the line; one who was let in but is unwound before it could take its
// pass gives the permit back.
template <class State>
class Place {
 public:
  Place(std::shared_ptr<State> state, Parking* parking) : state_(std::move(state)), parking_(parking) {
    state_->waiters.push_back(parking_);
  }
  ~Place() {
    if (!taken_ && state_->waiters.remove(parking_) == 0 && !state_->closed) state_->leave();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  void take() { taken_ = true; }

 private:
  std::shared_ptr<State> state_;
  Parking* parking_;
  bool taken_ = false;
};

template <class State>
std::shared_ptr<void> make_permit(const std::shared_ptr<State>& state) {
  return std::shared_ptr<void>(state.get(), [state](void*) { state->leave(); });
}

}  // namespace

Turnstile::Turnstile(Executor executor, std::size_t permits)
    : state_(std::make_shared<State>(std::move(executor), permits)) {}

Turnstile::~Turnstile() {
  state_->closed = true;
  std::list<Parking*> waiters = std::move(state_->waiters);
  state_->waiters.clear();
  for (Parking* waiter : waiters) waiter->wake(kClosed);
}

Turnstile::Pass& Turnstile::Pass::operator=(Pass&& other) noexcept {
  if (this != &other) {
    release();
    owner_ = std::move(other.owner_);
  }
  return *this;
}

void Turnstile::Pass::release() { owner_.reset(); }

Task<Turnstile::Pass> Turnstile::enter() { return enter_queue(state_); }

Task<Turnstile::Pass> Turnstile::enter_queue(std::shared_ptr<State> state) {
  if (state->closed) throw_cancelled();
  if (state->free > 0 && state->waiters.empty()) {
    --state->free;
    co_return Pass(make_permit(state));
  }
  Parking parking(state->executor);
  Place place(state, &parking);
  const int value = co_await parking.wait();
  if (value == kClosed) throw_cancelled();
  place.take();
  co_return Pass(make_permit(state));
}

std::size_t Turnstile::waiting() const { return state_->waiters.size(); }

bool Turnstile::idle() const { return state_->waiters.empty() && state_->free == state_->permits; }

KeyedTurnstile::KeyedTurnstile(Executor executor)
    : executor_(std::move(executor)), turnstiles_(std::make_shared<Turnstiles>()) {}

Task<KeyedTurnstile::Pass> KeyedTurnstile::enter(std::string key) {
  const auto found = turnstiles_->find(key);
  if (found != turnstiles_->end()) return enter_one(found->second.lock());
  auto forget = [turnstiles = turnstiles_, key](Turnstile* last) {
    turnstiles->erase(key);
    delete last;
  };
  std::shared_ptr<Turnstile> turnstile(new Turnstile(executor_), std::move(forget));
  turnstiles_->emplace(std::move(key), turnstile);
  return enter_one(std::move(turnstile));
}

Task<KeyedTurnstile::Pass> KeyedTurnstile::enter_one(std::shared_ptr<Turnstile> turnstile) {
  Pass pass;
  pass.pass_ = co_await turnstile->enter();
  pass.turnstile_ = std::move(turnstile);
  co_return pass;
}

}  // namespace heirloom
