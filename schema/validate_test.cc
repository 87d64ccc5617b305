#include "schema/validate.h"

#include <doctest/doctest.h>

#include "schema/testing/json.h"

namespace heirloom::schema {
namespace {

using testing::json;

// The definition of the recorded scenario crd-validation of a real kube-apiserver, and its answers.
const Schema& blueprint() {
  static const Schema kSchema = testing::schema(R"({"type":"object","properties":{
    "spec":{"type":"object","required":["components"],"properties":{
      "components":{"type":"array","minItems":1,"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
        "items":{"type":"object","required":["name","type"],"properties":{
          "name":{"type":"string","pattern":"^[a-z]([-a-z0-9]*[a-z0-9])?$","maxLength":20},
          "type":{"type":"string"},
          "replicas":{"type":"integer","format":"int32","minimum":0,"maximum":10,"default":1},
          "properties":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}},
      "mode":{"type":"string","enum":["auto","manual"],"default":"auto"},
      "paused":{"type":"boolean"},
      "limits":{"type":"object","additionalProperties":{"type":"integer","minimum":1}},
      "tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
      "owner":{"type":"object","x-kubernetes-map-type":"atomic","properties":{"name":{"type":"string"}}},
      "port":{"x-kubernetes-int-or-string":true},
      "weight":{"type":"number","minimum":0,"maximum":1},
      "note":{"type":"string","nullable":true},
      "template":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true}}},
    "status":{"type":"object","properties":{"phase":{"type":"string","enum":["pending","running","failed"]}}}}})");
  return kSchema;
}

std::vector<std::string> told(JsonView object, const Schema& schema) {
  std::vector<std::string> out;
  for (const FieldError& error : validate(object, schema)) out.push_back(error.field + ": " + error.message);
  return out;
}

TEST_CASE("violations are told in the words of kube-apiserver") {
  struct Row {
    const char* spec;
    std::vector<std::string> told;
  };
  const Row rows[] = {
      {R"({"components":[{"name":"web","type":"webservice"}],"weight":1,"port":80,"note":null})", {}},
      {R"({"components":[{"name":"web","type":"webservice"}],"port":"http"})", {}},
      {R"({})", {"spec.components: Required value"}},
      {R"({"components":[{"name":"web","type":"w"},{"name":"x"}]})",
       {"spec.components[1].type: Required value"}},
      {R"({"components":[]})",
       {"spec.components: Invalid value: 0: spec.components in body should have at least 1 items"}},
      {R"({"components":[{"name":"w","type":"w"}],"paused":"yes"})",
       {R"(spec.paused: Invalid value: "string": spec.paused in body must be of type boolean: "string")"}},
      {R"({"components":{"name":"web"}})",
       {R"(spec.components: Invalid value: "object": spec.components in body must be of type array: "object")"}},
      {R"({"components":[{"name":"w","type":"w","replicas":1.5}]})",
       {R"(spec.components[0].replicas: Invalid value: "number": spec.components[0].replicas in body must be of type integer: "number")"}},
      {R"({"components":[{"name":"w","type":"w"}],"mode":"sometimes"})",
       {R"(spec.mode: Unsupported value: "sometimes": supported values: "auto", "manual")"}},
      {R"({"components":[{"name":"Bad Name","type":"w"}]})",
       {R"(spec.components[0].name: Invalid value: "Bad Name": spec.components[0].name in body should match '^[a-z]([-a-z0-9]*[a-z0-9])?$')"}},
      {R"({"components":[{"name":"aaaaaaaaaaaaaaaaaaaaa","type":"w"}]})",
       {R"(spec.components[0].name: Invalid value: "aaaaaaaaaaaaaaaaaaaaa": spec.components[0].name in body should be at most 20 chars long)"}},
      {R"({"components":[{"name":"w","type":"w","replicas":-1}]})",
       {"spec.components[0].replicas: Invalid value: -1: spec.components[0].replicas in body should be "
        "greater than or equal to 0"}},
      {R"({"components":[{"name":"w","type":"w","replicas":11}]})",
       {"spec.components[0].replicas: Invalid value: 11: spec.components[0].replicas in body should be less "
        "than or equal to 10"}},
      {R"({"components":[{"name":"w","type":"w"}],"weight":1.01})",
       {"spec.weight: Invalid value: 1.01: spec.weight in body should be less than or equal to 1"}},
      {R"({"components":[{"name":"w","type":"w"}],"limits":{"cpu":"two"}})",
       {R"(spec.limits.cpu: Invalid value: "string": spec.limits.cpu in body must be of type integer: "string")"}},
      {R"({"components":[{"name":"w","type":"w"}],"limits":{"cpu":0}})",
       {"spec.limits.cpu: Invalid value: 0: spec.limits.cpu in body should be greater than or equal to 1"}},
      {R"({"components":[{"name":"w","type":"w"},{"name":"w","type":"w"}]})",
       {R"(spec.components[1]: Duplicate value: map[string]interface {}{"name":"w"})"}},
      {R"({"components":[{"name":"w","type":"w"}],"tags":["a","b","a"]})",
       {R"(spec.tags[2]: Duplicate value: "a")"}},
      {R"({"components":[{"name":"w","type":"w"}],"port":true})",
       {R"(spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean")"}},
      {R"({"components":[{"name":"w","type":"w"}],"template":{"metadata":{"name":"x"}}})",
       {"spec.template.apiVersion: Required value: must not be empty",
        "spec.template.kind: Required value: must not be empty"}},
      {R"({"components":[{"name":"w","type":"w"}],"paused":null})",
       {R"(spec.paused: Invalid value: "null": spec.paused in body must be of type boolean: "null")"}},
      {R"("oops")", {R"(spec: Invalid value: "string": spec in body must be of type object: "string")"}},
      {R"({"components":[{"name":"web","type":"w","replicas":99},{"type":"x"}],"mode":"no","paused":1})",
       {"spec.components[0].replicas: Invalid value: 99: spec.components[0].replicas in body should be less "
        "than or equal to 10",
        "spec.components[1].name: Required value",
        R"(spec.mode: Unsupported value: "no": supported values: "auto", "manual")",
        R"(spec.paused: Invalid value: "integer": spec.paused in body must be of type boolean: "integer")"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.spec);
    const Json object =
        Json::object({{"metadata", json(R"({"name":"x","labels":{"a":5}})")}, {"spec", json(row.spec)}});
    CHECK(told(object, blueprint()) == row.told);
  }
}

TEST_CASE("compositions") {
  const Schema schema = testing::schema(R"({"type":"object","properties":{"spec":{"type":"object",
    "properties":{"a":{"type":"integer"},"b":{"type":"integer"},"c":{"type":"string"}},
    "anyOf":[{"required":["a"]},{"required":["b"]}],
    "not":{"required":["c"]},
    "oneOf":[{"properties":{"a":{"maximum":5}}},{"properties":{"a":{"minimum":9}}}],
    "allOf":[{"properties":{"b":{"multipleOf":2}}}]}}})");
  struct Row {
    const char* spec;
    std::vector<std::string> told;
  };
  const Row rows[] = {
      {R"({"a":1})", {}},
      {R"({"a":7})",
       {R"(spec: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found none valid)",
        "spec.a: Invalid value: 7: spec.a in body should be less than or equal to 5"}},
      {R"({"b":1})",
       {R"(spec: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives)",
        "spec.b: Invalid value: 1: spec.b in body should be a multiple of 2",
        R"(spec: Invalid value: "": "spec" must validate all the schemas (allOf))"}},
      {R"({"a":1,"c":"x"})", {R"(spec: Invalid value: "": "spec" must not validate the schema (not))"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.spec);
    const Json object = Json::object({{"spec", json(row.spec)}});
    CHECK(told(object, schema) == row.told);
  }
  const Json neither = json(R"({"spec":{}})");
  REQUIRE_FALSE(told(neither, schema).empty());
  CHECK(told(neither, schema)[0] ==
        R"(spec: Invalid value: "": "spec" must validate at least one schema (anyOf))");
}

