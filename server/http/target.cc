#include "server/http/target.h"

#include <charconv>

#include <fmt/format.h>

#include "server/errors.h"

namespace heirloom::server {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::vector<std::string>> segments_of(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    if (path.front() == '/') {
      path.remove_prefix(1);
      continue;
    }
    const auto end = std::min(path.find('/'), path.size());
    auto segment = percent_decode(path.substr(0, end), false);
    if (!segment) return std::nullopt;
    out.push_back(std::move(*segment));
    path.remove_prefix(end);
  }
  return out;
}

Result<std::int64_t> parse_number(std::string_view name, std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return bad_request(fmt::format("{}: {} is not a number", name, schema::go_quote(text)));
  }
  return value;
}

std::string join(const std::vector<std::string>& parts, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < parts.size(); ++i) out += (i > from ? "/" : "") + parts[i];
  return out;
}

Status check_propagation(const std::string& policy, bool orphan_dependents_given) {
  if (policy.empty()) return {};
  if (orphan_dependents_given) {
    return invalid_options(
        "DeleteOptions",
        schema::invalid_value("propagationPolicy", policy,
                              "orphanDependents and deletionPropagation cannot be both set"));
  }
  if (policy == "Foreground" || policy == "Background" || policy == "Orphan") return {};
  const std::vector<std::string> supported = {"Foreground", "Background", "Orphan", "nil"};
  return invalid_options("DeleteOptions", schema::unsupported_value("propagationPolicy", policy, supported));
}

Result<bool> parse_dry_run(std::string_view kind, const std::vector<std::string>& values) {
  for (const auto& value : values) {
    if (value == "All") continue;
    return invalid_options(kind, schema::unsupported_value("dryRun", value, std::vector<std::string>{"All"}));
  }
  return !values.empty();
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

Result<Query> Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = percent_decode(pair.substr(0, equals), true);
    auto value = percent_decode(equals < pair.size() ? pair.substr(equals + 1) : std::string_view(), true);
    if (!name || !value) return bad_request("the query of the URL has a broken percent escape");
    if (query.parameters_.size() == kMaxParameters)
      return bad_request("the URL has too many query parameters");
    query.parameters_.emplace_back(std::move(*name), std::move(*value));
  }
  return query;
}

std::string_view Query::get(std::string_view name) const {
  for (const auto& [key, value] : parameters_) {
    if (key == name) return value;
  }
  return {};
}

bool Query::has(std::string_view name) const {
  for (const auto& [key, value] : parameters_) {
    if (key == name) return true;
  }
  return false;
}

bool Query::flag(std::string_view name) const {
  const auto value = get(name);
  return value == "1" || value == "t" || value == "T" || value == "true" || value == "TRUE" ||
         value == "True";
}

std::vector<std::string> Query::all(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& [key, value] : parameters_) {
    if (key == name) out.push_back(value);
  }
  return out;
}

std::optional<ResourcePath> parse_resource_path(std::string_view path) {
  auto segments = segments_of(path);
  if (!segments) return std::nullopt;
  auto& parts = *segments;
  ResourcePath out;
  std::size_t at = 0;
  if (parts.size() > 2 && parts[0] == "api") {
    out.version = parts[1];
    at = 2;
  } else if (parts.size() > 3 && parts[0] == "apis") {
    out.group = parts[1];
    out.version = parts[2];
    at = 3;
  } else {
    return std::nullopt;
  }
  if (parts[at] == "watch" && parts.size() > at + 1) {
    out.legacy_watch = true;
    ++at;
  }
  if (parts[at] == "namespaces" && parts.size() > at + 1) {
    const bool own = parts.size() == at + 2 || parts[at + 2] == "status" || parts[at + 2] == "finalize";
    if (own) {
      out.resource = "namespaces";
      out.name = parts[at + 1];
      out.subresource = join(parts, at + 2);
      return out;
    }
    out.ns = parts[at + 1];
    at += 2;
  }
  out.resource = parts[at];
  if (parts.size() > at + 1) out.name = parts[at + 1];
  out.subresource = join(parts, std::min(at + 2, parts.size()));
  return out;
}

Result<ReadOptions> parse_read_options(const Query& query) {
  ReadOptions options;
  options.label_selector = std::string(query.get("labelSelector"));
  options.field_selector = std::string(query.get("fieldSelector"));
  options.resource_version = std::string(query.get("resourceVersion"));
  options.resource_version_match = std::string(query.get("resourceVersionMatch"));
  options.continue_token = std::string(query.get("continue"));
  options.allow_bookmarks = query.flag("allowWatchBookmarks");
  if (const auto limit = query.get("limit"); !limit.empty()) {
    TRY(options.limit, parse_number("limit", limit));
  }
  if (const auto timeout = query.get("timeoutSeconds"); !timeout.empty()) {
    TRY(const auto seconds, parse_number("timeoutSeconds", timeout));
    if (seconds > 0) options.timeout = std::chrono::seconds(std::min<std::int64_t>(seconds, 86'400));
  }
  return options;
}

Result<WriteParameters> parse_write_parameters(const Query& query) {
  WriteParameters parameters;
  TRY(parameters.dry_run, parse_dry_run("CreateOptions", query.all("dryRun")));
  parameters.field_manager = std::string(query.get("fieldManager"));
  parameters.force = query.flag("force");
  return parameters;
}

Result<DeleteParameters> parse_delete_parameters(const Query& query, JsonView body) {
  DeleteParameters parameters;
  if (body.exists() && !body.is_null()) {
    if (!body.is_object()) return bad_request("the body of a DELETE must be DeleteOptions");
    const auto kind = body["kind"].string();
    if (!kind.empty() && kind != "DeleteOptions") {
      return bad_request(fmt::format("the body of a DELETE must be DeleteOptions, not {}", kind));
    }
  }
  const auto from_body = body["propagationPolicy"].string();
  parameters.propagation = std::string(from_body.empty() ? query.get("propagationPolicy") : from_body);
  const bool orphan_given = body["orphanDependents"].is_bool() || query.has("orphanDependents");
  TRY_VOID(check_propagation(parameters.propagation, orphan_given));
  if (orphan_given) {
    const bool orphan = body["orphanDependents"].boolean() || query.flag("orphanDependents");
    parameters.propagation = orphan ? "Orphan" : "Background";
  }
  std::vector<std::string> dry_run = query.all("dryRun");
  for (const auto& value : body["dryRun"].elements()) dry_run.emplace_back(value.string());
  TRY(parameters.dry_run, parse_dry_run("DeleteOptions", dry_run));
  const auto preconditions = body["preconditions"];
  parameters.precondition_uid = std::string(preconditions["uid"].string());
  parameters.precondition_resource_version = std::string(preconditions["resourceVersion"].string());
  return parameters;
}

}  // namespace heirloom::server
