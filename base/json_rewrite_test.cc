#include <doctest/doctest.h>

#include "base/json.h"

namespace heirloom {
namespace {

Json parsed(std::string_view text) {
  Result<Json> json = Json::parse(text);
  REQUIRE_MESSAGE(json.ok(), text);
  return std::move(json).value();
}

JsonStep k(const char* key) { return std::string(key); }
JsonStep at(std::size_t index) { return index; }
JsonEdit insert_at(JsonPath path, Json value) {
  return {std::move(path), JsonEdit::Op::Insert, std::move(value)};
}

TEST_CASE("edits are applied in order, and what does not fit changes nothing") {
  const Json base = parsed(R"({"a":{"b":1,"c":[1,2,3]},"s":"x","z":null})");
  struct Case {
    std::string_view because;
    std::vector<JsonEdit> edits;
    std::string_view expected;
  };
  const Json nine = Json::int64(9);
  const Case cases[] = {
      {"nothing to do", {}, R"({"a":{"b":1,"c":[1,2,3]},"s":"x","z":null})"},
      {"replace keeps the place",
       {set_at({k("a"), k("b")}, nine)},
       R"({"a":{"b":9,"c":[1,2,3]},"s":"x","z":null})"},
      {"a new member comes last",
       {set_at({k("a"), k("n")}, nine)},
       R"({"a":{"b":1,"c":[1,2,3],"n":9},"s":"x","z":null})"},
      {"missing parents are made",
       {set_at({k("p"), k("q"), k("r")}, nine)},
       R"({"a":{"b":1,"c":[1,2,3]},"s":"x","z":null,"p":{"q":{"r":9}}})"},
      {"no index into what is missing",
       {set_at({k("p"), k("q"), at(0)}, nine)},
       R"({"a":{"b":1,"c":[1,2,3]},"s":"x","z":null})"},
      {"no key into a string",
       {set_at({k("s"), k("q")}, nine)},
       R"({"a":{"b":1,"c":[1,2,3]},"s":"x","z":null})"},
      {"no key into null", {set_at({k("z"), k("q")}, nine)}, R"({"a":{"b":1,"c":[1,2,3]},"s":"x","z":null})"},
      {"no key into an array",
       {set_at({k("a"), k("c"), k("q")}, nine)},
       R"({"a":{"b":1,"c":[1,2,3]},"s":"x","z":null})"},
      {"no index into an object",
       {set_at({k("a"), at(0)}, nine)},
       R"({"a":{"b":1,"c":[1,2,3]},"s":"x","z":null})"},
      {"an element is replaced",
       {set_at({k("a"), k("c"), at(1)}, nine)},
       R"({"a":{"b":1,"c":[1,9,3]},"s":"x","z":null})"},
      {"setting past the end",
       {set_at({k("a"), k("c"), at(3)}, nine)},
       R"({"a":{"b":1,"c":[1,2,3]},"s":"x","z":null})"},
      {"inserting in front, within and behind",
       {insert_at({k("a"), k("c"), at(0)}, nine), insert_at({k("a"), k("c"), at(2)}, nine),
        insert_at({k("a"), k("c"), at(5)}, nine), insert_at({k("a"), k("c"), at(7)}, nine)},
       R"({"a":{"b":1,"c":[9,1,9,2,3,9]},"s":"x","z":null})"},
      {"removing shifts the indices",
       {remove_at({k("a"), k("c"), at(0)}), remove_at({k("a"), k("c"), at(0)}),
        remove_at({k("a"), k("c"), at(7)})},
       R"({"a":{"b":1,"c":[3]},"s":"x","z":null})"},
      {"removing a member",
       {remove_at({k("a"), k("b")}), remove_at({k("z")}), remove_at({k("nope"), k("b")})},
       R"({"a":{"c":[1,2,3]},"s":"x"})"},
      {"later edits see earlier ones",
       {set_at({k("a")}, parsed(R"({"x":{"y":1}})")), set_at({k("a"), k("x"), k("y")}, nine),
        set_at({k("a"), k("x"), k("w")}, nine), remove_at({k("s")})},
       R"({"a":{"x":{"y":9,"w":9}},"z":null})"},
      {"a removed member set again comes last",
       {remove_at({k("a")}), set_at({k("a")}, nine)},
       R"({"s":"x","z":null,"a":9})"},
      {"the root is replaced", {set_at({}, nine), set_at({k("a")}, nine)}, "9"},
      {"the root is removed", {remove_at({})}, "null"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.because);
    CHECK(write_json(rewrite(base, c.edits)) == c.expected);
  }
  CHECK(write_json(base) == R"({"a":{"b":1,"c":[1,2,3]},"s":"x","z":null})");
  CHECK(write_json(rewrite(JsonView(), {set_at({}, Json::object())})) == "{}");
}

TEST_CASE("many edits of a large object cost no copy each") {
  JsonBuilder out;
  out.begin_object();
  for (int i = 0; i < 20'000; ++i) out.member("k" + std::to_string(i), i);
  out.end_object();
  const Json base = out.take();
  std::vector<JsonEdit> edits;
  for (int i = 0; i < 20'000; ++i) edits.push_back(set_at({"k" + std::to_string(i * 2)}, Json::int64(-i)));
  const Json result = rewrite(base, edits);
  CHECK(result.view().size() == 30'000);
  CHECK(result.view()["k100"].int64() == -50);
  CHECK(result.view()["k101"].int64() == 101);
  CHECK(result.view()["k39998"].int64() == -19'999);
}

TEST_CASE("a path no value can have is left alone") {
  JsonPath path(100'000, k("a"));
  CHECK(write_json(rewrite(Json::object(), {set_at(path, Json::int64(1))})) == "{}");
}

TEST_CASE("at_path follows keys and indices") {
  const Json json = parsed(R"({"spec":{"containers":[{"image":"nginx"}]}})");
  const JsonPath path = {k("spec"), k("containers"), at(0), k("image")};
  CHECK(at_path(json, path).string() == "nginx");
  CHECK(at_path(json, {}) == json.view());
  const JsonPath wrong = {k("spec"), at(0)};
  CHECK_FALSE(at_path(json, wrong).exists());
}

TEST_CASE("paths are printed as people write them") {
  CHECK(to_string({k("spec"), k("containers"), at(0), k("image")}) == "spec.containers[0].image");
  CHECK(to_string({k("metadata"), k("labels"), k("a.b/c")}) == R"(metadata.labels["a.b/c"])");
  CHECK(to_string({k("a/b"), k("c")}) == R"(["a/b"].c)");
  CHECK(to_string({at(3), k("x-y"), k(""), k("0")}) == R"([3].x-y[""]["0"])");
  CHECK(to_string(JsonPath()) == "");
}

}  // namespace
}  // namespace heirloom
