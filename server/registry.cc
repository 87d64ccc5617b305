#include "server/registry.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace heirloom::server {
namespace {

struct ParsedVersion {
  std::uint64_t major = 0;
  int stability = 0;  // 2: GA, 1: beta, 0: alpha
  std::uint64_t minor = 0;
};

std::optional<std::uint64_t> leading_number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::optional<ParsedVersion> parse_version(std::string_view text) {
  if (!text.starts_with('v')) return std::nullopt;
  text.remove_prefix(1);
  ParsedVersion parsed;
  const auto major = leading_number(text);
  if (!major) return std::nullopt;
  parsed.major = *major;
  if (text.empty()) {
    parsed.stability = 2;
    return parsed;
  }
  if (text.starts_with("beta")) {
    parsed.stability = 1;
    text.remove_prefix(4);
  } else if (text.starts_with("alpha")) {
    text.remove_prefix(5);
  } else {
    return std::nullopt;
  }
  const auto minor = leading_number(text);
  if (!minor || !text.empty()) return std::nullopt;
  parsed.minor = *minor;
  return parsed;
}

}  // namespace

// Source of the rule: Kubernetes documentation, "Versions in CustomResourceDefinitions", version priority.
bool version_precedes(std::string_view a, std::string_view b) {
  const auto left = parse_version(a);
  const auto right = parse_version(b);
  if (left.has_value() != right.has_value()) return left.has_value();
  if (!left) return a < b;
  if (left->stability != right->stability) return left->stability > right->stability;
  if (left->major != right->major) return left->major > right->major;
  return left->minor > right->minor;
}

void Registry::add(ResourcePtr resource) {
  auto key = std::make_pair(resource->group, resource->plural);
  resources_[std::move(key)] = std::move(resource);
  ++generation_;
}

void Registry::remove(std::string_view group, std::string_view plural) {
  if (resources_.erase({std::string(group), std::string(plural)}) > 0) ++generation_;
}

ResourcePtr Registry::find(std::string_view group, std::string_view plural) const {
  const auto it = resources_.find({std::string(group), std::string(plural)});
  return it == resources_.end() ? nullptr : it->second;
}

ResourcePtr Registry::find_kind(std::string_view group, std::string_view kind) const {
  for (const auto& [key, resource] : resources_) {
    if (key.first == group && resource->kind == kind) return resource;
  }
  return nullptr;
}

std::vector<ResourcePtr> Registry::all() const {
  std::vector<ResourcePtr> out;
  out.reserve(resources_.size());
  for (const auto& [key, resource] : resources_) out.push_back(resource);
  return out;
}

std::vector<Registry::GroupInfo> Registry::groups() const {
  std::vector<GroupInfo> out;
  for (const auto& [key, resource] : resources_) {
    if (out.empty() || out.back().name != key.first) {
      GroupInfo group;
      group.name = key.first;
      out.push_back(std::move(group));
    }
    auto& versions = out.back().versions;
    for (const auto& version : resource->versions) {
      if (!version.served) continue;
      if (std::find(versions.begin(), versions.end(), version.name) == versions.end())
        versions.push_back(version.name);
    }
  }
  for (auto& group : out) std::sort(group.versions.begin(), group.versions.end(), version_precedes);
  std::erase_if(out, [](const GroupInfo& group) { return group.versions.empty(); });
  return out;
}

}  // namespace heirloom::server
