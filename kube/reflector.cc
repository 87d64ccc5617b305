#include "kube/reflector.h"

#include <utility>

#include <fmt/format.h>

#include "base/log.h"

namespace heirloom::kube {
namespace {

using reflector::Effect;
using reflector::Observation;

std::string describe(const ReflectorOptions& options) {
  const Collection& c = options.collection;
  std::string text =
      c.resource.group.empty() ? c.resource.resource : c.resource.resource + "." + c.resource.group;
  if (!c.ns.empty()) text += " in namespace " + c.ns;
  if (!options.label_selector.empty()) text += " with labels " + options.label_selector;
  if (!options.field_selector.empty()) text += " with fields " + options.field_selector;
  return text;
}

// What a person can do about it, where we know.
Status explain(const Status& error, const ReflectorOptions& options) {
  if (error.ok()) return error;
  const std::string what = describe(options);
  if (!is_forbidden(error)) return annotate(error, "watch " + what);
  return {
      error.code(), error.reason(),
      fmt::format(
          "not allowed to list and watch {}: grant verbs list and watch on it (RBAC); the server said: {}",
          what, error.message()),
      error.details()};
}

std::string version_of(const Json& object) {
  return std::string(object["metadata"]["resourceVersion"].string());
}

}  // namespace

Reflector::Reflector(Api* api, Clock* clock, Random* random, Metrics* metrics, ReflectorOptions options,
                     ReflectorSink* sink)
    : api_(api),
      clock_(clock),
      random_(random),
      metrics_(metrics),
      options_(std::move(options)),
      sink_(sink),
      state_(reflector::Start{}) {}

ReflectorStatus Reflector::status() const {
  ReflectorStatus status;
  status.synced = memory_.synced;
  const auto* watching = std::get_if<reflector::Watching>(&state_);
  status.watching = watching != nullptr && watching->open;
  status.error = explain(memory_.error, options_);
  status.failures = memory_.failures;
  return status;
}

Task<void> Reflector::run() {
  Observation seen = reflector::Go{};
  while (true) {
    reflector::Step next = reflector::step(std::move(state_), memory_, seen);
    const reflector::Memory before = std::exchange(memory_, std::move(next.memory));
    state_ = std::move(next.state);
    if (next.list_completed) sink_->end_replace();
    report(before);
    Effect effect = std::move(next.effect);
    seen = co_await perform(std::move(effect));
  }
}

Task<Observation> Reflector::perform(Effect effect) {
  if (std::holds_alternative<reflector::NextEvent>(effect)) {
    Observation seen = co_await next_event();
    co_return seen;
  }
  watch_.reset();
  if (auto* page = std::get_if<reflector::ReadPage>(&effect)) {
    reflector::ReadPage request = std::move(*page);
    Observation seen = co_await read_page(std::move(request));
    co_return seen;
  }
  if (auto* open = std::get_if<reflector::OpenWatch>(&effect)) {
    reflector::OpenWatch request = std::move(*open);
    Observation seen = co_await open_watch(std::move(request));
    co_return seen;
  }
  const reflector::Pause pause = std::get<reflector::Pause>(effect);
  const Duration told = std::chrono::seconds(pause.retry_after_seconds);
  const Duration rest = random_->jitter(std::max(reflector::backoff(pause.failures), told), 1.0);
  co_await clock_->sleep_for(rest);
  Observation seen = reflector::Go{};
  co_return seen;
}

Task<Observation> Reflector::read_page(reflector::ReadPage effect) {
  if (effect.first) {
    ++lists_;
    sink_->begin_replace();
  }
  ListOptions list;
  list.label_selector = options_.label_selector;
  list.field_selector = options_.field_selector;
  list.metadata_only = options_.metadata_only;
  list.limit = options_.page_size;
  // A continue token carries its version; sending both is an error.
  if (effect.first) list.resource_version = effect.resource_version;
  list.continue_token = effect.continue_token;
  Collection collection = options_.collection;
  Result<ListPage> page = co_await api_->list(std::move(collection), std::move(list));
  Observation seen;
  if (!page.ok()) {
    if (is_not_found(page.status())) sink_->unserved();
    seen = reflector::ListFailed{page.status()};
    co_return seen;
  }
  for (const Json& item : page->items) sink_->listed(item);
  seen = reflector::PageRead{page->resource_version, page->continue_token};
  co_return seen;
}

Task<Observation> Reflector::open_watch(reflector::OpenWatch effect) {
  ++watches_;
  WatchOptions options;
  options.label_selector = options_.label_selector;
  options.field_selector = options_.field_selector;
  options.metadata_only = options_.metadata_only;
  options.resource_version = effect.resource_version;
  // Spread, so that not all watches of a process end together.
  options.timeout = random_->jitter(options_.watch_timeout, 1.0);
  Collection collection = options_.collection;
  opened_ = clock_->monotonic();
  Result<std::unique_ptr<Watch>> watch = co_await api_->watch(std::move(collection), std::move(options));
  Observation seen;
  if (!watch.ok()) {
    if (is_not_found(watch.status())) sink_->unserved();
    seen = reflector::WatchFailed{watch.status()};
    co_return seen;
  }
  watch_ = std::move(watch).value();
  opened_ = clock_->monotonic();
  seen = reflector::WatchOpened{};
  co_return seen;
}

Task<Observation> Reflector::next_event() {
  Result<std::optional<WatchEvent>> next = co_await watch_->next();
  const bool lasted = clock_->monotonic() - opened_ >= reflector::kLasting;
  Observation seen;
  if (!next.ok()) {
    reflector::WatchFailed failed;
    failed.status = next.status();
    failed.lasted = lasted;
    seen = std::move(failed);
    co_return seen;
  }
  if (!next->has_value()) {
    reflector::WatchEnded ended;
    ended.lasted = lasted;
    seen = ended;
    co_return seen;
  }
  const WatchEvent& event = **next;
  const bool bookmark = event.type == WatchEvent::Type::Bookmark;
  if (!bookmark) sink_->changed(event.type, event.object);
  reflector::EventSeen event_seen;
  event_seen.resource_version = version_of(event.object);
  event_seen.bookmark = bookmark;
  seen = std::move(event_seen);
  co_return seen;
}

// Says a new kind of failure once, not on every attempt, and that it is over.
void Reflector::report(const reflector::Memory& before) {
  if (before.error.ok() != memory_.error.ok() || before.error.reason() != memory_.error.reason()) {
    const std::string what = describe(options_);
    if (memory_.error.ok())
      log::info("watch recovered", {{"collection", what}});
    else if (is_expired(memory_.error))
      log::debug("watch expired, listing again", {{"collection", what}});
    else
      log::warning("watch failed", {{"collection", what}, {"error", explain(memory_.error, options_)}});
  }
  if (metrics_ == nullptr || memory_.failures <= before.failures) return;
  metrics_->count("reflector_failures_total", {{"resource", options_.collection.resource.resource}});
}

}  // namespace heirloom::kube
