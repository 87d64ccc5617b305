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
  record.sharers.emplace(key(sharer), "u.1");
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

TEST_CASE("who has joined, in join order, whatever somebody took out of the ledger") {
  using Marks_ = std::vector<std::pair<std::string, std::string>>;
  const Marks_ all{{"n/c", "u.1"}, {"n/a", "u.1"}, {"n/b", "u.1"}};
  struct Case {
    const char* ledger;
    std::optional<Marks_> marks;
    const char* joined;
  };
  const Case kCases[] = {
      {"n/c,n/a,n/b", all, "n/c,n/a,n/b"},
      {"", all, "n/c,n/a,n/b"},
      {"n/b", all, "n/c,n/a,n/b"},
      {"n/c", all, "n/c,n/a,n/b"},
      {"n/c,n/b", all, "n/c,n/a,n/b"},
      {"n/b,n/a,n/c", all, "n/b,n/a,n/c"},  // the ledger is KubeVela's word: an order it states stands
      {"n/x,n/c", all, "n/x,n/c,n/a,n/b"},
      {"n/a", std::nullopt, "n/a"},
      {"", std::nullopt, ""},
      {"", Marks_{{"n/a", "u.1"}}, ""},  // one alone shares with nobody
      {"n/a", Marks_{{"n/b", "u.1"}}, "n/b,n/a"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.ledger);
    CHECK(format_ledger(joined(testing::live("n/c", c.ledger, c.marks))) == c.joined);
  }
}

TEST_CASE("what was taken off by hand comes back from what was last seen of the same object") {
  const LiveObject last = testing::live("n/b", "n/b,n/a", {{{"n/b", "u.1"}, {"n/a", "u.1"}}});
  const LiveObject bare = testing::live("", "");
  LiveObject back = restored(bare, last);
  CHECK(back.owner == last.owner);
  CHECK(back.ledger == last.ledger);
  CHECK(back.record == last.record);
  CHECK_FALSE(back.canonical);

  back = restored(testing::live("n/b", ""), last);  // the labels stand: so does what they say
  CHECK(back.ledger.empty());
  CHECK(format_ledger(joined(back)) == "n/b,n/a");

  LiveObject other = bare;
  other.uid = "another object of that name";
  CHECK(restored(other, last) == other);
  LiveObject copy = bare;
  copy.copy = true;
  CHECK(restored(copy, last) == copy);
  const LiveObject whole = testing::live("n/x", "n/x", {{{"n/x", "u.1"}}});
  CHECK(restored(whole, last) == whole);
  const LiveObject unrecorded = testing::live("n/b", "n/b");  // written by KubeVela, nothing is missing
  CHECK(restored(unrecorded, unrecorded) == unrecorded);
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
  const LiveObject labels_alone = read_live(object, kKey);
  CHECK(labels_alone.owner == SharerKey{"namespaceclaims", "team", "c1"});
  LiveObject last = labels_alone;
  last.owner = claim;
  last.ledger = {key("n/a"), claim};
  last.record = Record{kKey, {{claim, "u.1"}}, std::nullopt, false, {}};
  CHECK(restored(labels_alone, last).owner == claim);  // ... or in what stood on the object before
}

}  // namespace
}  // namespace heirloom::policies
