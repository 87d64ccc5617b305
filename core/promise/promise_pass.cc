#include "core/promise/promise_pass.h"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "apis/claim_class.h"
#include "apis/labels.h"
#include "apis/promise.h"
#include "base/yaml.h"
#include "core/promise/definition_end.h"
#include "core/promise/promise_status.h"
#include "core/status_patch.h"
#include "dispatcher/sharers.h"
#include "policies/claim_definition.h"

namespace heirloom::core {
namespace {

// Of the status; status_patch.h says why.
constexpr std::string_view kWhole[] = {"status", "observedGeneration", "conditions"};

using kube::Requeue;

constexpr std::string_view kManagedByKratix = "ManagedByKratix";

// Of a Promise that cannot be read: enough to tell its author.
Promise metadata_and_status(JsonView object) {
  Promise promise;
  promise.metadata = decode_metadata(object);
  promise.status = decode_promise_status(object["status"]);
  return promise;
}

bool is_available(const Promise& promise) {
  const Condition* available = find_condition(promise.status.conditions, promise_conditions::kAvailable);
  return available != nullptr && available->status == "True" && !promise.metadata.is_deleting();
}

// The class compiled in for a kind that only a Promise brings.
std::optional<Json> class_compiled_in(const std::string& sharer_kind) {
  for (const EmbeddedFile& file : claim_class_files()) {
    Result<Json> object = parse_yaml(file.content);
    const Result<ClaimClass> decoded = decode_claim_class(*object);
    if (decoded->spec.claim.sharer_kind() != sharer_kind) continue;
    return rewrite(*object, {set_at({"metadata", "labels", std::string(labels::kBuiltIn)}, Json::string("true"))});
  }
  return std::nullopt;
}

class PromisePass {
 public:
  PromisePass(Context* context, Claims* claims, SharerKey me, Json object)
      : context_(context), claims_(claims), me_(std::move(me)), object_(std::move(object)) {
    Result<Promise> promise = decode_promise(object_);
    findings_.fault = promise.status();
    promise_ = promise.ok() ? std::move(promise).value() : metadata_and_status(object_);
  }

  Task<Result<Requeue>> run() {
    if (promise_.metadata.is_deleting()) co_return Requeue::none();  // when it is gone its definition is looked at
    if (belongs_to_kratix()) {
      tell(kube::EventType::Warning, kManagedByKratix,
           "Kratix reconciles this Promise (its finalizers say so); Heirloom leaves it alone");
      co_return Requeue::none();
    }
    if (findings_.fault.ok()) {
      const Status status = co_await serve();
      if (!status.ok()) co_return status;
    }
    const Status status = co_await write_status();
    if (!status.ok()) co_return status;
    co_return Requeue::none();  // all it depends on is watched
  }

 private:
  bool belongs_to_kratix() const {
    const std::vector<std::string>& all = promise_.metadata.finalizers;
    return std::any_of(all.begin(), all.end(),
                       [](const std::string& one) { return one.starts_with(finalizers::kKratixPrefix); });
  }

  Task<Status> serve() {
    Result<Json> definition = policies::definition_of(promise_);
    if (!definition.ok()) {
      findings_.fault = definition.status();
      co_return Status();
    }
    const JsonView spec = (*definition)["spec"];
    findings_.kind = {std::string(spec["group"].string()), std::string(spec["versions"].element(0)["name"].string()),
                      std::string(spec["names"]["kind"].string())};
    sharer_kind_ = (*definition)["metadata"]["name"].string();
    findings_.defined_by = defined_before();
    if (!findings_.defined_by.empty()) co_return Status();
    const Status installed = co_await install(std::move(definition).value());
    if (!installed.ok()) co_return installed;
    const Status classed = co_await find_class();
    if (!classed.ok()) co_return classed;
    find_required();
    co_return Status();
  }

  // Two Promises with one definition: the older one has it.
  std::string defined_before() const {
    const auto age = [](const Promise& promise) {
      return std::tie(promise.metadata.creation_timestamp, promise.metadata.name);
    };
    for (const Promise& other : others()) {
      if (other.metadata.is_deleting() || other.definition["metadata"]["name"].string() != sharer_kind_) continue;
      if (age(other) < age(promise_)) return other.metadata.name;
    }
    return {};
  }

