#include "policies/claim_template.h"

#include <doctest/doctest.h>

namespace heirloom::policies {
namespace {

using Pieces = std::vector<TemplatePiece>;

TEST_CASE("a template's text is literal text and claim fields") {
  struct Case {
    std::string_view text;
    Pieces pieces;
  };
  const Case kCases[] = {
      {"", {}},
      {"plain", {{"plain", "", {}}}},
      {"${spec.name}", {{"", "spec.name", {}}}},
      {"a-${spec.name}-b", {{"a-", "", {}}, {"", "spec.name", {}}, {"-b", "", {}}}},
      {"${spec.a}${metadata.namespace}", {{"", "spec.a", {}}, {"", "metadata.namespace", {}}}},
      {"${spec.size:-10Gi}", {{"", "spec.size", "10Gi"}}},
      {"${spec.size:-}", {{"", "spec.size", ""}}},
      {"${spec.a.b_c-d}", {{"", "spec.a.b_c-d", {}}}},
      {"$${HOME}", {{"${HOME}", "", {}}}},
      {"$$ and $ alone", {{"$$ and $ alone", "", {}}}},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.text);
    const Result<Pieces> pieces = parse_template_text(c.text);
    REQUIRE(pieces.ok());
    CHECK(*pieces == c.pieces);
  }
}

TEST_CASE("a placeholder that is none of a claim's fields is refused, showing the text") {
  for (const std::string_view text :
       {"${", "${spec.name", "${}", "${name}", "${spec}", "${spec.}", "${spec..a}", "${ spec.name }", "${spec.a[0]}",
        "${metadata.uid}", "${metadata.labels.a}", "${status.phase}", "${spec.${spec.a}}", "x-${HOME}"}) {
    CAPTURE(text);
    const Result<Pieces> pieces = parse_template_text(text);
    REQUIRE_FALSE(pieces.ok());
    CHECK(pieces.status().message().find(text) != std::string::npos);
  }
}

TEST_CASE("a field is split into the members it leads through") {
  CHECK(split_claim_field("spec.a.b") == std::vector<std::string>{"spec", "a", "b"});
  CHECK(is_claim_field("spec.a.b"));
  CHECK_FALSE(is_claim_field("spec"));
}

}  // namespace
}  // namespace heirloom::policies
