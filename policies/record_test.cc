#include "policies/record.h"

#include <doctest/doctest.h>

namespace heirloom::policies {
namespace {

Record sample() {
  Record record;
  record.object = {"local", "apps", "Deployment", "default", "web"};
  record.sharers.emplace(application_key("default", "app1"), "1b2c3d4e.7");
  record.sharers.emplace({"things.example.org", "team", "c1"}, "aaaaaaaa.1");
  return record;
}

TEST_CASE("a record survives being written and read") {
  Record record = sample();
  CHECK(format_record(record) ==
        R"({"object":["apps","Deployment","default","web"],"sharers":{"default/app1":"1b2c3d4e.7",)"
        R"("things.example.org:team/c1":"aaaaaaaa.1"}})");
  CHECK(*parse_record(format_record(record)) == record);
  record.fields = Json::object({{"spec", Json::object({{"replicas", 1}})}});
  record.adopted = true;
  record.retained_since = "2026-01-02T03:04:05Z";
  CHECK(*parse_record(format_record(record)) == record);
}

TEST_CASE("the record keeps the order in which its sharers joined, through text and back") {
  Record record = sample();
  record.sharers = {{application_key("n", "z"), "u.1"}, {application_key("n", "a"), "u.2"}};
  record.sharers.emplace(application_key("n", "m"), "u.3");
  record.sharers.insert_or_assign(application_key("n", "z"), "u.9");
  record.sharers.emplace(application_key("n", "a"), "never");
  const Result<Record> read = parse_record(format_record(record));
  REQUIRE(read.ok());
  CHECK(read->sharers == Marks{{application_key("n", "z"), "u.9"},
                               {application_key("n", "a"), "u.2"},
                               {application_key("n", "m"), "u.3"}});
  CHECK(read->sharers.ordered_by({application_key("n", "m"), application_key("n", "x"), application_key("n", "a")}) ==
        Marks{{application_key("n", "m"), "u.3"}, {application_key("n", "a"), "u.2"}, {application_key("n", "z"), "u.9"}});
}

TEST_CASE("fields beyond the bound are left out, so that the annotation always fits") {
  Record record = sample();
  record.fields = Json::object({{"x", std::string(kMaxFieldsBytes, 'y')}});
  const Result<Record> read = parse_record(format_record(record));
  REQUIRE(read.ok());
  CHECK_FALSE(read->fields.has_value());
  CHECK(read->sharers == record.sharers);
}

TEST_CASE("a record that cannot be read is an error, a sharer that cannot be read is skipped") {
  for (const std::string text :
       {"", "x", "[]", "{}", R"({"object":["a","b","c"]})", R"({"object":[1,2,3,4]})",
        R"({"object":["","A","b","c"],"sharers":[]})", R"({"object":["","A","b","c"],"adopted":"yes"})"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_record(text).ok());
  }
  const Result<Record> read =
      parse_record(R"({"object":["","A","b","c"],"sharers":{"n/a":"u.1","N//":"u.2","n/b":3},"later":{}})");
  REQUIRE(read.ok());
  CHECK(read->sharers == Marks{{application_key("n", "a"), "u.1"}});
}

TEST_CASE(
    "a mark stays while consecutive versions declare the object, and changes when the sharer comes back") {
  const std::string uid = "1b2c3d4e-0000-4000-8000-000000000000";
  CHECK(make_mark(uid, 7) == "1b2c3d4e.7");
  CHECK(mark_for(uid, 9, "1b2c3d4e.7", true) == "1b2c3d4e.7");
  CHECK(mark_for(uid, 9, "1b2c3d4e.7", false) == "1b2c3d4e.9");
  CHECK(mark_for(uid, 9, "99999999.7", true) == "1b2c3d4e.9");
  CHECK(mark_for(uid, 9, "", true) == "1b2c3d4e.9");
}

}  // namespace
}  // namespace heirloom::policies