  std::vector<Promise> others() const {
    std::vector<Promise> others;
    for (const SharerKey& key : context_->sharers->keys(std::string(kPromises))) {
      const Json* object = context_->sharers->find(key);
      if (key == me_ || object == nullptr) continue;
      Result<Promise> promise = decode_promise(*object);
      if (promise.ok()) others.push_back(std::move(promise).value());
    }
    return others;
  }

  // What was there before stays as it is: whoever made it knows better.
  Task<Status> install(Json definition) {
    if (const KnownDefinition* known = claims_->definitions().find(sharer_kind_)) {
      if (known->deleting) findings_.waiting = fmt::format("CustomResourceDefinition {} is being deleted", sharer_kind_);
      else if (!known->established) findings_.waiting = not_established();
      else if (!known->serves(findings_.kind.version))
        findings_.waiting = fmt::format("CustomResourceDefinition {} was there before and does not serve {}",
                                        sharer_kind_, findings_.kind.version);
      if (known->promise != me_.name || known->deleting || !is_news()) co_return Status();
      const Status followed = co_await follow(std::move(definition));
      co_return followed;
    }
    findings_.waiting = not_established();
    std::vector<JsonEdit> marks{set_at({"metadata", "labels", std::string(labels::kPromise)}, Json::string(me_.name))};
    if (const KnownClass* known = claims_->registry().of_kind(sharer_kind_))
      marks.push_back(set_at({"metadata", "labels", std::string(labels::kClaimClass)},
                             Json::string(known->claim_class.metadata.name)));
    definition = rewrite(definition, marks);
    const kube::Collection collection{dispatcher::kDefinitions, ""};
    const kube::WriteOptions options;
    const Result<Json> created = co_await context_->environment->api->create(collection, definition, options);
    if (created.ok()) {
      tell(kube::EventType::Normal, "DefinitionInstalled", fmt::format("created CustomResourceDefinition {}", sharer_kind_));
    } else if (is_invalid(created.status())) {
      findings_.fault = annotate(created.status(), fmt::format("Promise {}: spec.api is refused", promise_.metadata.name));
    } else if (!is_already_exists(created.status())) {
      co_return annotate(created.status(), fmt::format("cannot create CustomResourceDefinition {}", sharer_kind_));
    }
    co_return Status();
  }

  // Edited since it was looked at; or refused then, which only another attempt can take back.
  bool is_news() const {
    const Condition* available = find_condition(promise_.status.conditions, promise_conditions::kAvailable);
    return promise_.status.observed_generation != promise_.metadata.generation ||
           (available != nullptr && available->reason == promise_reasons::kInvalid);
  }

  // The definition is the one that was installed for it.
  Task<Status> follow(Json definition) {
    const Json spec = definition["spec"].to_json();
    const Json patch = Json::object({{"spec", spec}});
    const kube::ObjectRef ref{dispatcher::kDefinitions, "", sharer_kind_};
    const kube::WriteOptions options;
    const Result<Json> patched = co_await context_->environment->api->patch(ref, kube::PatchType::Merge, patch, options);
    if (patched.ok() || is_not_found(patched.status())) co_return Status();
    if (!is_invalid(patched.status()))
      co_return annotate(patched.status(), fmt::format("cannot update CustomResourceDefinition {}", sharer_kind_));
    findings_.fault = annotate(patched.status(), fmt::format("Promise {}: spec.api is refused", promise_.metadata.name));
    co_return Status();
  }

  std::string not_established() const {
    return fmt::format("CustomResourceDefinition {} is not established yet", sharer_kind_);
  }

