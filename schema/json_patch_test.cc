#include "schema/json_patch.h"

#include <doctest/doctest.h>

#include "schema/testing/json.h"

namespace heirloom::schema {
namespace {

using testing::json;

constexpr const char* kDocument = R"({"data":{"a":"1","b":"2"},"list":["x","y"],"m":{"k":{"deep":1}}})";

TEST_CASE("operations apply in order") {
  struct Row {
    const char* patch;
    const char* result;
    const char* because;
  };
  const Row rows[] = {
      {R"([{"op":"add","path":"/data/c","value":"3"}])",
       R"({"data":{"a":"1","b":"2","c":"3"},"list":["x","y"],"m":{"k":{"deep":1}}})", "add"},
      {R"([{"op":"add","path":"/data/a","value":"9"}])",
       R"({"data":{"a":"9","b":"2"},"list":["x","y"],"m":{"k":{"deep":1}}})", "add replaces"},
      {R"([{"op":"remove","path":"/m"},{"op":"remove","path":"/data"}])", R"({"list":["x","y"]})", "remove"},
      {R"([{"op":"replace","path":"/data/nope","value":"x"},{"op":"remove","path":"/m"}])",
       R"({"data":{"a":"1","b":"2","nope":"x"},"list":["x","y"]})", "replace of nothing adds"},
      {R"([{"op":"add","path":"/list/-","value":"z"},{"op":"add","path":"/list/0","value":"w"},{"op":"remove","path":"/m"},{"op":"remove","path":"/data"}])",
       R"({"list":["w","x","y","z"]})", "lists"},
      {R"([{"op":"remove","path":"/list/-1"},{"op":"replace","path":"/list/0","value":1},{"op":"remove","path":"/m"},{"op":"remove","path":"/data"}])",
       R"({"list":[1]})", "-1 is the last"},
      {R"([{"op":"copy","from":"/m/k","path":"/m/l"},{"op":"replace","path":"/m/l/deep","value":2},{"op":"remove","path":"/list"},{"op":"remove","path":"/data"}])",
       R"({"m":{"k":{"deep":1},"l":{"deep":2}}})", "a copy is independent"},
      {R"([{"op":"move","from":"/data/a","path":"/list/1"},{"op":"remove","path":"/m"}])",
       R"({"data":{"b":"2"},"list":["x","1","y"]})", "move"},
      {R"([{"op":"add","path":"/m/x~1y~0z","value":1},{"op":"test","path":"/m/x~1y~0z","value":1},{"op":"remove","path":"/data"},{"op":"remove","path":"/list"},{"op":"remove","path":"/m/k"}])",
       R"({"m":{"x/y~z":1}})", "escapes"},
      {R"([{"op":"test","path":"/m","value":{"k":{"deep":1}}},{"op":"replace","path":"","value":{"n":1}}])",
       R"({"n":1})", "the whole document"},
      {R"([{"op":"test","path":"/none","value":null}])", kDocument, "absent and null are one"},
      {R"([{"op":"add","path":"/m/k/deep","value":2},{"op":"test","path":"/m/k","value":{"deep":2}},{"op":"remove","path":"/data"},{"op":"remove","path":"/list"}])",
       R"({"m":{"k":{"deep":2}}})", "test of what was changed"},
      {"[]", kDocument, "nothing"},
  };
  const Json document = json(kDocument);
  for (const Row& row : rows) {
    CAPTURE(row.because);
    const Json patch = json(row.patch);
    const Result<Json> result = json_patch(document, patch);
    REQUIRE(result.ok());
    CHECK(*result == json(row.result));
  }
}

TEST_CASE("an operation that does not apply refuses the whole patch") {
  struct Row {
    const char* patch;
    int code;
    const char* because;
  };
  const Row rows[] = {
      {R"([{"op":"test","path":"/data/a","value":"2"}])", 422, "test failed"},
      {R"([{"op":"test","path":"/data/z","value":"2"}])", 422, "test of nothing"},
      {R"([{"op":"remove","path":"/data/z"}])", 422, "remove of nothing"},
      {R"([{"op":"add","path":"/none/x","value":1}])", 422, "missing parent"},
      {R"([{"op":"add","path":"/list/5","value":1}])", 422, "index out of range"},
      {R"([{"op":"add","path":"/list/x","value":1}])", 422, "no index"},
      {R"([{"op":"remove","path":"/list/2"}])", 422, "index out of range"},
      {R"([{"op":"remove","path":""}])", 422, "the document itself"},
      {R"([{"op":"add","path":"data","value":1}])", 422, "no slash"},
      {R"([{"op":"add","path":"/data/c"}])", 422, "no value"},
      {R"([{"op":"swap","path":"/data/c"}])", 422, "unknown operation"},
      {R"([{"op":"add","value":1}])", 422, "no path"},
      {R"([{"op":"move","from":"/m","path":"/m/k/x"}])", 422, "into itself"},
      {R"([{"op":"move","from":"/zz","path":"/y"}])", 422, "from nothing"},
      {R"([{"op":"copy","path":"/y"}])", 422, "no from"},
      {R"({"op":"add","path":"/data/x","value":"1"})", 400, "not a list"},
      {R"([1])", 400, "not an operation"},
  };
  const Json document = json(kDocument);
  for (const Row& row : rows) {
    CAPTURE(row.because);
    const Json patch = json(row.patch);
    const Result<Json> result = json_patch(document, patch);
    REQUIRE_FALSE(result.ok());
    CHECK(result.status().code() == row.code);
  }
  const Json object = json(R"({"op":"add"})");
  CHECK(json_patch(document, object).status().message() ==
        "json: cannot unmarshal object into Go value of type jsonpatch.Patch");
}

TEST_CASE("patches are bounded") {
  const Json document = json(kDocument);
  std::string many = "[";
  for (std::size_t i = 0; i <= kMaxJsonPatchOperations; ++i)
    many += R"({"op":"test","path":"/list","value":0},)";
  many.back() = ']';
  CHECK(json_patch(document, json(many)).status().code() == 413);

  // Doubling: each copy puts the document into itself.
  std::string bomb = "[";
  for (int i = 0; i < 100; ++i)
    bomb += R"({"op":"copy","from":"","path":"/m/x)" + std::to_string(i) + R"("},)";
  bomb.back() = ']';
  CHECK(json_patch(document, json(bomb)).status().code() == 422);

  // Deeper with each operation.
  std::string deep = "[", pointer;
  for (int i = 0; i < 600; ++i) {
    pointer += "/d";
    deep += R"({"op":"add","path":")" + pointer + R"(","value":{}},)";
  }
  deep.back() = ']';
  CHECK(json_patch(document, json(deep)).status().code() == 422);
}

}  // namespace
}  // namespace heirloom::schema
