// Member names that nearly every Kubernetes object has. A block refers to them by number instead of storing
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace heirloom::detail {

std::string_view known_key(std::uint32_t index);
// The hash must be hash_bytes(key).
std::optional<std::uint32_t> find_known_key(std::string_view key, std::uint64_t hash);

}  // namespace heirloom::detail
