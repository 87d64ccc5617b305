#include "server/builtin_resources.h"

#include "apis/builtin_kinds.h"

namespace heirloom::server {
namespace {

PrinterColumn column_of(const BuiltinColumn& column) {
  PrinterColumn out;
  out.name = column.name;
  out.type = column.type;
  out.priority = column.priority;
  out.json_path = column.path;
  out.computed = column.computed;
  if (column.computed == "name") out.format = "name";
  return out;
}

ResourceVersionInfo version_of(const BuiltinKind& kind) {
  ResourceVersionInfo version;
  version.name = kind.gvk.version;
  version.storage = true;
  version.schema = kind.schema;
  version.openapi = kind.openapi;
  for (const std::string& subresource : kind.subresources)
    if (subresource == "status") version.status_subresource = true;
  if (kind.scale) {
    version.scale =
        ScaleSubresource{kind.scale->spec_path, kind.scale->status_path, kind.scale->selector_path};
  }
  for (const BuiltinColumn& column : kind.columns) version.columns.push_back(column_of(column));
  return version;
}

Resource resource_of(const BuiltinKind& kind) {
  Resource resource;
  resource.group = kind.gvk.group;
  resource.kind = kind.gvk.kind;
  resource.list_kind = kind.gvk.kind + "List";
  resource.plural = kind.plural;
  resource.singular = kind.singular;
  resource.short_names = kind.short_names;
  resource.categories = kind.categories;
  resource.scope = kind.namespaced ? Scope::Namespaced : Scope::Cluster;
  resource.has_generation = kind.has_generation;
  resource.selectable_fields = kind.selectable_fields;
  for (const std::string& subresource : kind.subresources)
    if (subresource != "status") resource.extra_subresources.push_back(subresource);
  resource.versions.push_back(version_of(kind));
  return resource;
}

}  // namespace

std::vector<Resource> builtin_resources() {
  const std::vector<BuiltinKind>& kinds = builtin_kinds();
  std::vector<Resource> resources;
  resources.reserve(kinds.size());
  for (const BuiltinKind& kind : kinds) resources.push_back(resource_of(kind));
  return resources;
}

}  // namespace heirloom::server
