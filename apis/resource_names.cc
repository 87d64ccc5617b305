#include "apis/resource_names.h"

#include <fmt/format.h>

namespace heirloom {

namespace {

GroupVersionKind split(std::string_view api_version, std::string_view kind) {
  const auto slash = api_version.find('/');
  if (slash == std::string_view::npos) return {"", std::string(api_version), std::string(kind)};
  return {std::string(api_version.substr(0, slash)), std::string(api_version.substr(slash + 1)),
          std::string(kind)};
}

}  // namespace

std::string ObjectKey::to_string() const {
  std::string text = kind;
  if (!group.empty()) text += "." + group;
  text += " " + NamespacedName{ns, name}.to_string();
  if (cluster != "local" && !cluster.empty()) text += " in cluster " + cluster;
  return text;
}

Result<GroupVersionKind> parse_api_version(std::string_view api_version, std::string_view kind) {
  GroupVersionKind gvk = split(api_version, kind);
  const bool has_slash = api_version.find('/') != std::string_view::npos;
  if (gvk.version.empty() || (has_slash && gvk.group.empty()) || gvk.version.find('/') != std::string::npos)
    return bad_request(fmt::format("apiVersion \"{}\": want \"version\" or \"group/version\"", api_version));
  return gvk;
}

GroupVersionKind gvk_of(JsonView object) {
  return split(object["apiVersion"].string(), object["kind"].string());
}

ObjectKey key_of(JsonView object) {
  GroupVersionKind gvk = gvk_of(object);
  const JsonView metadata = object["metadata"];
  ObjectKey key;
  key.group = std::move(gvk.group);
  key.kind = std::move(gvk.kind);
  key.ns = metadata["namespace"].string();
  key.name = metadata["name"].string();
  return key;
}

}  // namespace heirloom
