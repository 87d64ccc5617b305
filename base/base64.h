// Standard base64 (RFC 4648 section 4) as Go's encoding/json reads and writes []byte, a Secret's data above
// all.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace heirloom {

std::string encode_base64(std::string_view bytes);
// Padding is required; only line breaks are skipped. Error: BadRequest with the offset, never the content: it
// may be secret.
Result<std::string> decode_base64(std::string_view text);

}  // namespace heirloom