TEST_CASE("formats") {
  struct Row {
    const char* format;
    const char* good;
    const char* bad;
  };
  const Row rows[] = {
      {"date-time", "2021-03-01T10:00:00Z", "noon"},
      {"date", "2021-03-01", "2021-13-01"},
      {"uuid", "123e4567-e89b-12d3-a456-426614174000", "123"},
      {"ipv4", "10.0.0.1", "10.0.0.256"},
      {"ipv6", "fe80::1", "fe80:::1"},
      {"ipv6", "::", "1:2:3:4:5:6:7"},
      {"ipv6", "::ffff:10.0.0.1", "1::2::3"},
      {"cidr", "10.0.0.0/8", "10.0.0.0/33"},
      {"byte", "YWI=", "YWI"},
      {"email", "a@b.c", "ab.c"},
      {"hostname", "Web.example.com", "a_b"},
      {"mac", "01:23:45:67:89:ab", "01:23"},
      {"mac", "0123.4567.89ab", "0123:4567:89ab"},
      {"uuid", "123e4567e89b12d3a456426614174000", "123e4567-e89b12d3a456426614174000"},
      {"hostname", "web", "a.b1"},
      {"duration", "3 days", "3 eons"},
      {"uri", "https://x.y/z", "not a uri"},
      {"duration", "1h30m", "soon"},
      {"unheard-of", "anything", nullptr},
  };
  for (const Row& row : rows) {
    CAPTURE(row.format);
    CAPTURE(row.good);
    const Json definition = Json::object({{"type", "string"}, {"format", row.format}});
    CompileOptions part;
    part.builtin = true;
    part.resource_root = false;
    const Compiled compiled = compile_schema(definition, part);
    CHECK(validate_value(Json::string(row.good), compiled.schema.root(), "f").empty());
    if (row.bad != nullptr)
      CHECK(validate_value(Json::string(row.bad), compiled.schema.root(), "f").size() == 1);
  }
}

TEST_CASE("validation is bounded") {
  std::string list = R"({"spec":{"components":[)";
  for (int i = 0; i < 1000; ++i) list += "{},";
  list.back() = ']';
  const Json object = json(list + "}}");
  CHECK(validate(object, blueprint()).size() == kMaxFieldErrors);
}

TEST_CASE("a definition may narrow the name") {
  const Schema schema = testing::schema(
      R"({"type":"object","properties":{"metadata":{"type":"object","properties":{"name":{"type":"string","maxLength":3}}}}})");
  CHECK(told(json(R"({"metadata":{"name":"abc","labels":{"x":"y"}}})"), schema).empty());
  CHECK(told(json(R"({"metadata":{"name":"abcd"}})"), schema).size() == 1);
}

}  // namespace
}  // namespace heirloom::schema
