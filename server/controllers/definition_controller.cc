#include "server/controllers/definition_controller.h"

#include <set>
#include <utility>

#include "base/log.h"
#include "server/controllers/own_requests.h"
#include "server/definitions/definition.h"
#include "server/keys.h"
#include "server/metadata.h"

namespace heirloom::server {
namespace {

constexpr Duration kRetry = std::chrono::seconds(1);

ResourcePtr definitions_resource(Parts& parts) {
  return parts.registry.find("apiextensions.k8s.io", "customresourcedefinitions");
}

// Serves what the definition defines, or stops serving it. A schema that does not compile keeps what was
// served before.
void synchronise_registry(Parts& parts, JsonView definition) {
  if (!is_established(definition)) return;
  auto compiled = compile_definition(definition);
  if (!compiled.errors.empty()) return;
  parts.registry.add(std::make_shared<const Resource>(std::move(compiled.resource)));
}

class DefinitionController {
 public:
  explicit DefinitionController(Parts* parts) : parts_(parts) {}

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
      co_await parts_->clock->sleep_for(kRetry);
    }
  }

 private:
  std::unique_ptr<StoreWatch> begin() {
    due_.clear();
    emptying_.clear();
    definitions_ = definitions_resource(*parts_);
    if (definitions_ == nullptr) return nullptr;
    const auto list = parts_->store->list(collection_prefix(*definitions_, ""), StoreListOptions());
    if (!list.ok()) return nullptr;
    for (const auto& stored : list->items) {
      due_.insert(std::string(stored->value["metadata"]["name"].string()));
    }
    // Objects of a definition that is being deleted matter as well.
    auto watch = parts_->store->watch("", list->revision);
    return watch.ok() ? std::move(watch).value() : nullptr;
  }

  void observe(const StoreEvent& event) {
    const auto key = parse_key(event.key());
    if (!key) return;
    if (key->group == definitions_->group && key->plural == definitions_->plural) {
      if (event.deleted()) {
        forget(event.previous->value);
      } else {
        due_.insert(std::string(key->name));
      }
      return;
    }
    if (!event.deleted() || emptying_.empty()) return;
    const auto name = std::string(key->plural) + "." + std::string(key->group);
    if (emptying_.contains(name)) due_.insert(name);
  }

  void forget(JsonView definition) {
    const std::string name(definition["metadata"]["name"].string());
    due_.erase(name);
    emptying_.erase(name);
    const auto spec = definition["spec"];
    parts_->registry.remove(spec["group"].string(), spec["names"]["plural"].string());
    // Names that this one held may now be free for another.
    const auto list = parts_->store->list(collection_prefix(*definitions_, ""), StoreListOptions());
    if (!list.ok()) return;
    for (const auto& stored : list->items) {
      if (!is_established(stored->value))
        due_.insert(std::string(stored->value["metadata"]["name"].string()));
    }
  }

  Task<void> work() {
    const auto due = std::exchange(due_, {});
    for (const auto& name : due) {
      auto status = co_await reconcile(name);
      if (status.ok() || is_not_found(status)) continue;
      if (!is_conflict(status)) {
        log::warning("a CustomResourceDefinition could not be reconciled",
                     {{"name", name}, {"error", status.message()}});
      }
      due_.insert(name);
    }
  }

  Task<Status> reconcile(std::string name) {
    const auto stored = parts_->store->get(object_key(*definitions_, "", name));
    if (stored == nullptr) co_return Status();
    const Json definition = stored->value;
    if (is_deleting(definition)) {
      auto status = co_await empty(name, definition);
      co_return status;
    }
    const auto conflict = names_conflict(parts_->registry, definition);
    const auto compiled = compile_definition(definition);
    Json updated = with_definition_status(definition, conflict, compiled, format_time(parts_->clock->now()));
    if (updated == definition) {
      synchronise_registry(*parts_, definition);
      co_return Status();
    }
    Request request = own_request(Verb::Update, *definitions_, "", name);
    request.subresource = "status";
    request.body = std::move(updated);
    // Served before it says so: whoever reads Established can use it at once.
    if (is_established(request.body)) synchronise_registry(*parts_, request.body);
    auto done = co_await parts_->server->handle(std::move(request));
    co_return done.ok() ? Status() : std::move(done).status();
  }

  // Deletes the objects, then lets the definition go.
  Task<Status> empty(std::string name, Json definition) {
    emptying_.insert(name);
    // This write is also a barrier: creates accepted before the definition was seen to be deleted are
    // readable when it is done, and later ones are refused.
    Json told = with_terminating_condition(definition, format_time(parts_->clock->now()));
    if (told != definition) {
      Request request = own_request(Verb::Update, *definitions_, "", name);
      request.subresource = "status";
      request.body = std::move(told);
      auto done = co_await parts_->server->handle(std::move(request));
      if (!done.ok()) co_return std::move(done).status();
    }
    const auto resource = parts_->registry.find(definition["spec"]["group"].string(),
                                                definition["spec"]["names"]["plural"].string());
    if (resource != nullptr && resource->custom) {
      CO_TRY(const auto list, parts_->store->list(collection_prefix(*resource, ""), StoreListOptions()));
      for (const auto& stored : list.items) {
        if (is_deleting(stored->value)) continue;
        Request request =
            own_request(Verb::Delete, *resource, std::string(stored->value["metadata"]["namespace"].string()),
                        std::string(stored->value["metadata"]["name"].string()));
        request.remove.propagation = "Background";
        auto done = co_await parts_->server->handle(std::move(request));
        if (!done.ok() && !is_not_found(done.status())) co_return std::move(done).status();
      }
      CO_TRY(const auto left, parts_->store->list(collection_prefix(*resource, ""), StoreListOptions()));
      if (!left.items.empty()) co_return Status();
    }
    const auto stored = parts_->store->get(object_key(*definitions_, "", name));
    if (stored == nullptr) co_return Status();
    auto left_over = finalizers_of(stored->value);
    std::erase(left_over, std::string(finalizers::kCustomResourceCleanup));
    Request request = own_request(Verb::Update, *definitions_, "", name);
    request.body = with_finalizers(stored->value, left_over);
    auto done = co_await parts_->server->handle(std::move(request));
    co_return done.ok() ? Status() : std::move(done).status();
  }

  Parts* parts_;
  ResourcePtr definitions_;
  std::set<std::string> due_;       // names
  std::set<std::string> emptying_;  // names
};

}  // namespace

Status register_stored_definitions(Parts& parts) {
  const auto definitions = definitions_resource(parts);
  if (definitions == nullptr) return {};
  TRY(const auto list, parts.store->list(collection_prefix(*definitions, ""), StoreListOptions()));
  for (const auto& stored : list.items) synchronise_registry(parts, stored->value);
  return {};
}

Task<void> run_definition_controller(Parts* parts) {
  DefinitionController controller(parts);
  co_await controller.run();
}

}  // namespace heirloom::server
