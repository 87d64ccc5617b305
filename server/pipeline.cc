#include "server/pipeline.h"

#include <fmt/format.h>

#include "schema/defaults.h"
#include "schema/prune.h"
#include "schema/validate.h"
#include "server/conversion.h"
#include "server/decode.h"
#include "server/errors.h"
#include "server/metadata.h"
#include "server/strategy.h"

namespace heirloom::server {
namespace {

constexpr std::string_view kStatus = "status";
constexpr std::string_view kFinalize = "finalize";

// decode -> default -> prune, in the version of the request.
Result<Json> admit(const Call& call, const Json& body) {
  TRY(const Json decoded, decode_object(*call.resource, *call.version, body));
  const Json defaulted = schema::apply_defaults(decoded, *call.version->schema);
  return schema::prune(defaulted, *call.version->schema);
}

// A field that the storage version's schema lacks is lost, also when it is written through a version that has
// it.
Json to_storage(const Call& call, const Json& object) {
  const auto& storage = call.resource->storage_version();
  if (storage.name == call.version->name) return object;
  return schema::prune(to_version(*call.resource, storage, object), *storage.schema);
}

Json without_status(const Json& object) {
  if (!object.view().contains(kStatus)) return object;
  return rewrite(object, {remove_at({std::string(kStatus)})});
}

Json with_status_of(const Json& object, JsonView other) {
  const JsonView status = other[kStatus];
  if (!status.exists()) return without_status(object);
  return rewrite(object, {set_at({std::string(kStatus)}, status.to_json())});
}

bool counts_generation(const Resource& resource) { return resource.custom || resource.has_generation; }

// Only kinds in core's own hands insist that a finalizer without a slash is a standard one; the definition of
// a custom resource, for one, carries customresourcecleanup.apiextensions.k8s.io.
void allow_bare_finalizers(const Resource& resource, schema::FieldErrors& errors) {
  if (!resource.custom && resource.group != "apiextensions.k8s.io") return;
  std::erase_if(errors, [](const schema::FieldError& error) {
    return error.field.starts_with("metadata.finalizers") &&
           error.message.ends_with("nor is it fully qualified");
  });
}

// metadata, schema, then the kind's own rules.
schema::FieldErrors validate_object(const Call& call, const Json& object, JsonView old) {
  const auto& resource = *call.resource;
  const auto& strategy = strategy_of(resource);
  schema::MetaRules rules;
  rules.namespaced = resource.namespaced();
  rules.name = strategy.name_check;
  auto errors = schema::validate_object_meta(object["metadata"], rules);
  allow_bare_finalizers(resource, errors);
  if (old.exists()) validate_metadata_update(object["metadata"], old["metadata"], errors);
  auto found = schema::validate(object, *call.version->schema);
  errors.insert(errors.end(), found.begin(), found.end());
  if (!old.exists() && strategy.validate_create) strategy.validate_create(object, errors);
  if (old.exists() && strategy.validate_update) strategy.validate_update(object, old, errors);
  return errors;
}

Status invalid(const Call& call, std::string_view name, schema::FieldErrors errors) {
  return schema::invalid_status(call.resource->group, call.resource->kind, name, std::move(errors));
}

Status check_create_metadata(const Call& call, JsonView metadata) {
  const auto ns = metadata["namespace"].string();
  // On a cluster-scoped object it is dropped.
  if (call.resource->namespaced() && !ns.empty() && ns != call.request.ns) {
    return bad_request(
        "the namespace of the provided object does not match the namespace sent on the request");
  }
  if (!metadata["resourceVersion"].string().empty()) {
    // Without a reason and 500, as every release of kube-apiserver has it.
    return {500, "", "resourceVersion should not be set on objects to be created"};
  }
  return {};
}

Status check_update_identity(const Call& call, JsonView metadata) {
  const auto& request = call.request;
  const auto name = metadata["name"].string();
  const auto ns = metadata["namespace"].string();
  if (name.empty()) {
    return bad_request(
        fmt::format("the name of the object (based on the URL: {}) was undeterminable: name must be "
                    "provided",
                    request.name));
  }
  if (name != request.name) {
    return bad_request(fmt::format("the name of the object ({}) does not match the name on the URL ({})",
                                   name, request.name));
  }
  if (call.resource->namespaced() && !ns.empty() && ns != request.ns) {
    return bad_request(fmt::format(
        "the namespace of the object ({}) does not match the namespace on the request ({})", ns, request.ns));
  }
  return {};
}

Status check_preconditions(const Call& call, JsonView metadata, JsonView stored, bool patched) {
  const auto& resource = *call.resource;
  const auto& name = call.request.name;
  const auto revision = metadata["resourceVersion"].string();
  const auto uid = metadata["uid"].string();
  const auto stored_uid = stored["metadata"]["uid"].string();
  if (!uid.empty() && uid != stored_uid) {
    if (patched) {
      schema::FieldErrors errors;
      errors.push_back(schema::invalid_value("metadata.uid", uid, "field is immutable"));
      return invalid(call, name, std::move(errors));
    }
    return conflict(
        resource, name,
        fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}", uid, stored_uid));
  }
  if (revision.empty() || revision == "0") {
    if (revision.empty() && strategy_of(resource).needs_resource_version && !patched) {
      schema::FieldErrors errors;
      StatusCause cause;
      cause.reason = std::string(reasons::kFieldValueInvalid);
      cause.message = "Invalid value: 0x0: must be specified for an update";
      cause.field = "metadata.resourceVersion";
      errors.push_back(std::move(cause));
      // This one error names the resource where others name the kind.
      return schema::invalid_status(resource.group, resource.plural, name, std::move(errors));
    }
    return {};
  }
  if (revision.find_first_not_of("0123456789") != std::string_view::npos) {
    return bad_request(fmt::format("metadata.resourceVersion: {} is not a resourceVersion of this server",
                                   schema::go_quote(revision)));
  }
  return revision == stored["metadata"]["resourceVersion"].string() ? Status()
                                                                    : modified_conflict(resource, name);
}

// The parts that the path of the request may change; the rest is as stored.
Json confined(const Call& call, const Json& admitted, const Json& stored) {
  const auto& subresource = call.request.subresource;
  if (subresource == kStatus) return with_status_of(stored, admitted);
  if (subresource == kFinalize) {
    const JsonPath path = {std::string("spec"), std::string("finalizers")};
    const JsonView sent = admitted["spec"]["finalizers"];
    if (sent.empty()) return rewrite(stored, {remove_at(path)});
    return rewrite(stored, {set_at(path, sent.to_json())});
  }
  return call.version->status_subresource ? with_status_of(admitted, stored) : admitted;
}

std::optional<std::int64_t> next_generation(const Call& call, const Json& object, const Json& stored) {
  if (!counts_generation(*call.resource)) return std::nullopt;
  const auto before = stored["metadata"]["generation"].int64();
  const bool ignore_status = !call.resource->custom || call.version->status_subresource;
  const bool annotations = strategy_of(*call.resource).annotations_count &&
                           object["metadata"]["annotations"] != stored["metadata"]["annotations"];
  return annotations || content_differs(object, stored, ignore_status) ? before + 1 : before;
}

Json mutated(const Call& call, const Json& object, const Json& before) {
  if (call.mutate == nullptr || !call.request.subresource.empty()) return object;
  return (*call.mutate)(*call.resource, object, before);
}

}  // namespace

Result<Json> prepare_create(const Call& call, const Json& body, const CreateFacts& facts) {
  const auto& resource = *call.resource;
  const auto& strategy = strategy_of(resource);
  TRY(Json object, admit(call, body));
  const JsonView sent = object["metadata"];
  TRY_VOID(check_create_metadata(call, sent));
  NewMetadata metadata;
  metadata.name = std::string(sent["name"].string());
  const auto prefix = sent["generateName"].string();
  if (metadata.name.empty() && !prefix.empty())
    metadata.name = schema::generated_name(prefix, facts.name_suffix);
  metadata.ns = resource.namespaced() ? call.request.ns : std::string();
  metadata.uid = facts.uid;
  metadata.creation_timestamp = facts.time;
  if (counts_generation(resource)) metadata.generation = 1;
  const auto name = metadata.name;
  object = with_new_metadata(object, metadata);
  if (call.version->status_subresource) object = without_status(object);
  if (strategy.prepare_create) object = strategy.prepare_create(object);
  object = mutated(call, object, Json());
  auto errors = validate_object(call, object, JsonView());
  if (!errors.empty()) return invalid(call, name, std::move(errors));
  // Validate hooks run here; then field ownership (managedFields).
  object = to_storage(call, object);
  TRY_VOID(check_object_size(resource, name, object));
  return object;
}

Result<Proposal> prepare_update(const Call& call, const Json& body, const Json& stored, bool patched) {
  const auto& resource = *call.resource;
  const auto& strategy = strategy_of(resource);
  const Json current = to_version(resource, *call.version, stored);
  TRY(const Json admitted, admit(call, body));
  const JsonView sent = admitted["metadata"];
  TRY_VOID(check_update_identity(call, sent));
  TRY_VOID(check_preconditions(call, sent, current, patched));
  Json object = confined(call, admitted, current);
  object = with_kept_metadata(object, current, std::nullopt);
  if (call.request.subresource.empty() && strategy.prepare_update)
    object = strategy.prepare_update(object, current);
  object = mutated(call, object, current);
  auto errors = validate_object(call, object, current);
  if (!errors.empty()) return invalid(call, call.request.name, std::move(errors));
  // Validate hooks run here; then field ownership (managedFields).
  if (const auto generation = next_generation(call, object, current)) {
    object = with_kept_metadata(object, current, generation);
  }
  Proposal proposal;
  proposal.object = to_storage(call, object);
  if (is_deleting(proposal.object) && may_be_removed(resource, proposal.object)) {
    proposal.outcome = Proposal::Outcome::Remove;
    return proposal;
  }
  if (proposal.object == stored) {
    proposal.outcome = Proposal::Outcome::Unchanged;
    proposal.object = stored;
    return proposal;
  }
  TRY_VOID(check_object_size(resource, call.request.name, proposal.object));
  return proposal;
}

bool may_be_removed(const Resource& resource, JsonView object) {
  if (!object["metadata"]["finalizers"].empty()) return false;
  // A namespace also waits for its own list, which the namespace controller empties when the content is gone.
  return !(resource.group.empty() && resource.kind == "Namespace" && !object["spec"]["finalizers"].empty());
}

Status check_object_size(const Resource& resource, std::string_view name, const Json& object) {
  // The block is a little smaller than the text at worst by a tenth; measuring exactly costs a serialisation.
  if (object.memory_bytes() < kMaxObjectBytes / 2) return {};
  const auto bytes = write_json(object).size();
  if (bytes <= kMaxObjectBytes) return {};
  return too_large(fmt::format("{} \"{}\" is too large to be stored: {} bytes, the limit is {}",
                               resource.qualified(), name, bytes, kMaxObjectBytes));
}

}  // namespace heirloom::server
