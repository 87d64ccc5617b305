#include "server/controllers/namespace_controller.h"

#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "server/controllers/own_requests.h"
#include "server/keys.h"
#include "server/metadata.h"

namespace heirloom::server {
namespace {

constexpr Duration kRetry = std::chrono::seconds(1);

struct Content {
  ResourcePtr resource;
  StoredPtr stored;
};

// Whether all is done that can be done now.
enum class Progress { Finished, Waiting, Again };

class NamespaceController {
 public:
  explicit NamespaceController(Parts* parts) : parts_(parts) {}

  Task<void> run() {
    while (true) {
      auto watch = begin();
      while (watch != nullptr) {
        co_await work();
        std::optional<MonotonicTime> deadline;
        if (!due_.empty()) deadline = parts_->clock->monotonic() + kRetry;
        auto batch = co_await watch->next(deadline);
        if (!batch.ok()) {
          watch.reset();
          continue;
        }
        for (const auto& event : *batch) observe(*event);
      }
      // Too slow for the history, or the store is closing: begin again from what there is.
      co_await parts_->clock->sleep_for(kRetry);
    }
  }

 private:
  std::unique_ptr<StoreWatch> begin() {
    terminating_.clear();
    due_.clear();
    namespaces_ = parts_->registry.find("", "namespaces");
    const auto list = parts_->store->list(collection_prefix(*namespaces_, ""), StoreListOptions());
    if (!list.ok()) return nullptr;
    for (const auto& stored : list->items) note_namespace(*stored);
    auto watch = parts_->store->watch("", list->revision);
    return watch.ok() ? std::move(watch).value() : nullptr;
  }

  void note_namespace(const StoredObject& stored) {
    if (!is_deleting(stored.value)) return;
    const std::string name(stored.value["metadata"]["name"].string());
    terminating_.insert(name);
    due_.insert(name);
  }

  void observe(const StoreEvent& event) {
    const auto key = parse_key(event.key());
    if (!key) return;
    if (key->group.empty() && key->plural == "namespaces") {
      if (event.deleted()) {
        terminating_.erase(std::string(key->name));
        due_.erase(std::string(key->name));
      } else {
        note_namespace(*event.current);
      }
      return;
    }
    const std::string ns(key->ns);
    // Only what goes away can let a namespace finish.
    if (event.deleted() && terminating_.contains(ns)) due_.insert(ns);
  }

  Task<void> work() {
    const auto due = std::exchange(due_, {});
    for (const auto& name : due) {
      auto progress = co_await finish(name);
      if (progress == Progress::Again) due_.insert(name);
    }
  }

  std::vector<Content> content_of(const std::string& ns) const {
    std::vector<Content> out;
    for (const auto& resource : parts_->registry.all()) {
      if (!resource->namespaced()) continue;
      const auto list = parts_->store->list(collection_prefix(*resource, ns), StoreListOptions());
      if (!list.ok()) continue;
      for (const auto& stored : list->items) {
        Content content;
        content.resource = resource;
        content.stored = stored;
        out.push_back(std::move(content));
      }
    }
    return out;
  }

  Task<Progress> finish(std::string ns) {
    const std::string key = object_key(*namespaces_, "", ns);
    const auto stored = parts_->store->get(key);
    if (stored == nullptr || !is_deleting(stored->value)) co_return Progress::Finished;
    auto removed = co_await remove_content(ns);
    if (!removed.ok()) co_return Progress::Again;
    // This write is also a barrier: creates that were accepted before the namespace was seen to be
    // terminating are readable when it is done, and later ones are refused.
    auto told = co_await write_conditions(ns);
    if (!told.ok()) co_return Progress::Again;
    const auto left = content_of(ns);
    if (!left.empty()) {
      bool undeleted = false;
      for (const auto& content : left) undeleted = undeleted || !is_deleting(content.stored->value);
      co_return undeleted ? Progress::Again : Progress::Waiting;
    }
    Request request = own_request(Verb::Update, *namespaces_, "", ns);
    request.subresource = "finalize";
    request.body = finalized(parts_->store->get(key));
    if (request.body.is_null()) co_return Progress::Finished;
    auto done = co_await parts_->server->handle(std::move(request));
    co_return done.ok() ? Progress::Finished : Progress::Again;
  }

