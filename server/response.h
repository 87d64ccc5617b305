// Response: what a handler answers: a JSON value, or a stream of watch events. A Status says why there is
// neither.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/task.h"

namespace heirloom::server {

// meta/v1 WatchEvent.
struct StreamEvent {
  std::string type;  // ADDED, MODIFIED, DELETED, BOOKMARK, ERROR
  Json object;
  Status error;  // of ERROR; object is the same on the wire
};

// Pull: one reader, which may destroy it at any time to end the watch.
class EventStream {
 public:
  virtual ~EventStream() = default;
  // The next event; nullopt at the end (timeoutSeconds, shutdown). After an ERROR event comes the end.
  // Unwinds with operation_aborted when the reader is cancelled.
  virtual Task<std::optional<StreamEvent>> next() = 0;
};

// A list's parts: in process they are taken as they are, over HTTP write_list() makes the document of them.
struct ListContent {
  std::string kind;         // "ConfigMapList"
  std::string api_version;  // "v1"
  std::string resource_version;
  std::string continue_token;             // "" on the last page
  std::optional<std::int64_t> remaining;  // remainingItemCount, when it is known exactly
  std::vector<Json> items;                // each with apiVersion and kind
  bool bare_items = false;                // built-in kinds: on the wire items carry no apiVersion and kind
};
std::string write_list(const ListContent& list);

struct Response {
  int code = 200;
  Json body;  // unless list or stream is set
  std::optional<ListContent> list;
  std::unique_ptr<EventStream> stream;  // set: a watch
  std::string warning;                  // a Warning header, when not empty
};

// meta/v1 Status of a failure, as it goes over the wire.
Json to_wire(const Status& status);

}  // namespace heirloom::server
