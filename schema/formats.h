// String formats of OpenAPI that the API server checks (go-openapi/strfmt).
#pragma once

#include <string_view>

namespace heirloom::schema {

// Does the text have the format? Formats nobody knows are fine with every text.
bool has_format(std::string_view text, std::string_view format);

}  // namespace heirloom::schema
