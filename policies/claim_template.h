// The text of a claim template's placeholders: ${spec.size}, ${spec.size:-10Gi}, $${. Pure; policies/claim_target.h has
// the meaning of the whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace heirloom::policies {

// A piece of a template string: literal text, or a claim's field.
struct TemplatePiece {
  std::string literal;                  // when `field` is empty
  std::string field;                    // "spec.size", "metadata.name", "metadata.namespace"
  std::optional<std::string> fallback;  // after ":-"
  bool operator==(const TemplatePiece&) const = default;
};

// Error: BadRequest saying what is wrong and showing the text: a placeholder that does not end, is empty, or is no field of a claim.
Result<std::vector<TemplatePiece>> parse_template_text(std::string_view text);

// True for what a template may name: spec.<path>, metadata.name, metadata.namespace. Parts of a path are members
// of objects, of letters, digits, '-' and '_'; lists are not entered.
bool is_claim_field(std::string_view field);

// "spec.size" as its parts. Precondition: is_claim_field.
std::vector<std::string> split_claim_field(std::string_view field);

}  // namespace heirloom::policies
