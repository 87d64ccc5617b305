#include "kube/events.h"

#include <algorithm>
#include <deque>
#include <list>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/signal.h"

namespace heirloom::kube {
namespace {

constexpr std::size_t kMaxMessage = 1024;
constexpr std::size_t kMaxReason = 128;
constexpr std::size_t kMaxName = 253;

// A map that forgets its oldest entries.
template <class K, class V>
class Remembered {
 public:
  explicit Remembered(std::size_t limit) : limit_(limit) {}

  V* find(const K& key) {
    const auto at = entries_.find(key);
    return at == entries_.end() ? nullptr : &at->second.first;
  }
  V& put(const K& key, V value) {
    erase(key);
    if (entries_.size() >= limit_) erase(K(order_.front()));
    order_.push_back(key);
    return entries_.emplace(key, std::make_pair(std::move(value), std::prev(order_.end())))
        .first->second.first;
  }
  void erase(const K& key) {
    const auto at = entries_.find(key);
    if (at == entries_.end()) return;
    order_.erase(at->second.second);
    entries_.erase(at);
  }

 private:
  std::size_t limit_;
  std::list<K> order_;
  std::map<K, std::pair<V, typename std::list<K>::iterator>> entries_;
};

struct Bucket {
  double tokens = 0;
  MonotonicTime filled;
};

struct Sent {
  std::string ns;
  std::string name;
  std::int64_t count = 1;
  MonotonicTime last;
};

using NoteKey = std::tuple<ObjectReference, EventType, std::string, std::string>;

void cut(std::string& text, std::size_t limit) {
  if (text.size() <= limit) return;
  std::size_t end = limit - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // between characters
  text.resize(end);
  text += "...";
}

std::string_view name_of(EventType type) { return type == EventType::Warning ? "Warning" : "Normal"; }

}  // namespace

ObjectReference reference_to(JsonView object) {
  const JsonView metadata = object["metadata"];
  ObjectReference r;
  r.api_version = std::string(object["apiVersion"].string());
  r.kind = std::string(object["kind"].string());
  r.ns = std::string(metadata["namespace"].string());
  r.name = std::string(metadata["name"].string());
  r.uid = std::string(metadata["uid"].string());
  r.resource_version = std::string(metadata["resourceVersion"].string());
  return r;
}

struct EventRecorder::State {
  State(Executor executor, Api* api_in, Clock* clock_in, Random* random_in, Metrics* metrics_in,
        EventRecorderOptions options_in)
      : api(api_in),
        clock(clock_in),
        random(random_in),
        metrics(metrics_in),
        options(std::move(options_in)),
        buckets(options.remembered),
        sent(options.remembered),
        arrived(std::move(executor)) {}

  struct Queued {
    EventNote note;
    WallTime at;
  };

  void count(std::string_view outcome) {
    if (metrics != nullptr) metrics->count("events_total", {{"outcome", std::string(outcome)}});
  }

  bool take_token(const ObjectReference& object) {
    ObjectReference key = object;
    key.resource_version.clear();
    const MonotonicTime now = clock->monotonic();
    Bucket* bucket = buckets.find(key);
    if (bucket == nullptr) bucket = &buckets.put(key, Bucket{static_cast<double>(options.burst), now});
    const double refilled =
        std::chrono::duration<double>(now - bucket->filled) / std::chrono::duration<double>(options.refill);
    bucket->tokens = std::min<double>(options.burst, bucket->tokens + refilled);
    bucket->filled = now;
    if (bucket->tokens < 1) return false;
    bucket->tokens -= 1;
    return true;
  }

  // Cluster-scoped objects have their Events in namespace default, as kubectl expects.
  static std::string namespace_of(const EventNote& note) {
    return note.regarding.ns.empty() ? "default" : note.regarding.ns;
  }

  static Collection events_in(std::string ns) {
    Collection collection;
    collection.resource.version = "v1";
    collection.resource.resource = "events";
    collection.ns = std::move(ns);
    return collection;
  }

