#include <doctest/doctest.h>

#include "schema/schema.h"
#include "schema/testing/json.h"

namespace heirloom::schema {
namespace {

using testing::json;

std::vector<std::string> complaints(std::string_view openapi, bool status_subresource = false) {
  CompileOptions options;
  options.path = "P";
  options.status_subresource = status_subresource;
  const Json text = json(openapi);
  std::vector<std::string> out;
  for (const FieldError& error : compile_schema(text, options).errors)
    out.push_back(error.field + ": " + error.message);
  return out;
}

TEST_CASE("a schema that is not structural is refused as Kubernetes refuses it") {
  struct Row {
    const char* schema;
    std::vector<std::string> told;
  };
  const Row rows[] = {
      {R"({"type":"object","properties":{"spec":{"properties":{"a":{"type":"string"}}}}})",
       {"P.properties[spec].type: Required value: must not be empty for specified object fields"}},
      {R"({"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"text"}}}}})",
       {R"(P.properties[spec].properties[a].type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string")"}},
      {R"({"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string","default":5}}}}})",
       {R"(P.properties[spec].properties[a].default: Invalid value: "integer":  in body must be of type string: "integer")"}},
      {R"({"type":"object","properties":{"l":{"type":"array","x-kubernetes-list-type":"map","items":{"type":"object","properties":{"k":{"type":"string"}}}}}})",
       {"P.properties[l].x-kubernetes-list-map-keys: Required value: must not be empty if "
        "x-kubernetes-list-type is map"}},
      {R"({"type":"object","properties":{"l":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","properties":{"k":{"type":"string"}}}}}})",
       {"P.properties[l].items.properties[k].default: Required value: this property is in "
        "x-kubernetes-list-map-keys, so it must have a default or be a required property"}},
      {R"({"type":"object","properties":{"l":{"type":"array"}}})",
       {"P.properties[l].items: Required value: must be specified"}},
      {R"({"type":"object","properties":{"l":{"type":"array","items":{}}}})",
       {"P.properties[l].items.type: Required value: must not be empty for specified array items"}},
      {R"({})", {"P.type: Required value: must not be empty at the root"}},
      {R"({"type":"object","additionalProperties":{"type":"string"}})",
       {"P.additionalProperties: Forbidden: must not be used at the root"}},
      {R"({"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string"}},"additionalProperties":{"type":"string"}}}})",
       {"P.properties[a].additionalProperties: Forbidden: additionalProperties and properties are mutual "
        "exclusive"}},
      {R"({"type":"object","properties":{"a":{"type":"array","uniqueItems":true,"items":{"type":"string"}}}})",
       {"P.properties[a].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime "
        "complexity becomes quadratic"}},
      {R"({"type":"object","properties":{"a":{"type":"string","$ref":"#/x"}}})",
       {"P.properties[a].$ref: Forbidden: $ref is not supported"}},
      {R"({"type":"object","properties":{"a":{"type":"integer","anyOf":[{"type":"integer"}]}}})",
       {"P.properties[a].anyOf[0].type: Forbidden: must be empty to be structural"}},
      {R"({"type":"object","anyOf":[{"properties":{"zz":{"minimum":1}}}]})",
       {"P.properties[zz]: Required value: because it is defined in P.anyOf[0].properties[zz]"}},
      {R"({"type":"object","properties":{"metadata":{"type":"object","properties":{"labels":{"type":"object"}}}}})",
       {"P.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but "
        "metadata is implicitly specified"}},
      {R"({"type":"object","properties":{"t":{"type":"object","x-kubernetes-embedded-resource":true}}})",
       {"P.properties[t].properties: Required value: must not be empty if x-kubernetes-embedded-resource is "
        "true without x-kubernetes-preserve-unknown-fields"}},
      {R"({"type":"object","properties":{"a":{"type":"object","default":{"b":1},"properties":{}}}})",
       {R"(P.properties[a].default: Invalid value: map[string]interface {}{"b":1}: must not have unknown fields)"}},
      {R"({"type":"object","properties":{"a":{"type":"string","x-kubernetes-list-type":"list"}}})",
       {R"(P.properties[a].type: Invalid value: "string": must be array if x-kubernetes-list-type is specified)",
        R"(P.properties[a].x-kubernetes-list-type: Unsupported value: "list": supported values: "atomic", "set", "map")"}},
      {R"({"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string","default":"x"}},"required":["b"],"default":{}}}})",
       {"P.properties[a].default.b: Required value"}},
      {R"({"type":"object","properties":{"a":{"type":"null"}}})",
       {"P.properties[a].type: Forbidden: type cannot be set to null, use nullable as an alternative",
        R"(P.properties[a].type: Unsupported value: "null": supported values: "array", "boolean", "integer", "number", "object", "string")"}},
      {R"({"type":"object","properties":{"l":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["z"],"items":{"type":"object"}}}})",
       {R"(P.properties[l].x-kubernetes-list-map-keys: Invalid value: []string{"z"}: entries must all be names of item properties)"}},
      {R"({"type":"object","properties":{"metadata":{"type":"object","properties":{"name":{"type":"string","default":"x"}}}}})",
       {"P.properties[metadata].properties[name].default: Forbidden: must not be set in top-level metadata"}},
      {R"({"type":"object","properties":5})", {"P.properties: Invalid value: 5: must be of type object"}},
      {R"([])", {"P: Invalid value: []interface {}{}: must be an object"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.schema);
    CHECK(complaints(row.schema) == row.told);
  }
  CHECK(
      complaints(R"({"type":"string"})", true) ==
      std::vector<std::string>{
          R"(P.type: Invalid value: "string": only "object" is allowed as the type at the root of the schema if the status subresource is enabled)",
          R"(P.type: Invalid value: "string": must be object at the root)"});
  const std::vector<std::string> pattern =
      complaints(R"({"type":"object","properties":{"a":{"type":"string","pattern":"("}}})");
  REQUIRE(pattern.size() == 1);
  CHECK(pattern[0].starts_with(
      "P.properties[a].pattern: Invalid value: \"(\": must be a valid regular expression, but isn't: "));
}

