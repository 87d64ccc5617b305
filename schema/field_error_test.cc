#include "schema/field_error.h"

#include <doctest/doctest.h>

#include "schema/testing/json.h"

namespace heirloom::schema {
namespace {

using testing::json;

TEST_CASE("an Invalid status is worded as kube-apiserver words it") {
  const Status one = invalid_status("", "ConfigMap", "x",
                                    {required_value("metadata.name", "name or generateName is required")});
  CHECK(one.code() == 422);
  CHECK(one.reason() == "Invalid");
  CHECK(one.message() ==
        "ConfigMap \"x\" is invalid: metadata.name: Required value: name or generateName is required");
  CHECK(one.details().kind == "ConfigMap");
  CHECK(one.details().group == "");
  REQUIRE(one.details().causes.size() == 1);
  CHECK(one.details().causes[0].reason == "FieldValueRequired");
  CHECK(one.details().causes[0].message == "Required value: name or generateName is required");
  CHECK(one.details().causes[0].field == "metadata.name");

  const Status two = invalid_status("example.dev", "Thing", "y",
                                    {required_value("spec.a"), forbidden_value("spec.b", "no")});
  CHECK(two.message() ==
        "Thing.example.dev \"y\" is invalid: [spec.a: Required value, spec.b: Forbidden: no]");

  const Status twice =
      invalid_status("", "ConfigMap", "x", {required_value("spec.a"), required_value("spec.a")});
  CHECK(twice.message() == "ConfigMap \"x\" is invalid: spec.a: Required value");
  CHECK(twice.details().causes.size() == 2);
}

TEST_CASE("values in messages read as Go prints them") {
  struct Row {
    const char* value;
    const char* message;
  };
  const Row rows[] = {
      {"5", "Invalid value: 5: bad"},
      {"1.01", "Invalid value: 1.01: bad"},
      {"-1", "Invalid value: -1: bad"},
      {"true", "Invalid value: true: bad"},
      {"null", "Invalid value: \"null\": bad"},
      {R"("a\"b")", R"(Invalid value: "a\"b": bad)"},
      {R"({"b": 1, "a": [true, null, "x"]})",
       R"(Invalid value: map[string]interface {}{"a":[]interface {}{true, interface {}(nil), "x"}, "b":1}: bad)"},
  };
  for (const Row& row : rows) {
    const Json value = json(row.value);
    CHECK(invalid_value("p", value.view(), "bad").message == row.message);
  }
  CHECK(unsupported_value("p", "no", {"a", "b"}).message ==
        R"(Unsupported value: "no": supported values: "a", "b")");
  const Json key = json(R"({"name": "web"})");
  CHECK(duplicate_value("p", key.view()).message ==
        R"(Duplicate value: map[string]interface {}{"name":"web"})");
  CHECK(too_long_value("", 1048576).message == "Too long: must have at most 1048576 bytes");
  CHECK(go_print(json(R"({"$patch":"sideways","name":"only"})")) == "map[$patch:sideways name:only]");
}

TEST_CASE("Go's quoting") {
  CHECK(go_quote("a\nb\t\x01") == "\"a\\nb\\t\\x01\"");
  CHECK(go_quote("grün") == "\"grün\"");
  CHECK(go_quote("\xff") == "\"\\xff\"");
  CHECK(go_quote("\xe2\x80\x8b") == "\"\\u200b\"");
  CHECK(go_quote("\\") == "\"\\\\\"");
}

TEST_CASE("Go's numbers") {
  CHECK(go_number(10) == "10");
  CHECK(go_number(0.5) == "0.5");
  CHECK(go_number(1e21) == "1e+21");
  CHECK(go_number(0.00001) == "1e-05");
  CHECK(go_number(0) == "0");
}

}  // namespace
}  // namespace heirloom::schema
