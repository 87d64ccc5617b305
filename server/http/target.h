// The request line's target: path segments and query parameters, decoded; and which resource a path means.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "server/request.h"

namespace heirloom::server {

// "%41" -> "A", and in queries "+" -> " ". nullopt for a broken escape.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

class Query {
 public:
  // Error: BadRequest for a broken escape or more than kMaxParameters.
  static Result<Query> parse(std::string_view text);

  // The first of that name, or "".
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  bool flag(std::string_view name) const;  // "true", "1" and friends, as Go's ParseBool
  std::vector<std::string> all(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

inline constexpr std::size_t kMaxParameters = 256;

struct ResourcePath {
  std::string group;
  std::string version;
  std::string ns;
  std::string resource;
  std::string name;
  std::string subresource;
  bool legacy_watch = false;  // /api/v1/watch/...
};

// nullopt when the path names no resource (/api, /healthz, ...). Source: kubernetes/apiserver, request info.
std::optional<ResourcePath> parse_resource_path(std::string_view path);

// Options of a read, from query parameters. Error: BadRequest for malformed numbers.
Result<ReadOptions> parse_read_options(const Query& query);
// Error: Invalid for an unknown dryRun.
Result<WriteParameters> parse_write_parameters(const Query& query);
// DeleteOptions from the query and, where the body has one, from there. Error: BadRequest, Invalid.
Result<DeleteParameters> parse_delete_parameters(const Query& query, JsonView body);

}  // namespace heirloom::server
