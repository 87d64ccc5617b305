#include "e2e/simulation/wire.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/signal.h"

namespace heirloom::simulation {

// Where an answer waits for its caller. Shared by both sides; either may go first.
template <class T>
struct Wire::Slot {
  explicit Slot(Executor client) : arrived(std::move(client)) {}
  std::optional<Result<T>> answer;
  Signal arrived;
};

template <class T, class Attempt>
Task<void> Wire::serve(std::shared_ptr<Slot<T>> slot, Attempt attempt, Wire* wire, std::uint64_t id,
                       bool reliable) {
  kube::Api* below = reliable ? wire->reliable_ : wire->below_;
  Result<T> answer = co_await attempt(below);
  const auto entry = wire->entries_.find(id);
  if (entry != wire->entries_.end()) {
    entry->second.sent.answered = true;
    entry->second.reset = nullptr;
    wire->answered_.push_back(id);
    if (entry->second.mutating && wire->on_answer)
      wire->on_answer(entry->second.sent, answer.ok() ? Status() : answer.status());
  }
  slot->answer = std::move(answer);
  slot->arrived.notify_all();
}

template <class T, class Attempt>
Task<Result<T>> Wire::cross(Executor client, Sent sent, bool mutating, Attempt attempt) {
  if (scope_ == nullptr || cut_.contains(sent.process)) co_return unreachable("connection refused");
  auto slot = std::make_shared<Slot<T>>(std::move(client));
  const std::uint64_t id = ++next_;
  Entry entry;
  entry.sent = std::move(sent);
  entry.mutating = mutating;
  std::function<void()> reset = [slot] {
    slot->answer = Result<T>(unreachable("connection reset"));
    slot->arrived.notify_all();
  };
  entry.reset = std::move(reset);
  std::string name = entry.sent.verb;
  const bool reliable = entry.sent.reliable;
  entries_.emplace(id, std::move(entry));
  Task<void> work = serve<T, Attempt>(slot, std::move(attempt), this, id, reliable);
  scope_->spawn(std::move(name), std::move(work));
  while (!slot->answer) co_await slot->arrived.wait();
  Result<T> answer = std::move(*slot->answer);
  co_return answer;
}

namespace {

using NextEvent = std::optional<kube::WatchEvent>;

}  // namespace

class Wire::RemoteWatch final : public kube::Watch {
 public:
  RemoteWatch(Wire* wire, std::string sender, Executor client, std::shared_ptr<kube::Watch> below)
      : wire_(wire),
        epoch_(wire->epoch_),
        sender_(std::move(sender)),
        client_(std::move(client)),
        below_(std::move(below)) {}

  Task<Result<NextEvent>> next() override {
    if (wire_->epoch_ != epoch_ || wire_->scope_ == nullptr) co_return unreachable("connection reset");
    Sent sent;
    sent.sender = sender_;
    sent.verb = "watch event";
    auto attempt = [below = below_](kube::Api*) { return next_below(below); };
    Task<Result<NextEvent>> work =
        wire_->cross<NextEvent>(client_, std::move(sent), false, std::move(attempt));
    Result<NextEvent> event = co_await std::move(work);
    co_return event;
  }

 private:
  static Task<Result<NextEvent>> next_below(std::shared_ptr<kube::Watch> below) {
    Result<NextEvent> event = co_await below->next();
    co_return event;
  }

  Wire* wire_;
  std::uint64_t epoch_;
  std::string sender_;
  Executor client_;
  std::shared_ptr<kube::Watch> below_;
};

class Wire::Client final : public kube::Api {
 public:
  Client(Wire* wire, std::string sender, Executor client, bool reliable, std::string process)
      : wire_(wire),
        sender_(std::move(sender)),
        process_(std::move(process)),
        client_(std::move(client)),
        reliable_(reliable) {}

  Task<Result<Json>> get(kube::ObjectRef ref, kube::GetOptions options) override {
    Sent sent = note("get", ref, "");
    auto attempt = [ref = std::move(ref), options = std::move(options)](kube::Api* below) {
      return below->get(ref, options);
    };
    return wire_->cross<Json>(client_, std::move(sent), false, std::move(attempt));
  }

  Task<Result<kube::ListPage>> list(kube::Collection collection, kube::ListOptions options) override {
    Sent sent = note("list", kube::ObjectRef{collection.resource, collection.ns, ""}, options.label_selector);
    auto attempt = [collection = std::move(collection), options = std::move(options)](kube::Api* below) {
      return below->list(collection, options);
    };
    return wire_->cross<kube::ListPage>(client_, std::move(sent), false, std::move(attempt));
  }

  Task<Result<std::unique_ptr<kube::Watch>>> watch(kube::Collection collection,
                                                   kube::WatchOptions options) override {
    Sent sent =
        note("watch", kube::ObjectRef{collection.resource, collection.ns, ""}, options.label_selector);
    auto attempt = [collection = std::move(collection), options = std::move(options)](kube::Api* below) {
      return below->watch(collection, options);
    };
    Task<Result<std::unique_ptr<kube::Watch>>> work =
        wire_->cross<std::unique_ptr<kube::Watch>>(client_, std::move(sent), false, std::move(attempt));
    Result<std::unique_ptr<kube::Watch>> opened = co_await std::move(work);
    if (!opened.ok()) co_return std::move(opened).status();
    std::shared_ptr<kube::Watch> shared = std::move(opened).value();
    std::unique_ptr<kube::Watch> remote =
        std::make_unique<RemoteWatch>(wire_, sender_, client_, std::move(shared));
    co_return remote;
  }