  Json body_of(const Queued& queued, const std::string& name) const {
    const EventNote& note = queued.note;
    const ObjectReference& r = note.regarding;
    const std::string time = format_time(queued.at);
    JsonBuilder b;
    b.begin_object().member("apiVersion", "v1").member("kind", "Event");
    b.key("metadata")
        .begin_object()
        .member("name", name)
        .member("namespace", namespace_of(note))
        .end_object();
    b.key("involvedObject").begin_object();
    b.member_unless_empty("apiVersion", r.api_version).member_unless_empty("kind", r.kind);
    b.member_unless_empty("namespace", r.ns).member_unless_empty("name", r.name);
    b.member_unless_empty("uid", r.uid).member_unless_empty("resourceVersion", r.resource_version);
    b.end_object();
    b.member("type", name_of(note.type)).member("reason", note.reason).member("message", note.message);
    b.key("source").begin_object().member_unless_empty("component", options.component);
    b.member_unless_empty("host", options.instance).end_object();
    b.member_unless_empty("reportingComponent", options.component);
    b.member_unless_empty("reportingInstance", options.instance);
    b.member("count", 1).member("firstTimestamp", time).member("lastTimestamp", time);
    return b.end_object().take();
  }

  // Counts into the Event that is there; false when that is no longer possible (it has expired, say).
  Task<bool> count_up(Sent known, WallTime at) {
    ObjectRef ref;
    const Collection collection = events_in(known.ns);
    ref.resource = collection.resource;
    ref.ns = known.ns;
    ref.name = known.name;
    JsonBuilder b;
    b.begin_object().member("count", known.count).member("lastTimestamp", format_time(at)).end_object();
    Json patch = b.take();
    WriteOptions write;
    Result<Json> answer =
        co_await api->patch(std::move(ref), PatchType::Merge, std::move(patch), std::move(write));
    if (answer.ok()) co_return true;
    // An unknown outcome is as good as done: a count is not worth a second Event.
    co_return is_outcome_unknown(answer.status());
  }

  Task<void> send(Queued queued) {
    const EventNote note = queued.note;
    ObjectReference same = note.regarding;
    same.resource_version.clear();
    const NoteKey key(same, note.type, note.reason, note.message);
    const Sent* known = sent.find(key);
    if (known != nullptr && clock->monotonic() - known->last < options.aggregate_for) {
      Sent next = *known;
      ++next.count;
      next.last = clock->monotonic();
      sent.put(key, next);
      const bool counted = co_await count_up(next, queued.at);
      if (counted) {
        count("counted");
        co_return;
      }
    }
    Sent fresh;
    fresh.ns = namespace_of(note);
    fresh.last = clock->monotonic();
    std::string base = note.regarding.name;
    if (base.size() > kMaxName - 17) base.resize(kMaxName - 17);
    while (!base.empty() && (base.back() == '.' || base.back() == '-')) base.pop_back();
    fresh.name = fmt::format("{}.{:016x}", base, random->next());
    Json body = body_of(queued, fresh.name);
    Collection collection = events_in(fresh.ns);
    WriteOptions write;
    Result<Json> answer = co_await api->create(std::move(collection), std::move(body), std::move(write));
    if (answer.ok()) {
      sent.put(key, fresh);
      count("created");
      co_return;
    }
    sent.erase(key);
    count("refused");
    log::debug("event not recorded",
               {{"object", note.regarding.name}, {"reason", note.reason}, {"error", answer.status()}});
  }

  Api* api;
  Clock* clock;
  Random* random;
  Metrics* metrics;
  EventRecorderOptions options;
  Remembered<ObjectReference, Bucket> buckets;
  Remembered<NoteKey, Sent> sent;
  std::deque<Queued> queue;
  Signal arrived;
};

EventRecorder::EventRecorder(Executor executor, Api* api, Clock* clock, Random* random, Metrics* metrics,
                             EventRecorderOptions options)
    : state_(std::make_unique<State>(std::move(executor), api, clock, random, metrics, std::move(options))) {}
EventRecorder::~EventRecorder() = default;

std::size_t EventRecorder::queued() const { return state_->queue.size(); }

void EventRecorder::record(EventNote note) {
  cut(note.message, kMaxMessage);
  cut(note.reason, kMaxReason);
  if (!state_->take_token(note.regarding)) return state_->count("limited");
  if (state_->queue.size() >= state_->options.queue_limit) return state_->count("dropped");
  State::Queued queued;
  queued.note = std::move(note);
  queued.at = state_->clock->now();
  state_->queue.push_back(std::move(queued));
  state_->arrived.notify_all();
}

Task<void> EventRecorder::run() {
  while (true) {
    while (state_->queue.empty()) co_await state_->arrived.wait();
    State::Queued next = std::move(state_->queue.front());
    state_->queue.pop_front();
    co_await state_->send(std::move(next));
  }
}

}  // namespace heirloom::kube
