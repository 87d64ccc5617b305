#include "schema/field_set.h"

#include <doctest/doctest.h>

#include "schema/testing/json.h"

namespace heirloom::schema {
namespace {

using testing::json;

TEST_CASE("fields are recorded compactly and without values") {
  struct Row {
    const char* manifest;
    const char* fields;
  };
  const Row rows[] = {
      {R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n","namespace":"m"}})", "{}"},
      {R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n","labels":{"b":"2","a":"1"}},"data":{"k":"secret"}})",
       R"({"data":{"k":1},"metadata":{"labels":{"a":1,"b":1}}})"},
      {R"({"apiVersion":"v1","kind":"Secret","stringData":{"k":"secret"}})", R"({"data":{"k":1}})"},
      {R"({"apiVersion":"v1","kind":"Pod","metadata":{"finalizers":["a/b"]},"spec":{"containers":[{"name":"web","ports":[{"containerPort":80}],"env":[]}],"volumes":[{"name":"v","emptyDir":{}}],"tolerations":[{"key":"k"}]}})",
       R"({"metadata":{"finalizers":[[],"a/b",1]},"spec":{"containers":[["name"],"web",{"name":1,"ports":[["containerPort","protocol"],[80,"TCP"],{"containerPort":1}]}],"tolerations":[["key","operator","value","effect"],["k","Equal","",""],{"key":1}],"volumes":[["name"],"v",{"emptyDir":1,"name":1}]}})"},
      {R"({"apiVersion":"x/v1","kind":"Any","spec":{"list":[{"name":"a"}],"n":null}})",
       R"({"spec":{"list":1}})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.manifest);
    const Json manifest = json(row.manifest);
    const FieldSet fields = declared_fields(manifest, nullptr);
    CHECK(write_json(fields.to_json()) == row.fields);
    const Result<FieldSet> again = FieldSet::from_json(fields.to_json());
    REQUIRE(again.ok());
    CHECK(*again == fields);
  }
}

TEST_CASE("malformed records are refused") {
  for (const char* bad :
       {R"("x")", "null", "[1]", R"([["name"],"web"])", R"({"a":null})", R"({"a":[[],"k",true]})"}) {
    CAPTURE(bad);
    CHECK_FALSE(FieldSet::from_json(json(bad)).ok());
  }
  std::string deep, close;
  for (int i = 0; i < 100; ++i) {
    deep += R"({"a":)";
    close += "}";
  }
  CHECK_FALSE(FieldSet::from_json(json(deep + "1" + close)).ok());
  // A manifest that deep is recorded down to the limit.
  const FieldSet fields = declared_fields(json(deep + "1" + close), nullptr);
  CHECK(FieldSet::from_json(fields.to_json()).ok());
}

TEST_CASE("leaves are counted") {
  const FieldSet fields = declared_fields(
      json(R"({"kind":"X","spec":{"a":1,"b":{"c":2,"d":{}}},"metadata":{"finalizers":["x/y"]}})"), nullptr);
  CHECK(fields.leaf_count() == 4);
  CHECK(fields.find("spec")->find("b")->find("c")->is_leaf());
  CHECK(fields.find("nothing") == nullptr);
}

}  // namespace
}  // namespace heirloom::schema
