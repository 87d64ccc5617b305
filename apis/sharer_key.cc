#include "apis/sharer_key.h"

#include <cstdint>

#include <fmt/format.h>

namespace heirloom {

namespace {

constexpr std::size_t kMaxLabelValue = 63;
constexpr std::size_t kMaxNamespace = 63;
constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxKind = 253;

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// The characters of DNS-1123 names; whether dots are allowed is the caller's.
bool is_dns_name(std::string_view text, std::size_t max, bool dots) {
  if (text.empty() || text.size() > max) return false;
  if (!is_lower_alnum(text.front()) || !is_lower_alnum(text.back())) return false;
  for (const char c : text)
    if (!is_lower_alnum(c) && c != '-' && !(dots && c == '.')) return false;
  return true;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const auto first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

// FNV-1a, 32 bits: written to objects, so it must never change.
std::uint32_t stable_hash(std::string_view text) {
  std::uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

std::string_view plural_of(std::string_view kind) { return kind.substr(0, kind.find('.')); }

}  // namespace

SharerKey application_key(std::string_view ns, std::string_view name) {
  return {"", ns.empty() ? "default" : std::string(ns), std::string(name)};
}

std::string to_string(const SharerKey& key) {
  if (key.is_application()) return fmt::format("{}/{}", key.ns, key.name);
  return fmt::format("{}:{}/{}", key.kind, key.ns, key.name);
}

std::optional<SharerKey> parse_sharer_key(std::string_view text) {
  text = trimmed(text);
  SharerKey key;
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    key.kind = text.substr(0, colon);
    if (!is_dns_name(key.kind, kMaxKind, true) || key.kind.find('.') == std::string::npos)
      return std::nullopt;
    text.remove_prefix(colon + 1);
  }
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    if (!key.is_application()) return std::nullopt;
    key.ns = "default";
  } else {
    key.ns = text.substr(0, slash);
    text.remove_prefix(slash + 1);
    if (key.ns.empty() && key.is_application()) return std::nullopt;
    if (!key.ns.empty() && !is_dns_name(key.ns, kMaxNamespace, false)) return std::nullopt;
  }
  if (!is_dns_name(text, kMaxName, true)) return std::nullopt;
  key.name = text;
  return key;
}

OwnerLabels owner_labels(const SharerKey& key) {
  if (key.is_application()) return {key.name, key.ns};
  std::string name = fmt::format("{}_{}", plural_of(key.kind), key.name);
  if (name.size() > kMaxLabelValue) {
    // The cut may end in any character; the underscore keeps it apart from an Application's name.
    const std::string hash = fmt::format("_{:08x}", stable_hash(to_string(key)));
    name.resize(kMaxLabelValue - hash.size());
    name += hash;
  }
  return {std::move(name), key.ns};
}

bool names_nobody(const OwnerLabels& labels) {
  if (labels.name.empty()) return true;
  return labels.ns.empty() && labels.name.find('_') == std::string::npos;
}

SharerKey key_of_owner_labels(const OwnerLabels& labels) {
  const auto underscore = labels.name.find('_');
  if (underscore == std::string::npos) return {"", labels.ns, labels.name};
  return {labels.name.substr(0, underscore), labels.ns, labels.name.substr(underscore + 1)};
}

Status check_application_name(std::string_view name) {
  if (name.size() <= kMaxLabelValue) return {};
  return invalid(
      fmt::format("the name \"{}\" has {} characters; an Application's name is also the value of the label "
                  "app.oam.dev/name and can have at most {}: create it under a shorter name",
                  name, name.size(), kMaxLabelValue),
      "metadata.name");
}

}  // namespace heirloom
