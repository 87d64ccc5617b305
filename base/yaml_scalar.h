// What an unquoted YAML scalar means: the rules of sigs.k8s.io/yaml (YAML 1.1 as gopkg.in/yaml.v2 has it),
// which kubectl and KubeVela apply to every manifest. Only yaml_*.cc include this.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

namespace heirloom::detail {

// monostate: a string, as written. nullptr: null. A double may be infinite or no number.
using PlainScalar = std::variant<std::monostate, std::nullptr_t, bool, std::int64_t, std::uint64_t, double>;

PlainScalar resolve_plain_scalar(std::string_view text);
inline bool is_plain_string(std::string_view text) {
  return std::holds_alternative<std::monostate>(resolve_plain_scalar(text));
}

// Characters that YAML text may hold unescaped (YAML 1.1 section 5.1, c-printable). The text must be valid
// UTF-8. Gives the offset of the first other one, or npos.
std::size_t find_unprintable(std::string_view text);

}  // namespace heirloom::detail
