#include <algorithm>
#include <deque>
#include <utility>

#include "base/log.h"
#include "server/conversion.h"
#include "server/errors.h"
#include "server/handlers/handlers.h"
#include "server/keys.h"
#include "server/resource_version.h"
#include "server/selection.h"

namespace heirloom::server {
namespace {

// A bookmark goes out this long before the watch ends, so that the client resumes from a fresh revision.
constexpr Duration kLastBookmark = std::chrono::seconds(2);

Json with_resource_version(const Json& object, Revision revision) {
  const auto text = std::to_string(revision);
  return rewrite(object,
                 {set_at({std::string("metadata"), std::string("resourceVersion")}, Json::string(text))});
}

struct WatchPlan {
  ResourcePtr resource;
  const ResourceVersionInfo* version = nullptr;
  Selection selection;
  bool bookmarks = false;
  Duration bookmark_interval{};
  MonotonicTime ends;
  Clock* clock = nullptr;
  std::shared_ptr<bool> stopping;
};

class ResourceWatch final : public EventStream {
 public:
  ResourceWatch(WatchPlan plan, std::unique_ptr<StoreWatch> events, std::deque<StreamEvent> initial,
                Revision from)
      : plan_(std::move(plan)), events_(std::move(events)), pending_(std::move(initial)), sent_(from) {
    next_bookmark_ = first_bookmark();
  }

  Task<std::optional<StreamEvent>> next() override {
    while (true) {
      if (!pending_.empty()) {
        StreamEvent event = std::move(pending_.front());
        pending_.pop_front();
        co_return event;
      }
      if (finished_ || *plan_.stopping) co_return std::nullopt;
      const auto now = plan_.clock->monotonic();
      if (now >= plan_.ends) co_return std::nullopt;
      if (plan_.bookmarks && now >= next_bookmark_) {
        next_bookmark_ = std::max(now + plan_.bookmark_interval, std::min(plan_.ends, now + kLastBookmark));
        add_bookmark();
        continue;
      }
      const auto deadline = plan_.bookmarks ? std::min(plan_.ends, next_bookmark_) : plan_.ends;
      auto batch = co_await events_->next(deadline);
      if (!batch.ok()) {
        fail(batch.status());
        continue;
      }
      for (const auto& event : *batch) translate(*event);
    }
  }

 private:
  MonotonicTime first_bookmark() const {
    const auto now = plan_.clock->monotonic();
    return std::min(now + plan_.bookmark_interval, std::max(now, plan_.ends - kLastBookmark));
  }

  // Only if something happened since the last event: a bookmark that says nothing new is not sent.
  void add_bookmark() {
    const auto progress = events_->progress();
    if (progress <= sent_) return;
    sent_ = progress;
    const auto& resource = *plan_.resource;
    JsonBuilder out;
    out.begin_object().member("kind", resource.kind);
    out.member("apiVersion",
               GroupVersionKind{resource.group, plan_.version->name, resource.kind}.api_version());
    out.key("metadata").begin_object().member("resourceVersion", std::to_string(progress));
    out.key("creationTimestamp").null().end_object();
    out.end_object();
    StreamEvent event;
    event.type = "BOOKMARK";
    event.object = out.take();
    pending_.push_back(std::move(event));
  }

  void fail(const Status& status) {
    finished_ = true;
    // A store that closes is a server that stops: the stream just ends.
    if (status.code() == 503) return;
    StreamEvent event;
    event.type = "ERROR";
    event.object = to_wire(status);
    event.error = status;
    pending_.push_back(std::move(event));
  }

  // An object that starts to match arrives as ADDED, one that stops as DELETED with its last matching
  // content.
  void translate(const StoreEvent& event) {
    const bool was = event.previous != nullptr && plan_.selection.matches(event.previous->value);
    const bool is = event.current != nullptr && plan_.selection.matches(event.current->value);
    if (!was && !is) return;
    StreamEvent out;
    sent_ = event.revision;
    if (is) {
      out.type = was ? "MODIFIED" : "ADDED";
      out.object = to_version(*plan_.resource, *plan_.version, event.current->value);
    } else {
      out.type = "DELETED";
      const Json last = with_resource_version(event.previous->value, event.revision);
      out.object = to_version(*plan_.resource, *plan_.version, last);
    }
    pending_.push_back(std::move(out));
  }

  WatchPlan plan_;
  std::unique_ptr<StoreWatch> events_;
  std::deque<StreamEvent> pending_;  // at most the initial state, or one batch of the store
  Revision sent_;
  MonotonicTime next_bookmark_;
  bool finished_ = false;
};

Duration watch_timeout(Parts& parts, const Request& request) {
  if (request.read.timeout && *request.read.timeout > Duration::zero()) return *request.read.timeout;
  return parts.random->jitter(parts.options.watch_timeout_min, 1.0);
}

// Names and namespaces that a field selector fixes narrow what the store has to send.
std::string store_selection(const Call& call, const Selection& selection) {
  const auto& resource = *call.resource;
  std::string ns = call.request.ns;
  if (ns.empty() && resource.namespaced()) ns = selection.exact_namespace();
  const auto name = selection.exact_name();
  const bool one_key =
      !name.empty() && name.find('/') == std::string::npos && (!resource.namespaced() || !ns.empty());
  return one_key ? object_key(resource, ns, name) : collection_prefix(resource, ns);
}

}  // namespace

Result<Response> handle_watch(Parts& parts, const Call& call) {
  const auto& request = call.request;
  if (!request.read.resource_version_match.empty()) {
    return invalid_options(
        "ListOptions",
        schema::forbidden_value("resourceVersionMatch", "resourceVersionMatch is forbidden for watch"));
  }
  WatchPlan plan;
  TRY(plan.selection,
      Selection::parse(*call.resource, request.read.label_selector, request.read.field_selector));
  TRY(const auto revision, parse_resource_version(request.read.resource_version));
  plan.resource = call.resource;
  plan.version = call.version;
  plan.bookmarks = request.read.allow_bookmarks;
  plan.bookmark_interval = parts.options.bookmark_interval;
  plan.clock = parts.clock;
  plan.ends = parts.clock->monotonic() + watch_timeout(parts, request);
  plan.stopping = parts.stopping;

  const auto keys = store_selection(call, plan.selection);
  std::deque<StreamEvent> initial;
  Revision from = revision.value_or(0);
  if (from == 0) {
    TRY(const auto list, parts.store->list(keys, StoreListOptions()));
    from = list.revision;
    for (const auto& stored : list.items) {
      if (!plan.selection.matches(stored->value)) continue;
      StreamEvent event;
      event.type = "ADDED";
      event.object = to_version(*call.resource, *call.version, stored->value);
      initial.push_back(std::move(event));
    }
  }
  auto events = parts.store->watch(keys, from);
  Response response;
  if (!events.ok()) {
    // Clients look for 410 inside the stream or as the answer; kube-apiserver sends it as an ERROR event.
    return std::move(events).status();
  }
  response.stream =
      std::make_unique<ResourceWatch>(std::move(plan), std::move(events).value(), std::move(initial), from);
  return response;
}

}  // namespace heirloom::server