TEST_CASE("what is structural compiles") {
  for (
      const char* fine : {
          R"({"type":"object"})",
          R"({"type":"object","x-kubernetes-preserve-unknown-fields":true})",
          R"({"type":"object","properties":{"p":{"anyOf":[{"type":"integer"},{"type":"string"}],"x-kubernetes-int-or-string":true}}})",
          R"({"type":"object","properties":{"p":{"x-kubernetes-int-or-string":true,"allOf":[{"anyOf":[{"type":"integer"},{"type":"string"}]},{"pattern":"^a"}]}}})",
          R"({"type":"object","properties":{"metadata":{"type":"object","properties":{"name":{"type":"string","maxLength":5}}}}})",
          R"({"type":"object","properties":{"a":{"type":"object","additionalProperties":true}}})",
          R"({"type":"object","properties":{"a":{"type":"object","default":{},"properties":{"b":{"type":"string","default":"x"}}}}})",
          R"({"type":"object","required":["spec"],"properties":{"spec":{"type":"object","nullable":true}}})",
      }) {
    CAPTURE(fine);
    CHECK(complaints(fine).empty());
  }
}

TEST_CASE("depth and size are bounded") {
  std::string deep = R"({"type":"object")", close = "}";
  for (int i = 0; i < kMaxSchemaDepth + 5; ++i) {
    deep += R"(,"properties":{"a":{"type":"object")";
    close += "}}";
  }
  const std::vector<std::string> told = complaints(deep + close);
  REQUIRE_FALSE(told.empty());
  CHECK(told[0].find("is nested deeper than 128 levels") != std::string::npos);
}

TEST_CASE("nodes know how to merge and what they mean") {
  const Schema schema = testing::schema(R"({"type":"object","properties":{
    "q":{"anyOf":[{"type":"integer"},{"type":"string"}],"x-kubernetes-int-or-string":true,
         "pattern":"^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$"},
    "p":{"x-kubernetes-int-or-string":true},
    "t":{"type":"string","format":"date-time"},
    "m":{"type":"object","additionalProperties":{"type":"string"}},
    "l":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"}}}}}})");
  const Node& root = schema.root();
  CHECK(root.property("q")->form == Form::Quantity);
  CHECK(root.property("p")->form == Form::IntOrString);
  CHECK(root.property("t")->form == Form::Time);
  CHECK(root.property("m")->is_map());
  CHECK(root.member("none") == nullptr);
  CHECK(root.property("m")->member("any")->type == Type::String);
  REQUIRE(root.property("l")->merge_keys().size() == 1);
  CHECK(root.property("metadata")->property("finalizers")->is_set());
  CHECK_FALSE(root.property("m")->empty_is_absent);
  CHECK(root.property("metadata")->property("labels")->empty_is_absent);
  CHECK(schema.memory_bytes() < 20'000);
}

TEST_CASE("one Status tells all causes") {
  const Result<Schema> compiled = compile(json(R"({"type":"object","properties":{"a":{},"b":{}}})"));
  REQUIRE_FALSE(compiled.ok());
  CHECK(compiled.status().code() == 422);
  CHECK(compiled.status().details().causes.size() == 2);
}

}  // namespace
}  // namespace heirloom::schema
