#include <algorithm>

#include <doctest/doctest.h>

#include "server/http/authentication.h"
#include "server/http/negotiation.h"

namespace heirloom::server {
namespace {

TEST_CASE("the first media range that can be served decides") {
  struct Row {
    const char* accept;
    const char* outcome;
    const char* because;
  };
  const Row rows[] = {
      {"", "json object", "nothing said"},
      {"*/*", "json object", "anything"},
      {"application/yaml", "yaml object", "YAML is served"},
      {"application/vnd.kubernetes.protobuf, application/json", "json object", "what we lack is passed over"},
      {"application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "json table v1", "kubectl get"},
      {"application/json;as=Table;v=v1beta1;g=meta.k8s.io", "json table v1beta1", "older kubectl"},
      {"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "json metadata v1",
       "metadata informers"},
      {"application/json;as=Nonsense;g=meta.k8s.io;v=v1, application/json", "json object",
       "the second range counts"},
      {"application/json;as=Nonsense;g=meta.k8s.io;v=v1", "406", "nothing that can be served"},
      {"application/xml", "406", "nothing that can be served"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.because);
    const auto accepted = negotiate(row.accept);
    std::string outcome = accepted.ok() ? "" : std::to_string(accepted.status().code());
    if (accepted.ok()) {
      outcome = accepted->encoding == Encoding::Json ? "json" : "yaml";
      const auto& rendering = accepted->rendering;
      if (rendering.shape == Shape::Object) outcome += " object";
      if (rendering.shape == Shape::Table) outcome += " table " + rendering.meta_version;
      if (rendering.shape == Shape::PartialMetadata) outcome += " metadata " + rendering.meta_version;
    }
    CHECK(outcome == row.outcome);
  }
}

TEST_CASE("bodies are JSON or YAML, patches say which kind they are") {
  CHECK(parse_body("application/json", R"({"a":1})", "x").ok());
  CHECK(parse_body("", R"({"a":1})", "x").ok());
  CHECK(parse_body("application/yaml", "a: 1", "x").ok());
  CHECK(parse_body("application/json; charset=utf-8", R"({"a":1})", "x").ok());
  CHECK(parse_body("application/json", "{", "x").status().code() == 400);
  CHECK(parse_body("application/xml", "<x/>", "x").status().code() == 415);
  CHECK(*parse_patch_kind("application/merge-patch+json; charset=utf-8") == PatchKind::Merge);
  CHECK(*parse_patch_kind("application/strategic-merge-patch+json") == PatchKind::Strategic);
  CHECK(parse_patch_kind("application/json").status().code() == 415);
}

std::vector<TokenIdentity> tokens() {
  TokenIdentity admin;
  admin.token = "secret";
  admin.identity = admin_identity();
  TokenIdentity other;
  other.token = "other";
  other.identity.user = "jane";
  return {admin, other};
}

TEST_CASE("who sends a request: token, certificate, impersonation") {
  struct Row {
    const char* authorization;
    const char* certificate;
    const char* impersonate;
    const char* outcome;  // the user, or the code of the error
    const char* because;
  };
  const Row rows[] = {
      {"", "", "", "system:anonymous", "no credentials"},
      {"Bearer secret", "", "", "kubernetes-admin", "a known token"},
      {"Bearer secre", "", "", "401", "an unknown token"},
      {"Basic c2VjcmV0", "", "", "401", "another scheme"},
      {"", "ann", "", "ann", "a certificate that our authority signed"},
      {"Bearer secret", "", "system:serviceaccount:a:b", "system:serviceaccount:a:b",
       "an administrator may be others"},
      {"Bearer other", "", "ann", "403", "anyone else may not"},
      {"", "", "ann", "403", "nobody is no administrator"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.because);
    Credentials credentials;
    credentials.authorization = row.authorization;
    credentials.certificate_user = row.certificate;
    credentials.impersonate_user = row.impersonate;
    const auto identity = authenticate(tokens(), credentials, anonymous_identity());
    const auto outcome = identity.ok() ? identity->user : std::to_string(identity.status().code());
    CHECK(outcome == row.outcome);
  }
}

TEST_CASE("an impersonated service account has the groups of its kind, and never an administrator's") {
  Credentials credentials;
  credentials.authorization = "Bearer secret";
  credentials.impersonate_user = "system:serviceaccount:team:deployer";
  const auto identity = authenticate(tokens(), credentials, anonymous_identity());
  REQUIRE(identity.ok());
  const auto& groups = identity->groups;
  CHECK(!identity->admin());
  CHECK(std::count(groups.begin(), groups.end(), "system:serviceaccounts:team") == 1);
  CHECK(std::count(groups.begin(), groups.end(), "system:authenticated") == 1);
}

}  // namespace
}  // namespace heirloom::server
