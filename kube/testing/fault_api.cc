#include "kube/testing/fault_api.h"

#include <charconv>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace heirloom::kube::testing {

std::string Call::to_string() const {
  std::string text = fmt::format("{} {} {}", number, verb, resource);
  if (!subresource.empty()) text += "/" + subresource;
  if (!ns.empty())
    text += " " + ns + (name.empty() ? "" : "/" + name);
  else if (!name.empty())
    text += " " + name;
  return text;
}

struct FaultApi::State {
  TaskScope* scope;
  Api* below;
  Clock* clock;
  FaultPlan* plan;
  std::function<void(std::string)> trace;
  std::uint64_t calls = 0;
  std::uint64_t mutating_calls = 0;
  std::map<std::string, std::deque<ListPage>> past;  // whole lists, by what was asked for, oldest first

  void say(const Call& call, std::string_view what) const {
    if (trace) trace(fmt::format("{}: {}", call.to_string(), what));
  }
  Call count(Call call) {
    call.number = ++calls;
    if (call.mutating) ++mutating_calls;
    return call;
  }
};

namespace {

using State = FaultApi::State;

Call call_on(std::string verb, const Collection& collection) {
  Call call;
  call.verb = std::move(verb);
  call.resource = collection.resource.resource;
  call.ns = collection.ns;
  return call;
}

Call call_on(std::string verb, const ObjectRef& ref, std::string subresource, bool mutating) {
  Call call = call_on(std::move(verb), ref.collection());
  call.name = ref.name;
  call.subresource = std::move(subresource);
  call.mutating = mutating;
  return call;
}

template <class T>
std::string outcome_of(const Result<T>& result) {
  return result.ok() ? std::string("ok") : fmt::format("{}", result.status());
}

template <class Attempt>
Task<void> do_late(std::shared_ptr<State> state, Attempt attempt, Call call, Duration delay) {
  co_await state->clock->sleep_for(delay);
  if (call.deadline.has_value() && state->clock->monotonic() >= *call.deadline) {
    state->say(call, "too late, not done");
    co_return;
  }
  auto result = co_await attempt();
  state->say(call, "late: " + outcome_of(result));
}

// Does the call as the plan says. `attempt` is a function object that makes the call below.
template <class T, class Attempt>
Task<Result<T>> perform(std::shared_ptr<State> state, Attempt attempt, Call uncounted,
                        std::optional<T> cached = std::nullopt) {
  const Call call = state->count(std::move(uncounted));
  const Fault fault = state->plan->before(call);
  if (fault.delay > Duration::zero() && fault.kind != Fault::Kind::Late)
    co_await state->clock->sleep_for(fault.delay);
  if (fault.kind == Fault::Kind::Fail) {
    state->say(call, fmt::format("refused: {}", fault.status));
    co_return fault.status;
  }
  if (fault.kind == Fault::Kind::Late) {
    state->say(call, fmt::format("put off: {}", fault.status));
    state->scope->spawn("late " + call.to_string(),
                        do_late<Attempt>(state, std::move(attempt), call, fault.delay));
    co_return fault.status;
  }
  if (fault.kind == Fault::Kind::Stale && cached) {
    state->say(call, "answered from a cache");
    co_return std::move(*cached);
  }
  Result<T> result = co_await attempt();
  if (fault.kind == Fault::Kind::Ambiguous) {
    state->say(call, fmt::format("{}, but answered {}", outcome_of(result), fault.status));
    co_return fault.status;
  }
  state->say(call, outcome_of(result));
  co_return result;
}

constexpr std::size_t kRemembered = 4;  // lists of one collection

std::uint64_t number_of(std::string_view version) {
  std::uint64_t number = 0;
  std::from_chars(version.data(), version.data() + version.size(), number);
  return number;
}

std::string question(const Collection& collection, const ListOptions& options) {
  return fmt::format("{}.{}/{} {} {} {}", collection.resource.resource, collection.resource.group,
                     collection.ns, options.label_selector, options.field_selector, options.metadata_only);
}

// The oldest list that still answers, as a cache may give it. "" asks for the newest.
std::optional<ListPage> from_cache(const State& state, const std::string& asked, const ListOptions& options) {
  const auto past = state.past.find(asked);
  if (options.resource_version.empty() || !options.continue_token.empty() || past == state.past.end())
    return std::nullopt;
  for (const ListPage& page : past->second)
    if (number_of(page.resource_version) >= number_of(options.resource_version)) return page;
  return std::nullopt;
}

class FaultyWatch final : public Watch {
 public:
  FaultyWatch(std::shared_ptr<State> state, std::unique_ptr<Watch> below, Call call)
      : state_(std::move(state)), below_(std::move(below)), call_(std::move(call)) {}

  Task<Result<std::optional<WatchEvent>>> next() override {
    const Fault fault = state_->plan->before_event(call_);
    if (fault.delay > Duration::zero()) co_await state_->clock->sleep_for(fault.delay);
    if (fault.kind == Fault::Kind::Repeat && last_) {
      state_->say(call_, "told twice");
      co_return last_;
    }
    if (fault.kind == Fault::Kind::Bookmark && last_) {
      state_->say(call_, "bookmark");
      std::optional<WatchEvent> bookmark = bookmark_at(*last_);
      co_return bookmark;
    }
    if (fault.kind == Fault::Kind::Fail) {
      state_->say(call_, fmt::format("cut: {}", fault.status));
      below_.reset();
      broken_ = fault.status;
    }
    if (!broken_.ok()) co_return broken_;
    Result<std::optional<WatchEvent>> event = co_await below_->next();
    if (!event.ok() || !*event || (*event)->type == WatchEvent::Type::Bookmark) co_return event;
    last_ = *event;
    if (fault.kind != Fault::Kind::Drop) co_return event;
    state_->say(call_, "an event is left out");
    std::optional<WatchEvent> gap = bookmark_at(*last_);
    co_return gap;
  }

