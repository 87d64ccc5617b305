#include "server/handlers/scale.h"

#include <utility>

#include "schema/json_patch.h"
#include "schema/merge_patch.h"
#include "schema/selector.h"
#include "server/errors.h"
#include "server/handlers/write_existing.h"
#include "server/keys.h"

namespace heirloom::server {
namespace {

// ".spec.replicas" -> {"spec", "replicas"}: definitions are checked to have nothing but plain steps here.
JsonPath plain_path(std::string_view text) {
  JsonPath path;
  while (!text.empty()) {
    text.remove_prefix(1);
    const auto end = std::min(text.find('.'), text.size());
    path.emplace_back(std::string(text.substr(0, end)));
    text.remove_prefix(end);
  }
  return path;
}

std::string selector_of(const ScaleSubresource& paths, JsonView object) {
  const auto value = at_path(object, plain_path(paths.label_selector_path));
  if (value.is_string()) return std::string(value.string());
  // Built-in kinds keep a LabelSelector where custom ones keep its text.
  const auto selector = schema::LabelSelector::from_json(value);
  return value.is_object() && selector.ok() ? selector->to_string() : std::string();
}

// The proposed Scale, made of the present one, for PUT and the patch types that apply here.
Result<Json> proposed_scale(const Request& request, const Json& present) {
  if (request.verb == Verb::Update) return request.body;
  if (request.patch == PatchKind::Json) return schema::json_patch(present, request.body);
  if (request.patch == PatchKind::Apply) {
    return Status(415, reasons::kUnsupportedMediaType, "server-side apply is not served");
  }
  if (!request.body.is_object()) return bad_request("a merge patch must be a JSON object");
  return schema::merge_patch(present, request.body);
}

Status no_scale(const Resource& resource, const std::string& name) {
  Resource named = resource;
  named.plural += "/scale";
  return not_found(named, name);
}

Change scaled(Call call) {
  return [call = std::move(call)](const Json& current) -> Result<Json> {
    TRY(const Json scale, proposed_scale(call.request, scale_of(*call.version, current)));
    return with_scale(*call.resource, *call.version, current, scale);
  };
}

}  // namespace

Json scale_of(const ResourceVersionInfo& version, JsonView object) {
  const auto& paths = *version.scale;
  const auto metadata = object["metadata"];
  JsonBuilder out;
  out.begin_object().member("kind", "Scale").member("apiVersion", "autoscaling/v1");
  out.key("metadata").begin_object();
  for (const auto key : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
    if (metadata.contains(key)) out.member(key, metadata[key]);
  }
  out.end_object();
  const auto wanted = at_path(object, plain_path(paths.spec_replicas_path)).int64();
  out.key("spec").begin_object();
  if (wanted != 0) out.member("replicas", wanted);
  out.end_object();
  out.key("status").begin_object();
  out.member("replicas", at_path(object, plain_path(paths.status_replicas_path)).int64());
  out.member_unless_empty("selector", selector_of(paths, object));
  out.end_object().end_object();
  return out.take();
}

Result<Json> with_scale(const Resource& resource, const ResourceVersionInfo& version, const Json& object,
                        JsonView scale) {
  if (scale["kind"].string("Scale") != "Scale" ||
      scale["apiVersion"].string("autoscaling/v1") != "autoscaling/v1") {
    return bad_request("the body must be an autoscaling/v1 Scale");
  }
  const auto replicas = scale["spec"]["replicas"];
  if (replicas.exists() && !replicas.is_integer()) return bad_request("spec.replicas must be an integer");
  const auto name = object["metadata"]["name"].string();
  if (scale["metadata"]["name"].string(name) != name) {
    return bad_request("the name of the Scale does not match the name on the URL");
  }
  if (replicas.int64() < 0) {
    schema::FieldErrors errors;
    errors.push_back(schema::invalid_value("spec.replicas", replicas, "must be greater than or equal to 0"));
    return schema::invalid_status(resource.custom ? resource.group : "autoscaling", "Scale", name,
                                  std::move(errors));
  }
  std::vector<JsonEdit> edits;
  edits.push_back(set_at(plain_path(version.scale->spec_replicas_path), Json::int64(replicas.int64())));
  if (const auto revision = scale["metadata"]["resourceVersion"]; revision.is_string()) {
    edits.push_back(set_at({std::string("metadata"), std::string("resourceVersion")}, revision.to_json()));
  }
  return rewrite(object, edits);
}

Task<Result<Response>> handle_scale(Parts* parts, Call call) {
  const Resource& resource = *call.resource;
  const std::string key = object_key(resource, call.request.ns, call.request.name);
  // For built-in kinds the error names the subresource.
  if (!resource.custom && parts->store->get(key) == nullptr) co_return no_scale(resource, call.request.name);
  const ResourceVersionInfo* version = call.version;
  Result<Response> response = method_not_allowed();
  if (call.request.verb == Verb::Get) {
    response = handle_get(*parts, call);
  } else {
    Change change = scaled(call);
    Call whole = call;
    whole.request.subresource.clear();
    response = co_await write_existing(parts, std::move(whole), std::move(change), true);
  }
  if (response.ok()) response->body = scale_of(*version, response->body);
  co_return response;
}

}  // namespace heirloom::server
