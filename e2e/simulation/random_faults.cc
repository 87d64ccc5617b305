#include "e2e/simulation/random_faults.h"

namespace heirloom::simulation {
namespace {

using kube::testing::Call;
using kube::testing::Fault;

// Below the timeout that writes carry: a server does nothing after that.
constexpr std::uint64_t kLatestMillis = 12'000;

Status overloaded() {
  StatusDetails details;
  details.retry_after_seconds = 1;
  return Status(429, reasons::kTooManyRequests, "too many requests", details);
}

}  // namespace

Fault RandomFaults::before(const Call& call) {
  Fault fault;
  if (!on_) return fault;
  const std::uint64_t draw = random_.below(100);
  if (draw < 20) fault.delay = std::chrono::milliseconds(random_.below(200));
  if (stale_ && call.verb == "list" && draw < 30) {
    ++injected_;
    fault.kind = Fault::Kind::Stale;
    return fault;
  }
  if (draw < 88) return fault;
  ++injected_;
  fault.kind = Fault::Kind::Fail;
  fault.delay = Duration::zero();
  switch (random_.below(call.mutating ? 9 : 5)) {
    case 0:
      fault.status = overloaded();
      break;
    case 1:
      fault.status = internal_error("injected");
      break;
    case 2:
      fault.status = Status(503, reasons::kServiceUnavailable, "injected");
      break;
    case 3:
      fault.status = unreachable("injected");
      break;
    case 4:
      fault.status = timed_out("injected, without effect");
      break;
    case 5:
      fault.status = Status(409, reasons::kConflict, "injected");
      break;
    case 6:
      fault.kind = Fault::Kind::Ambiguous;
      fault.status = timed_out("injected, after the effect");
      break;
    case 7:
      fault.kind = Fault::Kind::Ambiguous;
      fault.status = unreachable("injected, after the effect");
      break;
    default:
      fault.kind = Fault::Kind::Late;
      fault.status = timed_out("injected, before the effect");
      fault.delay = std::chrono::milliseconds(random_.below(kLatestMillis));
      break;
  }
  return fault;
}

Fault RandomFaults::before_event(const Call&) {
  Fault fault;
  if (!on_) return fault;
  const std::uint64_t draw = random_.below(100);
  if (draw < 20) fault.delay = std::chrono::milliseconds(random_.below(3'000));
  if (drops_ && draw >= 20 && draw < 24) {
    ++injected_;
    fault.kind = Fault::Kind::Drop;
  }
  if (draw < 90) return fault;
  ++injected_;
  if (draw < 94) {
    fault.kind = draw < 92 ? Fault::Kind::Repeat : Fault::Kind::Bookmark;
    return fault;
  }
  fault.kind = Fault::Kind::Fail;
  fault.status = draw < 97 ? Status(410, reasons::kExpired, "injected") : unreachable("injected");
  return fault;
}

}  // namespace heirloom::simulation
