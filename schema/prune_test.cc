#include "schema/prune.h"

#include <doctest/doctest.h>

#include "schema/defaults.h"
#include "schema/testing/json.h"

namespace heirloom::schema {
namespace {

using testing::json;

// The definition of the recorded scenario crd-pruning-defaults of a real kube-apiserver, and its answers.
const Schema& prunes() {
  static const Schema kSchema = testing::schema(R"({"type":"object","properties":{
    "spec":{"type":"object","properties":{
      "known":{"type":"string"},
      "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{
        "strict":{"type":"object","properties":{"a":{"type":"string"}}}}},
      "nested":{"type":"object","default":{},"properties":{
        "level":{"type":"integer","default":3},
        "list":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"weight":{"type":"integer","default":10}}}}}},
      "map":{"type":"object","additionalProperties":{"type":"object","properties":{"v":{"type":"integer","default":5}}}},
      "opt":{"type":"object","properties":{"inner":{"type":"string","default":"x"}}},
      "flag":{"type":"boolean","default":false},
      "maybe":{"type":"string","nullable":true,"default":"m"},
      "words":{"type":"array","default":["a","b"],"items":{"type":"string"}},
      "template":{"type":"object","x-kubernetes-embedded-resource":true,"properties":{"spec":{"type":"object"}}}}},
    "status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}})");
  return kSchema;
}

TEST_CASE("unknown fields go, known and preserved ones stay") {
  struct Row {
    const char* object;
    const char* pruned;
    const char* because;
  };
  const Row rows[] = {
      {R"({"apiVersion":"v1","kind":"K","metadata":{"name":"a","color":"red"},"extra":{"x":1}})",
       R"({"apiVersion":"v1","kind":"K","metadata":{"name":"a"}})", "at the root and in metadata"},
      {R"({"spec":{"known":"k","unknown":1,"nested":{"level":1,"extra":"x","list":[{"name":"n","more":true}]}}})",
       R"({"spec":{"known":"k","nested":{"level":1,"list":[{"name":"n"}]}}})", "at every level"},
      {R"({"spec":{"free":{"any":{"thing":[1,{"x":null}]},"strict":{"a":"1","b":"2"}}}})",
       R"({"spec":{"free":{"any":{"thing":[1,{"x":null}]},"strict":{"a":"1"}}}})",
       "declared inside preserved"},
      {R"({"spec":{"map":{"m":{"v":1,"w":2}}}})", R"({"spec":{"map":{"m":{"v":1}}}})", "in map values"},
      {R"({"status":{"any":{"x":[1,2]},"f":1.25}})", R"({"status":{"any":{"x":[1,2]},"f":1.25}})",
       "preserved"},
      {R"({"spec":{"template":{"apiVersion":"v1","kind":"K","metadata":{"name":"n","x":1},"spec":{"y":1},"z":1}}})",
       R"({"spec":{"template":{"apiVersion":"v1","kind":"K","metadata":{"name":"n"},"spec":{}}}})",
       "embedded"},
      {R"({"metadata":{"managedFields":[{"manager":"m","fieldsV1":{"f:a":{}}}]}})",
       R"({"metadata":{"managedFields":[{"manager":"m","fieldsV1":{"f:a":{}}}]}})", "managed fields"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    const Json object = json(row.object);
    const Json pruned = prune(object, prunes());
    CHECK(write_json(pruned) == row.pruned);
    CHECK(unknown_fields(object, prunes()).empty() == (pruned == object));
  }
  CHECK(unknown_fields(json(R"({"a":1,"spec":{"nested":{"list":[{},{"x":1}]}}})"), prunes()) ==
        std::vector<std::string>{"a", "spec.nested.list[1].x"});
}

TEST_CASE("a schema that knows nothing keeps everything") {
  const Json object = json(R"({"metadata":{"name":"a","odd":1},"spec":{"x":[{"y":1}]}})");
  CHECK(prune(object, Schema()) == object);
}

TEST_CASE("defaults are filled in as a real API server does") {
  struct Row {
    const char* spec;
    const char* filled;
    const char* because;
  };
  const Row rows[] = {
      {R"({})", R"({"flag":false,"maybe":"m","nested":{"level":3},"words":["a","b"]})",
       "also inside a default"},
      {R"({"opt":{},"maybe":"m"})",
       R"({"opt":{"inner":"x"},"maybe":"m","flag":false,"nested":{"level":3},"words":["a","b"]})",
       "a default needs its parent"},
      {R"({"flag":true,"words":[],"maybe":null,"nested":{"level":0}})",
       R"({"flag":true,"words":[],"maybe":null,"nested":{"level":0}})",
       "given values stay, null where it is allowed"},
      {R"({"flag":null,"words":[],"known":null,"maybe":"x","nested":{"level":0}})",
       R"({"flag":false,"words":[],"maybe":"x","nested":{"level":0}})",
       "null counts as absent where it is not allowed"},
      {R"({"nested":{"level":1,"list":[{"name":"x"},{"name":"y","weight":0}]},"map":{"m":{},"n":{"v":1}},"flag":true,"maybe":"x","words":[]})",
       R"({"nested":{"level":1,"list":[{"name":"x","weight":10},{"name":"y","weight":0}]},"map":{"m":{"v":5},"n":{"v":1}},"flag":true,"maybe":"x","words":[]})",
       "in list elements and map values"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    const Json object = Json::object({{"spec", json(row.spec)}});
    const Json filled = apply_defaults(object, prunes());
    CHECK(filled["spec"] == json(row.filled).view());
    CHECK(apply_defaults(filled, prunes()) == filled);
  }
  const Json bare = json(R"({"metadata":{"name":"d"}})");
  CHECK(apply_defaults(bare, prunes()) == bare);
}

}  // namespace
}  // namespace heirloom::schema