  Task<Status> remove_content(std::string ns) {
    const auto content = content_of(ns);
    Status failed;
    for (const auto& each : content) {
      if (is_deleting(each.stored->value)) continue;
      Request request = own_request(Verb::Delete, *each.resource, ns,
                                    std::string(each.stored->value["metadata"]["name"].string()));
      request.remove.propagation = "Background";
      auto done = co_await parts_->server->handle(std::move(request));
      if (!done.ok() && !is_not_found(done.status())) failed = done.status();
    }
    if (!failed.ok()) {
      log::warning("the content of a namespace could not be deleted",
                   {{"namespace", ns}, {"error", failed.message()}});
    }
    co_return failed;
  }

  Task<Status> write_conditions(std::string ns) {
    const auto stored = parts_->store->get(object_key(*namespaces_, "", ns));
    if (stored == nullptr) co_return Status();
    const Json now = stored->value;
    Json conditions =
        namespace_conditions(now["status"]["conditions"], remains(ns), format_time(parts_->clock->now()));
    if (conditions == now["status"]["conditions"].to_json()) co_return Status();
    const JsonPath path = {std::string("status"), std::string("conditions")};
    Request request = own_request(Verb::Update, *namespaces_, "", ns);
    request.subresource = "status";
    request.body = rewrite(now, {set_at(path, std::move(conditions))});
    auto done = co_await parts_->server->handle(std::move(request));
    co_return done.ok() ? Status() : ignore_not_found(done.status());
  }

  NamespaceRemains remains(const std::string& ns) const {
    std::map<std::string, std::size_t> resources;
    std::map<std::string, std::size_t> held;
    NamespaceRemains out;
    for (const auto& content : content_of(ns)) {
      ++out.objects;
      ++resources[content.resource->qualified()];
      const auto finalizers = finalizers_of(content.stored->value);
      if (!finalizers.empty()) ++out.held;
      for (const auto& finalizer : finalizers) ++held[finalizer];
    }
    for (const auto& [name, count] : resources) {
      out.resources +=
          fmt::format("{}{} has {} resource instances", out.resources.empty() ? "" : ", ", name, count);
    }
    for (const auto& [name, count] : held) {
      out.finalizers +=
          fmt::format("{}{} in {} resource instances", out.finalizers.empty() ? "" : ", ", name, count);
    }
    return out;
  }

  static Json finalized(const StoredPtr& stored) {
    if (stored == nullptr) return Json();
    const JsonPath path = {std::string("spec"), std::string("finalizers")};
    JsonBuilder list;
    list.begin_array();
    for (const auto& finalizer : stored->value["spec"]["finalizers"].elements()) {
      if (finalizer.string() != "kubernetes") list.value(finalizer);
    }
    list.end_array();
    return rewrite(stored->value, {set_at(path, list.take())});
  }

  Parts* parts_;
  ResourcePtr namespaces_;
  std::set<std::string> terminating_;
  std::set<std::string> due_;
};

Json condition(JsonView before, std::string_view type, bool status, std::string_view reason,
               std::string_view message, std::string_view time) {
  const std::string_view value = status ? "True" : "False";
  std::string_view since = time;
  for (const auto& each : before.elements()) {
    if (each["type"].string() == type && each["status"].string() == value)
      since = each["lastTransitionTime"].string();
  }
  return Json::object({{"type", type},
                       {"status", value},
                       {"lastTransitionTime", since},
                       {"reason", reason},
                       {"message", message}});
}

}  // namespace

// Source of types, reasons and messages: the conditions kube-controller-manager writes.
Json namespace_conditions(JsonView before, const NamespaceRemains& remains, std::string_view time) {
  const bool content = remains.objects > 0;
  const bool held = remains.held > 0;
  const auto some = fmt::format("Some resources are remaining: {}", remains.resources);
  const auto finalizers =
      fmt::format("Some content in the namespace has finalizers remaining: {}", remains.finalizers);
  JsonBuilder out;
  out.begin_array();
  out.value(condition(before, "NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered",
                      "All resources successfully discovered", time));
  out.value(condition(before, "NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions",
                      "All legacy kube types successfully parsed", time));
  out.value(condition(before, "NamespaceDeletionContentFailure", false, "ContentDeleted",
                      "All content successfully deleted, may be waiting on finalization", time));
  out.value(content ? condition(before, "NamespaceContentRemaining", true, "SomeResourcesRemain", some, time)
                    : condition(before, "NamespaceContentRemaining", false, "ContentRemoved",
                                "All content successfully removed", time));
  out.value(
      held ? condition(before, "NamespaceFinalizersRemaining", true, "SomeFinalizersRemain", finalizers, time)
           : condition(before, "NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers",
                       "All content-preserving finalizers finished", time));
  out.end_array();
  return out.take();
}

Task<void> run_namespace_controller(Parts* parts) {
  NamespaceController controller(parts);
  co_await controller.run();
}

}  // namespace heirloom::server
