#include "policies/claim_template.h"

#include <algorithm>

#include <fmt/format.h>

namespace heirloom::policies {

namespace {

bool is_part_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

Result<TemplatePiece> parse_placeholder(std::string_view inside, std::string_view text) {
  TemplatePiece piece;
  const auto fallback = inside.find(":-");
  piece.field = inside.substr(0, fallback);
  if (fallback != std::string_view::npos) piece.fallback = std::string(inside.substr(fallback + 2));
  if (!is_claim_field(piece.field))
    return bad_request(fmt::format("\"{}\": ${{{}}} names no field of a claim; want ${{spec.<field>}}, "
                                   "${{metadata.name}} or ${{metadata.namespace}}, and $${{ for a plain ${{",
                                   text, inside));
  return piece;
}

}  // namespace

std::vector<std::string> split_claim_field(std::string_view field) {
  std::vector<std::string> parts;
  while (true) {
    const auto dot = field.find('.');
    parts.emplace_back(field.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    field.remove_prefix(dot + 1);
  }
}

bool is_claim_field(std::string_view field) {
  if (field == "metadata.name" || field == "metadata.namespace") return true;
  const std::vector<std::string> parts = split_claim_field(field);
  if (parts.size() < 2 || parts.front() != "spec") return false;
  return std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), is_part_character);
  });
}

Result<std::vector<TemplatePiece>> parse_template_text(std::string_view text) {
  std::vector<TemplatePiece> pieces;
  std::string literal;
  const auto end_literal = [&] {
    if (literal.empty()) return;
    pieces.push_back({std::move(literal), {}, {}});
    literal.clear();
  };
  std::string_view rest = text;
  while (!rest.empty()) {
    if (rest.starts_with("$${")) {
      literal += "${";
      rest.remove_prefix(3);
    } else if (rest.starts_with("${")) {
      const auto end = rest.find('}');
      if (end == std::string_view::npos)
        return bad_request(fmt::format("\"{}\": a ${{ without its }}; write $${{ for a plain ${{", text));
      end_literal();
      TRY(TemplatePiece piece, parse_placeholder(rest.substr(2, end - 2), text));
      pieces.push_back(std::move(piece));
      rest.remove_prefix(end + 1);
    } else {
      literal += rest.front();
      rest.remove_prefix(1);
    }
  }
  end_literal();
  return pieces;
}

}  // namespace heirloom::policies
