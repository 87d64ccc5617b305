#include "server/resource_version.h"

#include <charconv>

#include <fmt/format.h>

#include "server/errors.h"

namespace heirloom::server {
Result<std::optional<Revision>> parse_resource_version(std::string_view text) {
  if (text.empty()) return std::optional<Revision>();
  Revision value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    return bad_request(fmt::format("resourceVersion: Invalid value: {}: it must be a decimal number",
                                   schema::go_quote(text)));
  }
  return std::optional<Revision>(value);
}

Result<ListPosition> list_position(const ReadOptions& options) {
  const auto& match = options.resource_version_match;
  TRY(const auto revision, parse_resource_version(options.resource_version));
  if (!match.empty()) {
    if (!options.continue_token.empty()) {
      return invalid_options(
          "ListOptions",
          schema::forbidden_value("resourceVersionMatch",
                                  "resourceVersionMatch is forbidden when continue is provided"));
    }
    if (!revision) {
      return invalid_options(
          "ListOptions",
          schema::forbidden_value("resourceVersionMatch",
                                  "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    }
    if (match != "Exact" && match != "NotOlderThan") {
      return invalid_options(
          "ListOptions", schema::unsupported_value("resourceVersionMatch", match,
                                                   std::vector<std::string>{"Exact", "NotOlderThan", ""}));
    }
    if (match == "Exact" && *revision == 0) {
      return invalid_options(
          "ListOptions",
          schema::forbidden_value("resourceVersionMatch",
                                  "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
    }
  }
  ListPosition position;
  if (!revision || *revision == 0) return position;
  // A limit without a match means exactly this state, so that pages fit together.
  if (match == "Exact" || (match.empty() && options.limit > 0)) {
    position.at = *revision;
  } else {
    position.not_older = *revision;
  }
  return position;
}

Json stamp_resource_version(JsonView value, Revision revision) {
  return rewrite(value, {set_at({std::string("metadata"), std::string("resourceVersion")},
                                Json::string(std::to_string(revision)))});
}

Status too_large_resource_version(Revision asked, Revision current) {
  StatusDetails details;
  details.retry_after_seconds = 1;
  StatusCause cause;
  cause.reason = "ResourceVersionTooLarge";
  cause.message = "Too large resource version";
  details.causes.push_back(std::move(cause));
  return {504, reasons::kTimeout,
          fmt::format("Timeout: Too large resource version: {}, current: {}", asked, current),
          std::move(details)};
}

}  // namespace heirloom::server
