#include "kube/http_watch.h"

namespace heirloom::kube {

Task<Result<std::optional<WatchEvent>>> HttpWatch::next() {
  while (true) {
    std::optional<std::string> line = lines_.next();
    if (line.has_value()) {
      Result<WatchEvent> event = wire::decode_event(*line);
      if (!event.ok()) co_return std::move(event).status();
      std::optional<WatchEvent> some = std::move(event).value();
      co_return some;
    }
    Result<std::string> piece = co_await stream_->read_some(deadline_);
    if (!piece.ok()) co_return std::move(piece).status();
    if (piece->empty()) {
      if (lines_.has_partial()) co_return unreachable("the watch ended in the middle of an event");
      std::optional<WatchEvent> end;
      co_return end;
    }
    const Status pushed = lines_.push(*piece);
    if (!pushed.ok()) co_return pushed;
  }
}

}  // namespace heirloom::kube
