#include "server/keys.h"

namespace heirloom::server {
namespace {
// The core group is "" on the wire; a path part must not be empty, and no API group lacks a dot and is called
// so.
constexpr std::string_view kCoreGroup = "core";
}  // namespace

std::string collection_prefix(const Resource& resource, std::string_view ns) {
  std::string key = "/";
  key += resource.group.empty() ? kCoreGroup : std::string_view(resource.group);
  key += '/';
  key += resource.plural;
  key += '/';
  if (resource.namespaced() && !ns.empty()) {
    key += ns;
    key += '/';
  }
  return key;
}

std::string object_key(const Resource& resource, std::string_view ns, std::string_view name) {
  auto key = collection_prefix(resource, ns);
  key += name;
  return key;
}

std::optional<ParsedKey> parse_key(std::string_view key) {
  std::string_view parts[4];
  std::size_t count = 0;
  if (!key.starts_with('/')) return std::nullopt;
  key.remove_prefix(1);
  while (count < 3) {
    const auto slash = key.find('/');
    if (slash == std::string_view::npos) break;
    parts[count++] = key.substr(0, slash);
    key.remove_prefix(slash + 1);
  }
  parts[count++] = key;
  if (count < 3 || key.find('/') != std::string_view::npos) return std::nullopt;
  ParsedKey parsed;
  parsed.group = parts[0] == kCoreGroup ? std::string_view() : parts[0];
  parsed.plural = parts[1];
  parsed.ns = count == 4 ? parts[2] : std::string_view();
  parsed.name = parts[count - 1];
  return parsed;
}

}  // namespace heirloom::server
