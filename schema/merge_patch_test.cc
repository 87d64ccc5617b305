#include "schema/merge_patch.h"

#include <doctest/doctest.h>

#include "schema/testing/json.h"

namespace heirloom::schema {
namespace {

using testing::json;

TEST_CASE("merge patches apply as RFC 7386 says") {
  struct Row {
    const char* target;
    const char* patch;
    const char* result;
  };
  const Row rows[] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
      {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
      {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
      {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.patch);
    const Json target = json(row.target), patch = json(row.patch);
    CHECK(write_json(merge_patch(target, patch)) == write_json(json(row.result)));
  }
}

TEST_CASE("a diff is the patch that turns one into the other") {
  struct Row {
    const char* from;
    const char* to;
    const char* patch;
  };
  const Row rows[] = {
      {R"({"a":1})", R"({"a":1})", "{}"},
      {R"({"a":1,"b":2})", R"({"b":2,"a":1})", "{}"},
      {R"({"a":1})", R"({"a":2})", R"({"a":2})"},
      {R"({"a":1})", R"({})", R"({"a":null})"},
      {R"({"a":{"b":1,"c":2}})", R"({"a":{"b":1,"d":3}})", R"({"a":{"c":null,"d":3}})"},
      {R"({"a":[1,2]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"({"a":1})", R"({"a":{"b":{"c":1}}})", R"({"a":{"b":{"c":1}}})"},
      {R"({"a":{"b":1}})", R"({"a":{}})", R"({"a":{"b":null}})"},
      {R"({"a":{"b":1}})", R"({"a":7})", R"({"a":7})"},
      {R"({"a":null})", R"({"a":null,"b":1})", R"({"b":1})"},
      {R"({})", R"({"a":[{"b":null}]})", R"({"a":[{"b":null}]})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.to);
    const Json from = json(row.from), to = json(row.to);
    const Json patch = merge_diff(from, to);
    CHECK(write_json(patch) == row.patch);
    CHECK(merge_patch(from, patch) == to);
  }
}

TEST_CASE("a null that cannot be said is left out") {
  const Json from = json("{}"), to = json(R"({"a":null,"b":{"c":null}})");
  CHECK(write_json(merge_diff(from, to)) == R"({"b":{}})");
}

}  // namespace
}  // namespace heirloom::schema