 private:
  static WatchEvent bookmark_at(const WatchEvent& event) {
    const Json metadata =
        Json::object({{"resourceVersion", event.object["metadata"]["resourceVersion"].string()}});
    return {WatchEvent::Type::Bookmark, Json::object({{"apiVersion", event.object["apiVersion"].string()},
                                                      {"kind", event.object["kind"].string()},
                                                      {"metadata", metadata}})};
  }

  std::shared_ptr<State> state_;
  std::unique_ptr<Watch> below_;
  Call call_;
  std::optional<WatchEvent> last_;
  Status broken_;
};

}  // namespace

FaultApi::FaultApi(TaskScope* scope, Api* below, Clock* clock, FaultPlan* plan,
                   std::function<void(std::string)> trace)
    : state_(std::make_shared<State>()) {
  state_->scope = scope;
  state_->below = below;
  state_->clock = clock;
  state_->plan = plan;
  state_->trace = std::move(trace);
}
FaultApi::~FaultApi() = default;

std::uint64_t FaultApi::calls() const { return state_->calls; }
std::uint64_t FaultApi::mutating_calls() const { return state_->mutating_calls; }

Task<Result<Json>> FaultApi::get(ObjectRef ref, GetOptions options) {
  Call call = call_on("get", ref, options.subresource, false);
  auto once = [below = state_->below, ref = std::move(ref), options = std::move(options)] {
    return below->get(ref, options);
  };
  return perform<Json>(state_, std::move(once), std::move(call));
}

Task<Result<ListPage>> FaultApi::list(Collection collection, ListOptions options) {
  const std::shared_ptr<State> state = state_;
  Call call = call_on("list", collection);
  const std::string asked = question(collection, options);
  const bool whole = options.continue_token.empty();
  std::optional<ListPage> cached = from_cache(*state, asked, options);
  auto once = [below = state_->below, collection = std::move(collection), options = std::move(options)] {
    return below->list(collection, options);
  };
  Task<Result<ListPage>> work =
      perform<ListPage>(state, std::move(once), std::move(call), std::move(cached));
  Result<ListPage> page = co_await std::move(work);
  if (!page.ok() || !whole || !page->continue_token.empty()) co_return page;
  std::deque<ListPage>& past = state->past[asked];
  if (past.empty() || number_of(past.back().resource_version) < number_of(page->resource_version)) {
    past.push_back(*page);
    if (past.size() > kRemembered) past.pop_front();
  }
  co_return page;
}

Task<Result<std::unique_ptr<Watch>>> FaultApi::watch(Collection collection, WatchOptions options) {
  Call uncounted = call_on("watch", collection);
  const std::shared_ptr<State> state = state_;
  const Call call = state->count(std::move(uncounted));
  const Fault fault = state->plan->before(call);
  if (fault.delay > Duration::zero()) co_await state->clock->sleep_for(fault.delay);
  if (fault.kind == Fault::Kind::Fail) {
    state->say(call, fmt::format("refused: {}", fault.status));
    co_return fault.status;
  }
  Result<std::unique_ptr<Watch>> opened =
      co_await state->below->watch(std::move(collection), std::move(options));
  state->say(call, outcome_of(opened));
  if (!opened.ok()) co_return opened;
  std::unique_ptr<Watch> watch = std::make_unique<FaultyWatch>(state, std::move(opened).value(), call);
  co_return watch;
}

Task<Result<Json>> FaultApi::create(Collection collection, Json body, WriteOptions options) {
  Call call = call_on("create", collection);
  call.name = std::string(body["metadata"]["name"].string());
  call.subresource = options.subresource;
  call.mutating = !options.dry_run;
  call.deadline = options.deadline;
  auto once = [below = state_->below, collection = std::move(collection), body = std::move(body),
               options = std::move(options)] { return below->create(collection, body, options); };
  return perform<Json>(state_, std::move(once), std::move(call));
}

Task<Result<Json>> FaultApi::update(ObjectRef ref, Json body, WriteOptions options) {
  Call call = call_on("update", ref, options.subresource, !options.dry_run);
  call.deadline = options.deadline;
  auto once = [below = state_->below, ref = std::move(ref), body = std::move(body),
               options = std::move(options)] { return below->update(ref, body, options); };
  return perform<Json>(state_, std::move(once), std::move(call));
}

Task<Result<Json>> FaultApi::patch(ObjectRef ref, PatchType type, Json patch, WriteOptions options) {
  Call call = call_on("patch", ref, options.subresource, !options.dry_run);
  call.deadline = options.deadline;
  auto once = [below = state_->below, ref = std::move(ref), type, patch = std::move(patch),
               options = std::move(options)] { return below->patch(ref, type, patch, options); };
  return perform<Json>(state_, std::move(once), std::move(call));
}

Task<Result<Json>> FaultApi::remove(ObjectRef ref, RemoveOptions options) {
  Call call = call_on("remove", ref, {}, !options.dry_run);
  call.deadline = options.deadline;
  auto once = [below = state_->below, ref = std::move(ref), options = std::move(options)] {
    return below->remove(ref, options);
  };
  return perform<Json>(state_, std::move(once), std::move(call));
}

Task<Result<RawResponse>> FaultApi::raw(RawRequest request) {
  Call call;
  call.verb = "raw";
  call.resource = request.path;
  call.mutating = request.method != "GET";
  auto once = [below = state_->below, request = std::move(request)] { return below->raw(request); };
  return perform<RawResponse>(state_, std::move(once), std::move(call));
}

}  // namespace heirloom::kube::testing
