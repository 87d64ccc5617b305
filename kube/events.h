// EventRecorder: tells people what happened to an object, as core/v1 Events. Never in the way: record()
// neither waits nor fails; a refused Event is counted and dropped; a full queue drops the newest.
//
// The same note about the same object within 10 minutes counts up the Event that is there (PATCH of count and
// lastTimestamp). Each object has a bucket of 25 notes that refills with one per 5 minutes.
// Source: client-go tools/record (aggregation and spam filter), core/v1 Event.
#pragma once

#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/random.h"
#include "kube/api.h"

namespace heirloom::kube {

// core/v1 ObjectReference.
struct ObjectReference {
  std::string api_version;
  std::string kind;
  std::string ns;
  std::string name;
  std::string uid;
  std::string resource_version;
  auto operator<=>(const ObjectReference&) const = default;
};
ObjectReference reference_to(JsonView object);

enum class EventType { Normal, Warning };

struct EventNote {
  ObjectReference regarding;
  EventType type = EventType::Normal;
  std::string reason;   // CamelCase, at most 128 bytes
  std::string message;  // at most 1 KiB are kept
};

struct EventRecorderOptions {
  std::string component;  // source.component and reportingComponent
  std::string instance;   // source.host and reportingInstance: our process
  std::size_t queue_limit = 1000;
  int burst = 25;
  Duration refill = std::chrono::minutes(5);
  Duration aggregate_for = std::chrono::minutes(10);
  std::size_t remembered = 4096;  // objects and Events kept in mind; the oldest are forgotten
};

class EventRecorder {
 public:
  // All outlive this; metrics may be null.
  EventRecorder(Executor executor, Api* api, Clock* clock, Random* random, Metrics* metrics,
                EventRecorderOptions options);
  ~EventRecorder();

  void record(EventNote note);
  // Sends what is recorded until cancelled: spawn it once in a TaskScope.
  Task<void> run();

  std::size_t queued() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace heirloom::kube
