#include "policies/live.h"

#include <doctest/doctest.h>

#include "apis/labels.h"
#include "policies/testing/live_objects.h"

namespace heirloom::policies {
namespace {

using testing::key;

const ObjectKey kKey{"local", "", "ConfigMap", "default", "cm"};
const char* const kApp1 = R"({"app.oam.dev/name":"app1","app.oam.dev/namespace":"default"})";

Json config_map(const char* labels, const char* annotations) {
  const std::string text =
      std::string(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"cm","namespace":)") +
      R"("default","uid":"u1","resourceVersion":"42","labels":)" + labels + R"(,"annotations":)" +
      annotations + "}}";
  Result<Json> json = Json::parse(text);
  REQUIRE(json.ok());
  return *json;
}

// Annotations with a ledger ("" = none) and a record written on the ConfigMap `on` by `sharer`.
Json annotated(const char* labels, const std::string& ledger, const std::string& on,
               const std::string& sharer) {
  Record record;
  record.object = kKey;
  record.object.name = on;
  record.sharers[key(sharer)] = "u.1";
  JsonBuilder annotations;
  annotations.begin_object();
  annotations.member_unless_empty(annotations::kSharedBy, ledger);
  annotations.member(annotations::kRecord, format_record(record)).end_object();
  return config_map(labels, write_json(annotations.take()).c_str());
}

TEST_CASE("labels, ledger and record say whose an object is") {
  const Json object = annotated(kApp1, "default/app1,default/app2", "cm", "default/app1");
  const LiveObject live = read_live(object, kKey);
  CHECK(live.uid == "u1");
  CHECK(live.resource_version == "42");
  CHECK_FALSE(live.terminating);
  CHECK(live.owner == key("default/app1"));
  CHECK(format_ledger(live.ledger) == "default/app1,default/app2");
  CHECK(live.has_mark(key("default/app1"), "u.1"));
  CHECK(live.canonical);
  CHECK(live.lists(key("default/app2")));
  CHECK_FALSE(live.lists(key("default/app3")));
  CHECK(keys_to_check(live, key("default/app2")) == std::vector<SharerKey>{key("default/app1")});
}

TEST_CASE("an object with half an owner has none") {
  const char* const kLabels[] = {"{}",
                                 R"({"app.oam.dev/name":"app1"})",
                                 R"({"app.oam.dev/namespace":"default"})",
                                 R"({"app.oam.dev/name":"","app.oam.dev/namespace":"default"})",
                                 R"({"app.oam.dev/name":"app1","app.oam.dev/namespace":""})",
                                 "null"};
  for (const std::string labels : kLabels) {
    CAPTURE(labels);
    const Json object = config_map(labels.c_str(), "null");
    CHECK_FALSE(read_live(object, kKey).owner.has_value());
  }
}

TEST_CASE("an object whose record names another one is a copy: its labels and ledger mean nothing") {
  const Json object = annotated(kApp1, "default/app1", "original", "default/app1");
  const LiveObject live = read_live(object, kKey);
  CHECK(live.copy);
  CHECK_FALSE(live.owner.has_value());
  CHECK(live.ledger.empty());
  CHECK_FALSE(live.record.has_value());
  CHECK(live.copied_owner == key("default/app1"));
  CHECK_FALSE(live.lists(key("default/app1")));
}

TEST_CASE("text that is not canonical is told apart from what it means") {
  Json object = config_map(kApp1, R"({"app.oam.dev/shared-by":" default/app1,,default/app2"})");
  LiveObject live = read_live(object, kKey);
  CHECK(format_ledger(live.ledger) == "default/app1,default/app2");
  CHECK_FALSE(live.canonical);
  object = config_map(kApp1, R"({"heirloom.dev/record":"rubbish"})");
  live = read_live(object, kKey);
  CHECK_FALSE(live.record.has_value());
  CHECK_FALSE(live.canonical);
  CHECK(live.owner == key("default/app1"));
}

TEST_CASE("a claim's full key is found in ledger or record") {
  const SharerKey claim = key("namespaceclaims.marketplace.kratix.io:team/c1");
  const char* const kLabels = R"({"app.oam.dev/name":"namespaceclaims_c1","app.oam.dev/namespace":"team"})";
  Json object =
      config_map(kLabels, R"({"app.oam.dev/shared-by":"namespaceclaims.marketplace.kratix.io:team/c1"})");
  CHECK(read_live(object, kKey).owner == claim);
  object = annotated(kLabels, "", "cm", to_string(claim));
  CHECK(read_live(object, kKey).owner == claim);
  object = config_map(kLabels, "{}");
  CHECK(read_live(object, kKey).owner == SharerKey{"namespaceclaims", "team", "c1"});
}

}  // namespace
}  // namespace heirloom::policies
