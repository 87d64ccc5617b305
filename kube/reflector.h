// Reflector: keeps a sink equal to one collection of the server: list (in pages), watch, resume, relist.
//
// The rules are a pure state machine, step(State, Observation) -> Step{State, Effect}; run() performs the
// effects. First list from the quorum, not at resourceVersion 0 as client-go's: any cached state could be older
// than what the process before us has written, and a controller would act in the name of what is over. Later ones not
// older than what the sink has seen, so that it never travels back in time; from the quorum when the server cannot do
// that. 410 anywhere means list again, and so does 404 on a watch: the collection went, and may come back as another. Failures back off with jitter, from 0.8 s to 30 s, and are reported
// in status(), 403 in words. Source: Kubernetes API concepts, "Efficient detection of changes"; client-go's
// reflector.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "kube/api.h"

namespace heirloom::kube {

// What is kept in step. Called from the reflector's task, never concurrently, must not block.
// A list arrives as begin_replace, any number of listed, end_replace: then whatever was not listed is gone. A
// begin_replace without the end of the one before starts over.
class ReflectorSink {
 public:
  virtual ~ReflectorSink() = default;
  virtual void begin_replace() = 0;
  virtual void listed(const Json& object) = 0;
  virtual void end_replace() = 0;
  virtual void changed(WatchEvent::Type type, const Json& object) = 0;  // never Bookmark
  // The server does not serve the collection (any more): 404. What was in it may be gone, and no event will tell.
  virtual void unserved() {}
};

namespace reflector {

// States.
struct Start {};               // nothing known: list from the quorum
struct Relist {                // list again
  std::string not_older_than;  // "" = from the quorum
};
struct Listing {
  std::string requested;       // the resourceVersion asked for
  std::string continue_token;  // of the page to come
};
struct Watching {
  std::string resource_version;
  bool open = false;
  bool progress = false;
};
struct Backoff;  // a pause, then the state after it
using Resting = std::variant<Start, Relist, Watching>;
struct Backoff {
  Resting then;
};
using State = std::variant<Start, Relist, Listing, Watching, Backoff>;

// Observations.
struct Go {};  // nothing to report: start, or the pause is over
struct PageRead {
  std::string resource_version;
  std::string continue_token;
};
struct ListFailed {
  Status status;
};
struct WatchOpened {};
struct WatchFailed {
  Status status;
  bool lasted = false;
};  // could not be opened, or broke
struct EventSeen {
  std::string resource_version;
  bool bookmark = false;
};
struct WatchEnded {
  bool lasted = false;
};  // in good order; lasted: it was open for kLasting at least
using Observation = std::variant<Go, PageRead, ListFailed, WatchOpened, WatchFailed, EventSeen, WatchEnded>;

// Effects: what to do next. One at a time.
struct ReadPage {
  std::string resource_version;
  std::string continue_token;
  bool first = false;
};
struct OpenWatch {
  std::string resource_version;
};
struct NextEvent {};
struct Pause {
  int failures = 0;
  int retry_after_seconds = 0;
};  // grows with consecutive failures
using Effect = std::variant<ReadPage, OpenWatch, NextEvent, Pause>;

struct Memory {           // beside the state: what has to survive it
  std::string last_seen;  // the newest resourceVersion the sink reflects
  int failures = 0;       // consecutive
  bool synced = false;    // a list has been completed
  Status error;           // the failure we are recovering from; ok when healthy
};
struct Step {
  State state;
  Memory memory;
  Effect effect;
  bool list_completed = false;
};
Step step(State state, Memory memory, const Observation& observation);

// A watch that was open this long has worked, even if nothing happened.
inline constexpr Duration kLasting = std::chrono::seconds(2);

// Before jitter.
Duration backoff(int failures);

}  // namespace reflector

struct ReflectorOptions {
  Collection collection;
  std::string label_selector;
  std::string field_selector;
  bool metadata_only = false;
  int page_size = 500;
  Duration watch_timeout = std::chrono::minutes(5);  // each watch lasts between this and twice this
};

struct ReflectorStatus {
  bool synced = false;    // the sink has been complete once
  bool watching = false;  // a watch is open now
  Status error;           // why not; message says what to do about a 403
  int failures = 0;       // consecutive
};

class Reflector {
 public:
  // All outlive this; metrics may be null.
  Reflector(Api* api, Clock* clock, Random* random, Metrics* metrics, ReflectorOptions options,
            ReflectorSink* sink);

  // Runs until it is cancelled: spawn it in a TaskScope. Once per Reflector.
  Task<void> run();

  const ReflectorOptions& options() const { return options_; }
  ReflectorStatus status() const;
  std::string resource_version() const { return memory_.last_seen; }
  std::uint64_t lists() const { return lists_; }
  std::uint64_t watches() const { return watches_; }

 private:
  Task<reflector::Observation> perform(reflector::Effect effect);
  Task<reflector::Observation> read_page(reflector::ReadPage effect);
  Task<reflector::Observation> open_watch(reflector::OpenWatch effect);
  Task<reflector::Observation> next_event();
  void report(const reflector::Memory& before);

  Api* api_;
  Clock* clock_;
  Random* random_;
  Metrics* metrics_;
  ReflectorOptions options_;
  ReflectorSink* sink_;
  reflector::State state_;
  reflector::Memory memory_;
  std::unique_ptr<Watch> watch_;
  MonotonicTime opened_;
  std::uint64_t lists_ = 0;
  std::uint64_t watches_ = 0;
};

}  // namespace heirloom::kube
