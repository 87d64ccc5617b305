// Content negotiation: which shape and encoding an Accept header asks for, and how a body is to be read.
// Pure.
#pragma once

#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "server/request.h"

namespace heirloom::server {

enum class Encoding { Json, Yaml };

struct Accepted {
  Encoding encoding = Encoding::Json;
  Rendering rendering;
};
// The first media range of the header that we can serve. Error: NotAcceptable (406).
Result<Accepted> negotiate(std::string_view accept);

// A body of the given Content-Type ("" = JSON): JSON or YAML. Errors: UnsupportedMediaType (415), BadRequest.
Result<Json> parse_body(std::string_view content_type, std::string_view body, std::string_view kind_hint);

// "application/merge-patch+json; charset=utf-8" -> Merge. Error: UnsupportedMediaType.
Result<PatchKind> parse_patch_kind(std::string_view content_type);

// The media type without parameters, lower case.
std::string media_type(std::string_view content_type);

}  // namespace heirloom::server
