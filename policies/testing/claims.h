// Claims and classes for tests, from YAML:
//   claim("a", "{namespaceName: shared}")     a NamespaceClaim in default
//   namespace_class()                         the built-in class
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include "apis/claim.h"
#include "apis/claim_class.h"
#include "base/yaml.h"

namespace heirloom::testing {

inline Json yaml(std::string_view text) {
  Result<Json> parsed = parse_yaml(text);
  REQUIRE_MESSAGE(parsed.ok(), parsed.status().message());
  return std::move(parsed).value();
}

// A class whose spec is the given YAML.
inline ClaimClass claim_class(std::string_view name, std::string_view spec) {
  const Json metadata = Json::object({{"name", name}, {"creationTimestamp", "2026-01-01T00:00:00Z"}});
  const Json object = Json::object({{"metadata", metadata}, {"spec", yaml(spec)}});
  Result<ClaimClass> decoded = decode_claim_class(object);
  REQUIRE_MESSAGE(decoded.ok(), decoded.status().message());
  return std::move(decoded).value();
}

inline ClaimClass namespace_class() {
  Result<ClaimClass> decoded = decode_claim_class(yaml(claim_class_files().front().content));
  REQUIRE(decoded.ok());
  return std::move(decoded).value();
}

// A NamespaceClaim; `spec` as YAML, "" for none.
inline Claim claim(std::string_view name, std::string_view spec, std::string_view ns = "default") {
  Claim claim;
  claim.gvk = {"marketplace.kratix.io", "v1alpha1", "NamespaceClaim"};
  claim.plural = "namespaceclaims";
  claim.metadata.name = name;
  claim.metadata.ns = ns;
  claim.metadata.uid = "uid-" + std::string(name);
  claim.metadata.generation = 1;
  if (!spec.empty()) claim.spec = yaml(spec);
  return claim;
}

}  // namespace heirloom::testing
