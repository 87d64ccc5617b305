#include "apis/compact_schema.h"

#include <fstream>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

namespace heirloom {

std::span<const EmbeddedFile> builtin_schema_files();

namespace {

Result<CompactSchema> parse(std::string_view text) {
  const EmbeddedFile file{"test.yaml", text};
  return CompactSchema::parse(std::span<const EmbeddedFile>(&file, 1));
}

// A field as the list of a real server's fields writes it.
std::string written(const CompactField& field) {
  static const std::map<std::string, std::string> kNames = {
      {"quantity", "Quantity"},
      {"int-or-string", "IntOrString"},
      {"time", "Time"},
      {"microtime", "MicroTime"},
      {"bytes", "byte"},
      {"TemplateMeta", "ObjectMeta"},
      {"PersistentVolumeClaimInSet", "PersistentVolumeClaim"},
  };
  const auto named = kNames.find(field.type);
  std::string text = field.shape == CompactField::Shape::List  ? "list "
                     : field.shape == CompactField::Shape::Map ? "map "
                                                               : "";
  text += named == kNames.end() ? field.type : named->second;
  if (field.required) text += " required";
  if (field.retain_keys) text += " retain-keys";
  if (field.merge) text += " merge=" + field.merge_key;
  for (std::size_t i = 0; i < field.map_keys.size(); ++i)
    text += (i == 0 ? " keys=" : ",") + field.map_keys[i];
  if (!field.map_keys.empty()) text += " list=map";
  if (!field.list_type.empty()) text += " list=" + field.list_type;
  return text;
}

// Where we differ from that release on purpose.
const std::map<std::string, std::string> kDifferences = {
    // Any object there; the server compiles the schema inside.
    {"ManagedFieldsEntry.fieldsV1", "any"},
    {"CustomResourceSubresources.status", "any"},
    // Later releases, and what the API server itself demands.
    {"CustomResourceDefinitionStatus.conditions",
     "list CustomResourceDefinitionCondition keys=type list=map"},
    {"LabelSelectorRequirement.key", "string required"},
    {"EphemeralContainer.ports",
     "list ContainerPort merge=containerPort keys=containerPort,protocol list=map"},
    {"CronJobStatus.active", "list ObjectReference list=atomic"},
};

}  // namespace

TEST_CASE("a field is read as it is written") {
  struct Row {
    const char* text;
    const char* written;
  };
  const Row rows[] = {
      {"string", "string"},
      {"int32!", "int32 required"},
      {"list Container! merge=name", "list Container required merge=name"},
      {"list string merge", "list string merge="},
      {"map quantity", "map Quantity"},
      {"list Volume merge=name retain-keys", "list Volume retain-keys merge=name"},
      {"list Port merge=port keys=port,protocol", "list Port merge=port keys=port,protocol list=map"},
      {"list string atomic", "list string list=atomic"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto field = parse_compact_field("f", row.text);
    REQUIRE(field.ok());
    CHECK(written(*field) == row.written);
  }
}

TEST_CASE("a default is YAML") {
  CHECK(*parse_compact_field("f", "int32 = 3")->default_value == Json::int64(3));
  CHECK(*parse_compact_field("f", "quantity = \"0\"")->default_value == Json::string("0"));
  CHECK(*parse_compact_field("f", "int-or-string = 25%")->default_value == Json::string("25%"));
  CHECK(*parse_compact_field("f", "T = {a: {}}")->default_value == Json::object({{"a", Json::object()}}));
  CHECK(parse_compact_field("f", "time = null")->default_value->is_null());
}

TEST_CASE("mistakes in descriptions are named") {
  const auto message = [](std::string_view text) {
    const auto schema = parse(text);
    return schema.ok() ? std::string() : schema.status().message();
  };
  CHECK(message("types: {A: {b: string wonderful}}").find("\"wonderful\" is no attribute") !=
        std::string::npos);
  CHECK(message("types: {A: {b: string wonderful}}").find("test.yaml: A: field b") != std::string::npos);
  CHECK(message("types: {A: {b: list}}").find("has no type") != std::string::npos);
  CHECK(message("types: {A: {b: B}, B: {c: list A}}").find("contains itself") != std::string::npos);
  CHECK(parse("types: {A: {b: B}}")->openapi("C", JsonView(), CompactSchema::Reader::Clients).ok() == false);
}

TEST_CASE("a kind becomes OpenAPI, for clients and for the compiler") {
  const auto schema = parse(
      "types: {A: {spec: S}, S: {count: int32! lenient, q: quantity, t: time = null, l: 'list E merge=k = "
      "[]', e: "
      "'string "
      "enum=X|Y = X'}, E: {k: string!}}");
  REQUIRE(schema.ok());
  const auto clients = schema->openapi("A", JsonView(), CompactSchema::Reader::Clients);
  const auto compiler = schema->openapi("A", JsonView(), CompactSchema::Reader::Compiler);
  REQUIRE(clients.ok());
  REQUIRE(compiler.ok());
  const JsonView spec = clients->view()["properties"]["spec"];
  CHECK(write_json(spec["required"]) == "[\"count\"]");
  CHECK(write_json(spec["properties"]["q"]) == R"({"type":"string","format":"quantity"})");
  CHECK(
      write_json(spec["properties"]["l"]) ==
      R"({"x-kubernetes-patch-strategy":"merge","x-kubernetes-patch-merge-key":"k","default":[],"type":"array",)"
      R"("items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"}}}})");
  CHECK(write_json(spec["properties"]["e"]) == R"({"default":"X","enum":["X","Y"],"type":"string"})");
  CHECK_FALSE(spec["properties"]["t"].contains("default"));
  const JsonView compiled = compiler->view()["properties"]["spec"];
  CHECK_FALSE(compiled.contains("required"));
  CHECK(compiled["properties"]["t"]["default"].is_null());
  CHECK_FALSE(compiled["properties"]["q"].contains("type"));
}

TEST_CASE("an override replaces one field of one kind") {
  const auto schema = parse("types: {A: {spec: S}, S: {count: int32}}");
  REQUIRE(schema.ok());
  const Json overrides = Json::object({{"spec.count", "int32 = 7"}});
  const auto kind = schema->openapi("A", overrides, CompactSchema::Reader::Clients);
  REQUIRE(kind.ok());
  CHECK(kind->view()["properties"]["spec"]["properties"]["count"]["default"].int64() == 7);
}

TEST_CASE("every field of a real server is described, with its type and merge keys") {
  const auto schema = CompactSchema::parse(builtin_schema_files());
  REQUIRE_MESSAGE(schema.ok(), schema.status().message());
  std::ifstream file("apis/testdata/kubernetes-1.20-fields.txt");
  REQUIRE(file.good());
  int checked = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t dot = line.find('.'), space = line.find(' ');
    REQUIRE(dot < space);
    const std::string type = line.substr(0, dot), name = line.substr(dot + 1, space - dot - 1);
    // Of the kinds themselves only what is theirs is described.
    if (name == "apiVersion" || name == "kind" || name == "metadata") {
      const auto own = schema->types().find(type);
      if (own != schema->types().end() && (own->second.empty() || own->second[0].name != name)) {
        bool described = false;
        for (const CompactField& field : own->second) described = described || field.name == name;
        if (!described) continue;
      }
    }
    CAPTURE(line);
    const auto found = schema->types().find(type);
    if (found == schema->types().end()) {
      FAIL_CHECK("type is missing");
      continue;
    }
    const CompactField* field = nullptr;
    for (const CompactField& each : found->second)
      if (each.name == name) field = &each;
    if (field == nullptr) {
      FAIL_CHECK("field is missing");
      continue;
    }
    const auto differs = kDifferences.find(type + "." + name);
    CHECK(written(*field) == (differs == kDifferences.end() ? line.substr(space + 1) : differs->second));
    ++checked;
  }
  CHECK(checked > 700);
}

}  // namespace heirloom
