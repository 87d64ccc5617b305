// Compressed fields of KubeVela's objects: {type: gzip|zstd, data: base64}.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace heirloom {

// Errors: BadRequest when the data is damaged, RequestEntityTooLarge when it would expand beyond max_bytes.
Result<std::string> gunzip(std::string_view data, std::size_t max_bytes);

// The same for zstd, the default of KubeVela's Helm chart. Invalid when this program was built without
// libzstd.
Result<std::string> unzstd(std::string_view data, std::size_t max_bytes);
bool has_zstd();

// By the type's name. Error: Invalid for a type that is unknown or has no codec in this program, saying what
// to do.
Result<std::string> decompress(std::string_view type, std::string_view base64, std::size_t max_bytes);

}  // namespace heirloom
