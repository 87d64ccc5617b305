// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <string>
#include <string_view>

namespace heirloom {

bool is_valid_utf8(std::string_view text);
// Each byte that is not part of a valid sequence becomes U+FFFD, as Go's encoding/json does.
std::string replace_invalid_utf8(std::string_view text);

}  // namespace heirloom