  Task<Status> find_class() {
    if (const KnownClass* known = claims_->registry().of_kind(sharer_kind_)) {
      findings_.served_by = known->claim_class.metadata.name;
      if (!known->fault.ok()) findings_.class_fault = known->fault.message();
      else if (!known->serves()) findings_.class_fault = "it is being deleted";
      else if (claims_->definitions().is_of_kratix(sharer_kind_))
        findings_.class_fault =
            fmt::format("Kratix has installed the kind (label {} of its definition)", labels::kKratixPromise);
      co_return Status();
    }
    const std::optional<Json> compiled_in = class_compiled_in(sharer_kind_);
    if (!compiled_in) co_return Status();
    findings_.waiting = fmt::format("the ClaimClass that serves {} is being made", sharer_kind_);
    const kube::Collection collection{dispatcher::kClaimClasses, ""};
    const kube::WriteOptions options;
    const Result<Json> created = co_await context_->environment->api->create(collection, *compiled_in, options);
    if (created.ok()) {
      tell(kube::EventType::Normal, "ClaimClassCreated",
           fmt::format("created ClaimClass {}, which serves {}", created->view()["metadata"]["name"].string(),
                       sharer_kind_));
    } else if (!is_already_exists(created.status())) {  // somebody's of that name, or ours a moment ago: the watch tells
      co_return annotate(created.status(), "cannot create the ClaimClass");
    }
    co_return Status();
  }

  void find_required() {
    const std::vector<Promise> all = others();
    for (const RequiredPromise& required : promise_.required) {
      const auto found = std::find_if(all.begin(), all.end(), [&required](const Promise& other) {
        return other.metadata.name == required.name && is_available(other) &&
               (required.version.empty() || other.version().empty() || other.version() == required.version);
      });
      if (found != all.end()) continue;
      findings_.required.push_back(required.version.empty() ? required.name
                                                            : fmt::format("{} {}", required.name, required.version));
    }
  }

  Task<Status> write_status() {
    const std::string now = format_time(context_->environment->clock->now());
    const PromiseStatus before = promise_.status;
    const PromiseStatus after = summarize_promise(promise_, findings_, now);
    if (after == before) co_return Status();
    const Json patch = status_patch(promise_.metadata.uid, object_["status"], encode_promise_status(after), kWhole);
    const std::string version = context_->sharers->version(me_);
    const kube::ObjectRef ref{*context_->sharers->resource_of(me_.kind), "", me_.name};
    kube::WriteOptions options;
    options.subresource = "status";
    const Result<Json> answer =
        co_await context_->environment->api->patch(ref, kube::PatchType::Merge, patch, options);
    if (!answer.ok()) co_return ignore_not_found(annotate(answer.status(), "cannot write the status"));
    context_->sharers->wrote(me_, *answer, version);
    const Condition* was = find_condition(before.conditions, promise_conditions::kAvailable);
    const Condition* is = find_condition(after.conditions, promise_conditions::kAvailable);
    if (was == nullptr || was->reason != is->reason)
      tell(is->status == "True" || is->reason == promise_reasons::kNotInstalled ? kube::EventType::Normal
                                                                                : kube::EventType::Warning,
           is->reason, is->message);
    if (is_available(promise_) != (is->status == "True")) claims_->promise_changed();
    co_return Status();
  }

  void tell(kube::EventType type, std::string_view reason, std::string message) {
    kube::EventNote event;
    event.regarding = kube::reference_to(object_);
    event.regarding.resource_version.clear();
    event.type = type;
    event.reason = reason;
    event.message = std::move(message);
    context_->environment->events->record(std::move(event));
  }

  Context* context_;
  Claims* claims_;
  SharerKey me_;
  Json object_;
  Promise promise_;
  std::string sharer_kind_;  // of the claims that the Promise offers
  PromiseFindings findings_;
};

}  // namespace

Task<Result<Requeue>> reconcile_promise(Context* context, Claims* claims, SharerKey key) {
  const Json* cached = context->sharers->find(key);
  if (cached == nullptr) {
    Result<Requeue> ended = co_await end_definition(context, claims, std::move(key));
    co_return ended;
  }
  PromisePass pass(context, claims, std::move(key), *cached);
  Result<Requeue> done = co_await pass.run();
  co_return done;
}

}  // namespace heirloom::core
