#include "apis/claim_record.h"

#include <doctest/doctest.h>

#include "apis/labels.h"

namespace heirloom {
namespace {

const ClaimedObject kTeamA{"v1", ObjectKey{"local", "", "Namespace", "", "team-a"}};
const ClaimedObject kDatabase{"example.com/v1", ObjectKey{"local", "example.com", "Database", "default", "db"}};

Json claim(std::string_view annotation, std::string_view bound_name) {
  const Json annotations = Json::object({{annotations::kClaimTargets, annotation}});
  const Json metadata = Json::object({{"name", "c"}, {"annotations", annotations}});
  const Json bound = Json::object({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"name", bound_name}});
  const Json status = Json::object({{"boundTo", bound}});
  return Json::object({{"metadata", metadata}, {"status", status}});
}

}  // namespace

TEST_CASE("a claim's record reads back as it was written") {
  const ClaimRecord record{{kTeamA, kDatabase}, "Retain"};
  const std::string text = format_claim_record(record);
  CHECK(text == R"({"targets":[["v1","Namespace","","team-a"],["example.com/v1","Database","default","db"]],"whenEmpty":"Retain"})");
  CHECK(parse_claim_record(text) == record);
  CHECK(parse_claim_record("") == ClaimRecord());
}

TEST_CASE("a record tells which key fields lead to an object") {
  ClaimedObject with_fields = kTeamA;
  with_fields.fields = Json::object({{"spec.namespaceName", "team-a"}});
  const std::string text = format_claim_record({{with_fields, kDatabase}, ""});
  CHECK(text == R"({"targets":[["v1","Namespace","","team-a",{"spec.namespaceName":"team-a"}],)"
                R"(["example.com/v1","Database","default","db"]]})");
  CHECK(parse_claim_record(text)->targets == std::vector{with_fields, kDatabase});
}

TEST_CASE("an unreadable record is unknown, not empty") {
  for (const char* text : {"{", "[]", "{}", R"({"targets":[["v1","Namespace",""]]})", R"({"targets":[["v1","Namespace","",7]]})",
                           R"({"targets":[["v1","Namespace","","x","y"]]})", R"({"targets":[["v1","Namespace","","x",{},{}]]})",
                           R"({"targets":[["a/b/c","Namespace","","x"]]})", R"({"targets":[["v1","","","x"]]})"})
    CHECK_MESSAGE(!parse_claim_record(text), text);
}

TEST_CASE("what the status says counts beside the annotation") {
  CHECK(claim_record(claim("", "team-a"))->targets == std::vector{kTeamA});
  CHECK(claim_record(claim(format_claim_record({{kDatabase}, ""}), "team-a"))->targets == std::vector{kDatabase, kTeamA});
  CHECK(claim_record(claim(format_claim_record({{kTeamA}, ""}), "team-a"))->targets == std::vector{kTeamA});
  CHECK(!claim_record(claim("nonsense", "team-a")));
}

}  // namespace heirloom
