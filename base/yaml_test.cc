#include "base/yaml.h"

#include <doctest/doctest.h>

#include "base/random.h"

namespace heirloom {
namespace {

std::string as_json(std::string_view yaml) {
  const Result<Json> json = parse_yaml(yaml);
  return json.ok() ? write_json(*json) : json.status().message();
}

TEST_CASE("plain scalars are typed as kubectl types them") {
  struct Case {
    std::string_view yaml, json;
  };
  const Case cases[] = {
      {"yes", "true"},
      {"Y", "true"},
      {"on", "true"},
      {"True", "true"},
      {"no", "false"},
      {"OFF", "false"},
      {"yEs", "\"yEs\""},
      {"017", "15"},
      {"0o17", "15"},
      {"08", "8"},
      {"0x1F", "31"},
      {"0b101", "5"},
      {"-0x1f", "-31"},
      {"-0b11", "-3"},
      {"+12", "12"},
      {"1_000", "1000"},
      {"_1", "\"_1\""},
      {"0x", "\"0x\""},
      {"-", "[null]"},
      {"+", "\"+\""},
      {"1:30", "\"1:30\""},
      {"190:20:30", "\"190:20:30\""},
      {"2001-01-01", "\"2001-01-01\""},
      {"2001-12-14t21:59:43.10-05:00", "\"2001-12-14t21:59:43.10-05:00\""},
      {"1.0", "1"},
      {"1e3", "1000"},
      {"1.5", "1.5"},
      {".5", "0.5"},
      {"1.", "1"},
      {"-.5", "-0.5"},
      {"+.5", "0.5"},
      {".5e", "\".5e\""},
      {".", "\".\""},
      {".9_6", "\".9_6\""},
      {"1_0.5", "10.5"},
      {"1e400", "\"1e400\""},
      {"1e-400", "0"},
      {"1e21", "1e+21"},
      {"1e20", "100000000000000000000"},
      {"0.1e-6", "1e-7"},
      {"-0.0", "0"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"18446744073709551615", "18446744073709551615"},
      {"18446744073709551616", "18446744073709552000"},
      {"+18446744073709551615", "18446744073709552000"},
      {"-9223372036854775809", "-9223372036854776000"},
      {"0xFFFFFFFFFFFFFFFF", "18446744073709551615"},
      {"0x1FFFFFFFFFFFFFFFF", "\"0x1FFFFFFFFFFFFFFFF\""},
      {"1.2.3", "\"1.2.3\""},
      {"1e", "\"1e\""},
      {"1k", "\"1k\""},
      {"0.5Gi", "\"0.5Gi\""},
      {"inf", "\"inf\""},
      {"nan", "\"nan\""},
      {"0x1p3", "\"0x1p3\""},
      {"=", "\"=\""},
      {"'yes'", "\"yes\""},
      {"\"1\"", "\"1\""},
      {"|\n  1\n", "\"1\\n\""},
      {"!!str 1", "\"1\""},
      {"!!int '7'", "7"},
      {"!!float 1", "1"},
      {"!!bool yes", "true"},
      {"!custom 1", "\"1\""},
      {"!!binary aGk=", "\"hi\""},
      {"!!timestamp 2001-01-01", "\"2001-01-01\""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.yaml);
    CHECK(as_json("v: " + std::string(c.yaml == "-" ? "[~]" : c.yaml)) ==
          "{\"v\":" + std::string(c.json) + "}");
  }
}

TEST_CASE("structure, keys, merges and aliases") {
  struct Case {
    std::string_view because, yaml, json;
  };
  const Case cases[] = {
      {"nulls", "a:\nb: ~\nc: null\nd: Null", R"({"a":null,"b":null,"c":null,"d":null})"},
      {"keys become strings", "1: a\ntrue: b\n017: c\n1.5: d\n1234567.5: e\n'x y': f\nyes: g",
       R"({"1":"a","15":"c","1.5":"d","1.2345675e+06":"e","x y":"f","true":"g"})"},
      {"repeated keys", "a: 1\nb: 2\na: 3", R"({"b":2,"a":3})"},
      {"an alias", "a: &x [1, {b: c}]\nd: *x", R"({"a":[1,{"b":"c"}],"d":[1,{"b":"c"}]})"},
      {"an anchor can be used again", "a: &x 1\nb: *x\nc: &x 2\nd: *x", R"({"a":1,"b":1,"c":2,"d":2})"},
      {"own keys win over merged ones", "x: &x {a: 1, b: 1}\nw: {b: 2, <<: *x}\nz: {<<: *x, b: 3}",
       R"({"x":{"a":1,"b":1},"w":{"a":1,"b":2},"z":{"a":1,"b":3}})"},
      {"of several merged maps the first wins", "v: {<<: [{a: 1}, {a: 2, b: 2}], c: 3}",
       R"({"v":{"b":2,"a":1,"c":3}})"},
      {"merges nest", "x: &x {a: 1}\nw: &w {<<: *x, b: 2}\nz: {<<: *w}",
       R"({"x":{"a":1},"w":{"a":1,"b":2},"z":{"a":1,"b":2}})"},
      {"a quoted << is a key", "v: {'<<': 1}", R"({"v":{"<<":1}})"},
      {"JSON is YAML", "{\"a\": [1.5, \"\\u00e9\\/\", null]}", R"({"a":[1.5,"é/",null]})"},
      {"flow and comments", "# head\na: {b: [1, two, 'three'], c: }\n# tail\n",
       R"({"a":{"b":[1,"two","three"],"c":null}})"},
      {"block scalars", "a: |\n  x\n  y\nb: >-\n  x\n  y\nc: |+\n  x\n\n",
       R"({"a":"x\ny\n","b":"x y","c":"x\n\n"})"},
      {"carriage returns", "a: 1\r\nb: |\r\n  x\r\n  y\r\nc: \"p\r\n  q\"\rd: 1",
       R"({"a":1,"b":"x\ny\n","c":"p q","d":1})"},
      {"no line feed at the end", "a: |\n  x", R"({"a":"x"})"},
      {"a line feed at the end", "a: |\n  x\n", R"({"a":"x\n"})"},
      {"an empty block at the end", "a: |\n", R"({"a":""})"},
      {"keys without values", "a:\n? b\n? c\n:\nd: {e, f: }",
       R"({"a":null,"b":null,"c":null,"d":{"e":null,"f":null}})"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.because);
    const Result<Json> json = parse_yaml(c.yaml);
    CHECK_MESSAGE(json.ok(), json.status().message());
    if (json.ok()) CHECK(write_json(*json) == write_json(*Json::parse(c.json)));
  }
}

TEST_CASE("a stream gives its documents without the empty ones") {
  const Result<std::vector<Json>> documents =
      parse_yaml_documents("---\n# nothing\n---\na: 1\n---\n~\n---\nb: 2\n...\n---\n");
  REQUIRE(documents.ok());
  REQUIRE(documents->size() == 2);
  CHECK(write_json((*documents)[1]) == R"({"b":2})");
  CHECK(parse_yaml_documents("")->empty());
  CHECK(parse_yaml_documents("a: 1\n... # end\n\n# next\nb: 2\n")->size() == 2);
  CHECK(parse_yaml_documents("--- {a: 1}\n--- {b: 2}\n")->size() == 2);
  CHECK(parse_yaml_documents("\uFEFF# bom\n---\na: |\n  x\n---\n\n\n# c\n--- # d\nb: 2")->size() == 2);
  CHECK(parse_yaml_documents("{\"a\":1}\n---\n{\"a\":2}")->size() == 2);
  CHECK_FALSE(parse_yaml("").ok());
  CHECK(parse_yaml("a: 1\n---\nb: 1").status().message() == "expected one YAML document, found 2");
}

TEST_CASE("what is wrong is refused, and hostile text is cheap") {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i)
    laughs += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  std::string chain = "m0: &m0 {k: v}\n";
  for (int i = 1; i < 5000; ++i) chain += fmt::format("m{0}: &m{0} {{<<: *m{1}, k{0}: v}}\n", i, i - 1);
  std::string long_strings = "a: &a " + std::string(1'000'000, 'x') + "\nb: [";
  for (int i = 0; i < 1000; ++i) long_strings += "*a,";
  long_strings += "]";
  std::string nested_aliases = "n0: &n0 {k: v}\n";
  for (int i = 1; i < 600; ++i) nested_aliases += fmt::format("n{0}: &n{0} {{k: *n{1}}}\n", i, i - 1);
  struct Case {
    std::string_view because;
    std::string yaml;
  };
  const Case cases[] = {
      {"an alias inside of its anchor", "a: &x {k: *x}"},
      {"an alias inside of its anchor, as a merge", "a: &x {<<: *x}"},
      {"an unknown alias", "a: *nope"},
      {"aliases that explode", laughs},
      {"merges that explode", chain},
      {"long strings that explode", long_strings},
      {"depth by aliases", nested_aliases},
      {"depth", std::string(100'000, '[')},
      {"depth in blocks",
       [] {
         std::string text;
         for (int i = 0; i < 600; ++i) text += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
         return text;
       }()},
      {"a null key", "~: 1"},
      {"an empty key", "{: 1}"},
      {"a list as key", "? [a]\n: 1"},
      {"infinity", "a: .inf"},
      {"not a number", "a: .NaN"},
      {"merging a string", "<<: x"},
      {"merging null", "a: {<<: ~}"},
      {"merging a list of strings", "a: {<<: [x]}"},
      {"a tag that does not fit", "a: !!int x"},
      {"bad base64", "a: !!binary '***'"},
      {"a control character", "a: b\x01"},
      {"what yaml-cpp takes for the end", "a: b\n\x04: hidden"},
      {"NUL", std::string("a: b\0", 5)},
      {"DEL", "a: \x7F"},
      {"C1", "a: \xC2\x80"},
      {"not UTF-8", "a: \xFF"},
      {"a tab as indentation", "a:\n\tb: 1"},
      {"open quotes", "a: 'x"},
      {"open flow", "a: [1, 2"},
      {"an open double quote", "a: 1\nb: \"x\n"},
      {"an open double quote at the very end", "a: \"x"},
      {"an open single quote", "a: 'x\n"},
      {"a line without its colon", "kind: ConfigMap\nname web\n"},
      {"a line without its colon, further in", "a:\n  b: 1\n  c\nd: 1\n"},
      {"text behind", "a: \"x\" y"},
      {"what yaml-cpp never gets past", ", "},
      {"the same behind a document", "a: 1\n---\n[1], [2]"},
      {"two documents in one line", "{a: 1} {b: 2}"},
      {"two documents with a line between them", "{a: 1}\n{b: 2}"},
      {"a closing bracket", "]"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.because);
    const Result<std::vector<Json>> json = parse_yaml_documents(c.yaml);
    CHECK_FALSE(json.ok());
    if (!json.ok()) CHECK(json.status().code() == 400);
  }
  CHECK(parse_yaml("a: 1\nb: *x").status().message().find("line 2") != std::string::npos);
}

TEST_CASE("YAML is written as kubectl prints it") {
  const Result<Json> json = Json::parse(
      R"({"apiVersion":"v1","data":{"script":"#!/bin/sh\necho hi\n","yes":"yes","n":"012","empty":""},"e":{},"l":[],
          "items":[{"name":"a","ports":[80,443]},[1,[2]],"x: y",null,1.5],"long":"a b c","when":"2001-01-01","t":"1:30"})");
  REQUIRE(json.ok());
  CHECK(write_yaml(*json) == R"(apiVersion: v1
data:
  script: |
    #!/bin/sh
    echo hi
  "yes": "yes"
  "n": "012"
  empty: ""
e: {}
l: []
items:
- name: a
  ports:
  - 80
  - 443
- - 1
  - - 2
- "x: y"
- null
- 1.5
long: a b c
when: 2001-01-01
t: 1:30
)");
  CHECK(write_yaml(Json::string("x")) == "x\n");
  CHECK(write_yaml(Json::object()) == "{}\n");
}

// Strings made of what YAML finds interesting.
std::string awkward_text(Random& random) {
  static const std::string kPieces[] = {"a",
                                        "yes",
                                        "null",
                                        "~",
                                        "1",
                                        "0x1",
                                        "1e3",
                                        ".5",
                                        "_",
                                        " ",
                                        "  ",
                                        ": ",
                                        ":",
                                        " #",
                                        "#",
                                        "- ",
                                        "-",
                                        "?",
                                        "? ",
                                        "[",
                                        "]",
                                        "{",
                                        "}",
                                        ",",
                                        "&",
                                        "*",
                                        "!",
                                        "|",
                                        ">",
                                        "'",
                                        "\"",
                                        "%",
                                        "@",
                                        "`",
                                        "\\",
                                        "\n",
                                        "\n\n",
                                        "\n ",
                                        "\t",
                                        "\r",
                                        "---",
                                        "...",
                                        "<<",
                                        "=",
                                        "é",
                                        "€",
                                        "😀",
                                        "\u0085",
                                        "\u2028",
                                        "\uFEFF",
                                        "\x01",
                                        "\x7F",
                                        "\u0080",
                                        "\uFFFE",
                                        std::string(1, '\0'),
                                        "key",
                                        "text of words",
                                        "\\u00e9",
                                        "$(VAR)",
                                        "{{x}}"};
  std::string text;
  for (std::uint64_t n = random.below(5); n > 0; --n) text += kPieces[random.below(std::size(kPieces))];
  if (random.below(200) == 0) text += std::string(1100, 'k');
  return text;
}

void awkward_value(Random& random, int depth, JsonBuilder& out) {
  switch (random.below(depth > 0 ? 9 : 6)) {
    case 0:
      out.null();
      break;
    case 1:
      out.boolean(random.below(2) == 0);
      break;
    case 2:
      out.int64(static_cast<std::int64_t>(random.next() >> random.below(64)));
      break;
    case 3:
      out.number(static_cast<double>(random.below(1000)) + 0.25);
      break;
    case 4:
      out.uint64(random.next());
      break;
    case 5:
      out.string(awkward_text(random));
      break;
    case 6: {
      out.begin_array();
      for (std::uint64_t n = random.below(5); n > 0; --n) awkward_value(random, depth - 1, out);
      out.end_array();
      break;
    }
    default: {
      out.begin_object();
      for (std::uint64_t n = random.below(5); n > 0; --n) {
        out.key(awkward_text(random));
        awkward_value(random, depth - 1, out);
      }
      out.end_object();
    }
  }
}

TEST_CASE("any value written as YAML reads back equal") {
  SeededRandom random(1);
  for (int i = 0; i < 4000; ++i) {
    JsonBuilder out;
    awkward_value(random, 4, out);
    const Json json = out.take();
    if (json.is_null()) continue;
    const std::string yaml = write_yaml(json);
    CAPTURE(i);
    CAPTURE(yaml);
    CAPTURE(write_json(json));
    const Result<Json> back = parse_yaml(yaml);
    REQUIRE_MESSAGE(back.ok(), back.status().message());
    REQUIRE(*back == json);
  }
}

TEST_CASE("values of any depth are written, and read back up to the limit") {
  for (const int depth : {99, 100, 101, 399}) {
    JsonBuilder out;
    for (int i = 0; i < depth; ++i) i % 2 == 0 ? out.begin_object().key("k\u0080") : out.begin_array();
    out.string("\x7F\uFFFF");
    for (int i = depth - 1; i >= 0; --i) i % 2 == 0 ? out.end_object() : out.end_array();
    const Json json = out.take();
    const Result<Json> back = parse_yaml(write_yaml(json));
    REQUIRE_MESSAGE(back.ok(), back.status().message());
    CHECK(*back == json);
  }
  JsonBuilder out;
  for (int i = 0; i < 100'000; ++i) out.begin_array();
  for (int i = 0; i < 100'000; ++i) out.end_array();
  CHECK(write_yaml(out.take()).size() > 200'000);
}

}  // namespace
}  // namespace heirloom
