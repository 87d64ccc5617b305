#include "base/parking.h"

#include <climits>
#include <optional>
#include <utility>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/assert.h"
#include "base/cancellation.h"

namespace heirloom {

namespace asio = boost::asio;
using Token = asio::use_awaitable_t<Executor>;
using Handler = asio::async_result<Token, void(int)>::handler_type;

namespace {
constexpr int kCancelled = INT_MIN;
}

// The handler owns the waiting frames. It lives in the lot's list, not in whoever will wake it, so that
// dropping the lot drops every frame, also those in a cycle (a frame that owns the Signal on which it waits).
struct Parking::State {
  explicit State(const Executor& e) : executor(e), lot(detail::parking_lot(e)) {}
  void finish(int result);

  Executor executor;
  std::shared_ptr<detail::ParkingLot> lot;
  std::function<void()> on_cancel;
  std::optional<int> value;
  std::optional<Handler> handler;
  std::shared_ptr<State> self;  // while linked
  State* previous = nullptr;
  State* next = nullptr;
};

namespace detail {

struct ParkingLot {
  void link(const std::shared_ptr<Parking::State>& state) {
    state->self = state;
    state->next = first;
    if (first != nullptr) first->previous = state.get();
    first = state.get();
  }

  std::shared_ptr<Parking::State> unlink(Parking::State& state) {
    if (state.previous != nullptr) state.previous->next = state.next;
    if (state.next != nullptr) state.next->previous = state.previous;
    if (first == &state) first = state.next;
    state.previous = state.next = nullptr;
    return std::move(state.self);
  }

  Parking::State* first = nullptr;
  bool abandoned = false;
};

namespace {

class ParkingService final : public asio::execution_context::service {
 public:
  using key_type = ParkingService;
  static asio::execution_context::id id;
  explicit ParkingService(asio::execution_context& context) : service(context) {}
  void shutdown() override { abandon(*lot); }

  std::shared_ptr<ParkingLot> lot = std::make_shared<ParkingLot>();
};

asio::execution_context::id ParkingService::id;

}  // namespace

std::shared_ptr<ParkingLot> parking_lot(const Executor& executor) {
  asio::execution_context& context = asio::query(executor, asio::execution::context);
  return asio::use_service<ParkingService>(context).lot;
}

bool is_abandoned(const ParkingLot& lot) { return lot.abandoned; }

void abandon(ParkingLot& lot) {
  lot.abandoned = true;
  while (lot.first != nullptr) {
    std::shared_ptr<Parking::State> state = lot.unlink(*lot.first);
    state->value = kCancelled;
    std::optional<Handler> dropped = std::move(state->handler);
    state->handler.reset();
  }
}

}  // namespace detail

namespace {

struct Resume {
  Handler handler;
  int value;
  void operator()() { std::move(handler)(value); }
};

struct Park {
  void operator()(Handler handler, std::shared_ptr<Parking::State> state) const {
    if (state->value) {
      asio::post(state->executor, Resume{std::move(handler), *state->value});
      return;
    }
    auto slot = asio::get_associated_cancellation_slot(handler);
    state->handler.emplace(std::move(handler));
    state->lot->link(state);
    if (!slot.is_connected()) return;
    slot.assign([weak = std::weak_ptr<Parking::State>(state)](asio::cancellation_type) {
      const auto parked = weak.lock();
      if (!parked) return;
      if (parked->on_cancel) {
        parked->on_cancel();
      } else {
        parked->finish(kCancelled);
      }
    });
  }
};

Task<int> park(std::shared_ptr<Parking::State> state) {
  const Token token;
  return asio::async_initiate<const Token, void(int)>(Park{}, token, std::move(state));
}

// What on_cancel holds often holds the parking in turn; however the frame ends, that cycle ends with it.
struct ForgetOnCancel {
  std::shared_ptr<Parking::State> state;
  ~ForgetOnCancel() { state->on_cancel = nullptr; }
};

Task<int> wait_parked(std::shared_ptr<Parking::State> state) {
  const ForgetOnCancel forget{state};
  const int value = co_await park(state);
  if (value == kCancelled) throw_cancelled();
  co_return value;
}

}  // namespace

void Parking::State::finish(int result) {
  if (value) return;
  value = result;
  if (!handler) return;
  const std::shared_ptr<State> keep = lot->unlink(*this);
  Resume resume{std::move(*handler), result};
  handler.reset();
  asio::post(executor, std::move(resume));
}

Parking::Parking(const Executor& executor) : state_(std::make_shared<State>(executor)) {}

Parking::~Parking() = default;

void Parking::wake(int value) {
  HEIRLOOM_ASSERT(value != kCancelled);
  state_->finish(value);
}

bool Parking::woken() const { return state_->value.has_value(); }

Task<int> Parking::wait() { return wait_parked(state_); }

Task<int> Parking::wait_through_cancel(std::function<void()> on_cancel) {
  state_->on_cancel = std::move(on_cancel);
  return wait_parked(state_);
}

}  // namespace heirloom
