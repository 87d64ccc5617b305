// Response: what a handler answers: a JSON value, or a stream of watch events. A Status says why there is
// neither.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "base/task.h"

namespace heirloom::server {

// meta/v1 WatchEvent.
struct StreamEvent {
  std::string type;  // ADDED, MODIFIED, DELETED, BOOKMARK, ERROR
  Json object;
};

// Pull: one reader, which may destroy it at any time to end the watch.
class EventStream {
 public:
  virtual ~EventStream() = default;
  // The next event; nullopt at the end (timeoutSeconds, shutdown). After an ERROR event comes the end.
  // Unwinds with operation_aborted when the reader is cancelled.
  virtual Task<std::optional<StreamEvent>> next() = 0;
};

struct Response {
  int code = 200;
  Json body;
  std::unique_ptr<EventStream> stream;  // set: a watch; body is then null
  std::string warning;                  // a Warning header, when not empty
};

// meta/v1 Status of a failure, as it goes over the wire.
Json to_wire(const Status& status);

}  // namespace heirloom::server
