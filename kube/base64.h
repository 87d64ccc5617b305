// Base64 with the standard alphabet, as kubeconfigs and HTTP's basic authentication have it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace heirloom::kube {

std::string encode_base64(std::string_view bytes);
// White space is skipped, padding may be absent. Nullopt: not base64.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace heirloom::kube
