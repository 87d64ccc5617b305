#include "server/openapi.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "apis/builtin_kinds.h"
#include "base/assert.h"
#include "server/openapi_schema.h"

namespace heirloom::server {
namespace {

constexpr std::string_view kObjectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
constexpr std::string_view kListMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
constexpr std::string_view kGvk = "x-kubernetes-group-version-kind";

// "example.heirloom.dev" -> "dev.heirloom.example"
std::string reversed(std::string_view group) {
  std::string out;
  for (;;) {
    const std::size_t dot = group.rfind('.');
    out += group.substr(dot == group.npos ? 0 : dot + 1);
    if (dot == group.npos) return out;
    out += '.';
    group = group.substr(0, dot);
  }
}

// The names kube-apiserver gives its definitions; clients know them.
std::string definition_name(const Resource& resource, std::string_view version, std::string_view kind) {
  if (resource.custom) return fmt::format("{}.{}.{}", reversed(resource.group), version, kind);
  if (resource.group == "apiextensions.k8s.io")
    return fmt::format("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.{}.{}", version, kind);
  const std::string group =
      resource.group.empty() ? "core" : resource.group.substr(0, resource.group.find('.'));
  return fmt::format("io.k8s.api.{}.{}.{}", group, version, kind);
}

void write_gvk(JsonBuilder& out, const Resource& resource, std::string_view version, std::string_view kind) {
  out.begin_object()
      .member("group", resource.group)
      .member("kind", kind)
      .member("version", version)
      .end_object();
}

void write_ref(JsonBuilder& out, std::string_view key, std::string_view definition) {
  out.key(key).begin_object().member("$ref", fmt::format("#/definitions/{}", definition)).end_object();
}

void write_type_meta(JsonBuilder& out) {
  for (const std::string_view name : {"apiVersion", "kind"})
    out.key(name).begin_object().member("type", "string").end_object();
}

// The kind itself: its schema, with metadata as every kind has it.
void write_kind(JsonBuilder& out, const Resource& resource, const ResourceVersionInfo& version) {
  const JsonView schema = version.openapi;
  out.key(definition_name(resource, version.name, resource.kind)).begin_object();
  if (const JsonView description = schema["description"]; description.is_string())
    out.member("description", description);
  const bool anything = schema["x-kubernetes-preserve-unknown-fields"].boolean();
  out.member("type", "object");
  if (const JsonView required = schema["required"]; !required.empty() && !anything)
    out.member("required", required);
  if (!anything && !schema["properties"].empty()) {
    out.key("properties").begin_object();
    write_type_meta(out);
    write_ref(out, "metadata", kObjectMeta);
    for (const JsonMember property : schema["properties"].members()) {
      if (property.key == "apiVersion" || property.key == "kind" || property.key == "metadata") continue;
      out.key(property.key).begin_object();
      write_v2_schema(out, property.value, resource.custom);
      out.end_object();
    }
    out.end_object();
  }
  out.key(kGvk).begin_array();
  write_gvk(out, resource, version.name, resource.kind);
  out.end_array().end_object();
}

void write_list(JsonBuilder& out, const Resource& resource, const ResourceVersionInfo& version) {
  out.key(definition_name(resource, version.name, resource.list_kind))
      .begin_object()
      .member("type", "object");
  out.key("required").begin_array().string("items").end_array();
  out.key("properties").begin_object();
  write_type_meta(out);
  write_ref(out, "metadata", kListMeta);
  out.key("items").begin_object().member("type", "array");
  write_ref(out, "items", definition_name(resource, version.name, resource.kind));
  out.end_object().end_object().key(kGvk).begin_array();
  write_gvk(out, resource, version.name, resource.list_kind);
  out.end_array().end_object();
}

void write_meta(JsonBuilder& out) {
  const auto object_meta = object_meta_openapi();
  HEIRLOOM_ASSERT(object_meta.ok());
  out.key(kObjectMeta).begin_object();
  write_v2_schema(out, object_meta->view(), false);
  out.end_object().key(kListMeta).begin_object().member("type", "object").key("properties").begin_object();
  for (const std::string_view name : {"continue", "resourceVersion", "selfLink"})
    out.key(name).begin_object().member("type", "string").end_object();
  out.key("remainingItemCount")
      .begin_object()
      .member("type", "integer")
      .member("format", "int64")
      .end_object();
  out.end_object().end_object();
}

std::string object_path(const Resource& resource, std::string_view version) {
  const std::string root = resource.group.empty() ? fmt::format("/api/{}", version)
                                                  : fmt::format("/apis/{}/{}", resource.group, version);
  const std::string_view scope = resource.namespaced() ? "/namespaces/{namespace}" : "";
  return fmt::format("{}{}/{}/{{name}}", root, scope, resource.plural);
}

void write_parameter(JsonBuilder& out, std::string_view name, std::string_view in, bool required) {
  out.begin_object().member("name", name).member("in", in).member("type", "string");
  if (required) out.member("required", true);
  out.end_object();
}

void write_operation(JsonBuilder& out, const Resource& resource, const ResourceVersionInfo& version,
                     std::string_view method, std::string_view action,
                     std::initializer_list<std::string_view> query) {
  out.key(method).begin_object();
  out.member("operationId", fmt::format("{}{}{}", action, resource.kind, version.name));
  out.key("parameters").begin_array();
  for (const std::string_view name : query) write_parameter(out, name, "query", false);
  out.end_array().key("responses").begin_object().key("200").begin_object().member("description", "OK");
  write_ref(out, "schema", definition_name(resource, version.name, resource.kind));
  out.end_object().end_object();
  out.member("x-kubernetes-action", action).key(kGvk);
  write_gvk(out, resource, version.name, resource.kind);
  out.end_object();
}

// kubectl looks here whether a kind supports dry runs, nowhere else.
void write_path(JsonBuilder& out, const Resource& resource, const ResourceVersionInfo& version) {
  out.key(object_path(resource, version.name)).begin_object();
  write_operation(out, resource, version, "get", "get", {});
  write_operation(out, resource, version, "put", "put", {"dryRun", "fieldManager"});
  write_operation(out, resource, version, "patch", "patch", {"dryRun", "fieldManager", "force"});
  write_operation(out, resource, version, "delete", "delete",
                  {"dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy"});
  out.key("parameters").begin_array();
  write_parameter(out, "name", "path", true);
  if (resource.namespaced()) write_parameter(out, "namespace", "path", true);
  out.end_array().end_object();
}

template <class Write>
void each_version(const Registry& registry, const Write& write) {
  for (const ResourcePtr& resource : registry.all())
    for (const ResourceVersionInfo& version : resource->versions)
      if (version.served) write(*resource, version);
}

}  // namespace

Json openapi_v2_document(const Registry& registry) {
  JsonBuilder out;
  out.begin_object().member("swagger", "2.0").key("info").begin_object();
  out.member("title", "Kubernetes").member("version", "v1.20.2").end_object();
  out.key("paths").begin_object();
  each_version(registry, [&out](const Resource& r, const ResourceVersionInfo& v) { write_path(out, r, v); });
  out.end_object().key("definitions").begin_object();
  write_meta(out);
  each_version(registry, [&out](const Resource& r, const ResourceVersionInfo& v) {
    write_kind(out, r, v);
    write_list(out, r, v);
  });
  out.end_object().end_object();
  return out.take();
}

}  // namespace heirloom::server
