#include "server/discovery.h"

#include <string>
#include <vector>

#include "apis/builtin_kinds.h"

namespace heirloom::server {
namespace {

std::string group_version(std::string_view group, std::string_view version) {
  return group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
}

void write_version(JsonBuilder& out, std::string_view group, std::string_view version) {
  out.begin_object()
      .member("groupVersion", group_version(group, version))
      .member("version", version)
      .end_object();
}

// The members of an APIGroup, in an object that is open.
void write_group(JsonBuilder& out, const Registry::GroupInfo& group) {
  out.member("name", group.name).key("versions").begin_array();
  for (const std::string& version : group.versions) write_version(out, group.name, version);
  out.end_array().key("preferredVersion");
  write_version(out, group.name, group.versions.front());
}

void write_texts(JsonBuilder& out, std::string_view key, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  out.key(key).begin_array();
  for (const std::string& text : texts) out.string(text);
  out.end_array();
}

std::vector<std::string> verbs_of(const Resource& resource) {
  if (!resource.custom)
    if (const BuiltinKind* kind = find_builtin_kind(resource.group, resource.kind)) return kind->verbs;
  return {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
}

void write_resource(JsonBuilder& out, const Resource& resource) {
  out.begin_object().member("name", resource.plural).member("singularName", resource.singular);
  out.member("namespaced", resource.namespaced()).member("kind", resource.kind);
  write_texts(out, "verbs", verbs_of(resource));
  write_texts(out, "shortNames", resource.short_names);
  write_texts(out, "categories", resource.categories);
  out.end_object();
}

void write_subresource(JsonBuilder& out, const Resource& resource, std::string_view name,
                       std::string_view kind, const std::vector<std::string>& verbs) {
  out.begin_object().member("name", resource.plural + "/" + std::string(name)).member("singularName", "");
  out.member("namespaced", resource.namespaced());
  if (kind == "Scale") out.member("group", "autoscaling").member("version", "v1");
  out.member("kind", kind);
  write_texts(out, "verbs", verbs);
  out.end_object();
}

void write_resources(JsonBuilder& out, const Resource& resource, const ResourceVersionInfo& version) {
  static const std::vector<std::string> kReadWrite = {"get", "patch", "update"};
  static const std::vector<std::string> kUpdate = {"update"};
  write_resource(out, resource);
  for (const std::string& name : resource.extra_subresources)
    write_subresource(out, resource, name, resource.kind, kUpdate);
  if (version.scale) write_subresource(out, resource, "scale", "Scale", kReadWrite);
  if (version.status_subresource) write_subresource(out, resource, "status", resource.kind, kReadWrite);
}

}  // namespace

Json api_versions_document(std::string_view server_address) {
  JsonBuilder out;
  out.begin_object().member("kind", "APIVersions").key("versions").begin_array().string("v1").end_array();
  out.key("serverAddressByClientCIDRs").begin_array().begin_object();
  out.member("clientCIDR", "0.0.0.0/0").member("serverAddress", server_address);
  out.end_object().end_array().end_object();
  return out.take();
}

Json api_group_list_document(const Registry& registry) {
  JsonBuilder out;
  out.begin_object().member("kind", "APIGroupList").member("apiVersion", "v1").key("groups").begin_array();
  for (const Registry::GroupInfo& group : registry.groups()) {
    if (group.name.empty() || group.versions.empty()) continue;
    out.begin_object();
    write_group(out, group);
    out.end_object();
  }
  out.end_array().end_object();
  return out.take();
}

std::optional<Json> api_group_document(const Registry& registry, std::string_view group) {
  for (const Registry::GroupInfo& each : registry.groups()) {
    if (each.name != group || group.empty() || each.versions.empty()) continue;
    JsonBuilder out;
    out.begin_object().member("kind", "APIGroup").member("apiVersion", "v1");
    write_group(out, each);
    out.end_object();
    return out.take();
  }
  return std::nullopt;
}

std::optional<Json> api_resource_list_document(const Registry& registry, std::string_view group,
                                               std::string_view version) {
  JsonBuilder out;
  bool any = false;
  out.begin_object().member("kind", "APIResourceList").member("apiVersion", "v1");
  out.member("groupVersion", group_version(group, version)).key("resources").begin_array();
  for (const ResourcePtr& resource : registry.all()) {
    if (resource->group != group) continue;
    const ResourceVersionInfo* info = resource->version(version);
    if (info == nullptr || !info->served) continue;
    any = true;
    write_resources(out, *resource, *info);
  }
  out.end_array().end_object();
  if (!any) return std::nullopt;
  return out.take();
}

}  // namespace heirloom::server