  Task<Result<Json>> create(kube::Collection collection, Json body, kube::WriteOptions options) override {
    const std::string name(body["metadata"]["name"].string());
    Sent sent =
        note("create", kube::ObjectRef{collection.resource, collection.ns, name}, options.subresource);
    auto attempt = [collection = std::move(collection), body = std::move(body), options = std::move(options)](
                       kube::Api* below) { return below->create(collection, body, options); };
    return wire_->cross<Json>(client_, std::move(sent), true, std::move(attempt));
  }

  Task<Result<Json>> update(kube::ObjectRef ref, Json body, kube::WriteOptions options) override {
    Sent sent = note("update", ref, options.subresource);
    auto attempt = [ref = std::move(ref), body = std::move(body), options = std::move(options)](
                       kube::Api* below) { return below->update(ref, body, options); };
    return wire_->cross<Json>(client_, std::move(sent), true, std::move(attempt));
  }

  Task<Result<Json>> patch(kube::ObjectRef ref, kube::PatchType type, Json patch,
                           kube::WriteOptions options) override {
    Sent sent = note("patch", ref, options.subresource);
    sent.guard = patch["metadata"]["resourceVersion"].string();
    auto attempt = [ref = std::move(ref), type, patch = std::move(patch), options = std::move(options)](
                       kube::Api* below) { return below->patch(ref, type, patch, options); };
    return wire_->cross<Json>(client_, std::move(sent), true, std::move(attempt));
  }

  Task<Result<Json>> remove(kube::ObjectRef ref, kube::RemoveOptions options) override {
    Sent sent = note("remove", ref, "");
    sent.guard = options.resource_version;
    auto attempt = [ref = std::move(ref), options = std::move(options)](kube::Api* below) {
      return below->remove(ref, options);
    };
    return wire_->cross<Json>(client_, std::move(sent), true, std::move(attempt));
  }

  Task<Result<kube::RawResponse>> raw(kube::RawRequest request) override {
    Sent sent = note("raw", kube::ObjectRef(), request.path);
    auto attempt = [request = std::move(request)](kube::Api* below) { return below->raw(request); };
    return wire_->cross<kube::RawResponse>(client_, std::move(sent), false, std::move(attempt));
  }

 private:
  Sent note(std::string verb, const kube::ObjectRef& ref, const std::string& more) {
    ++wire_->calls_[sender_];
    if (verb != "watch" && verb != "raw" && verb != "list") ++wire_->object_calls_[sender_];
    if (wire_->on_call) {
      wire_->on_call(fmt::format("{} -> {} {} {}{}{} {}", sender_, verb, ref.resource.resource, ref.ns,
                                 ref.ns.empty() ? "" : "/", ref.name, more));
    }
    Sent sent;
    sent.sender = sender_;
    sent.process = process_;
    sent.verb = std::move(verb);
    sent.ref = ref;
    sent.reliable = reliable_;
    return sent;
  }

  Wire* wire_;
  std::string sender_;
  std::string process_;
  Executor client_;
  bool reliable_;
};

void Wire::up(TaskScope* scope, kube::Api* below, kube::Api* reliable) {
  scope_ = scope;
  below_ = below;
  reliable_ = reliable;
  ++epoch_;
}

void Wire::down() {
  scope_ = nullptr;
  below_ = nullptr;
  reliable_ = nullptr;
  std::map<std::uint64_t, Entry> lost;
  lost.swap(entries_);
  answered_.clear();
  for (auto& [id, entry] : lost)
    if (entry.reset) entry.reset();
}

std::unique_ptr<kube::Api> Wire::connect(std::string sender, Executor client, bool reliable,
                                         std::string process) {
  return std::make_unique<Client>(this, std::move(sender), std::move(client), reliable, std::move(process));
}

void Wire::cut(const std::string& process, bool is_cut) {
  if (is_cut) {
    cut_.insert(process);
  } else {
    cut_.erase(process);
  }
}

std::vector<const Sent*> Wire::under_way() const {
  std::vector<const Sent*> sent;
  for (const auto& [id, entry] : entries_)
    if (entry.mutating) sent.push_back(&entry.sent);
  return sent;
}

void Wire::settle() {
  for (const std::uint64_t id : answered_) entries_.erase(id);
  answered_.clear();
}

bool Wire::busy(const std::string& sender) const {
  for (const auto& [id, entry] : entries_)
    if (entry.mutating && !entry.sent.answered && entry.sent.sender == sender) return true;
  return false;
}

std::uint64_t Wire::object_calls(const std::string& sender) const {
  const auto at = object_calls_.find(sender);
  return at == object_calls_.end() ? 0 : at->second;
}

std::uint64_t Wire::calls(const std::string& sender) const {
  const auto at = calls_.find(sender);
  return at == calls_.end() ? 0 : at->second;
}

}  // namespace heirloom::simulation
