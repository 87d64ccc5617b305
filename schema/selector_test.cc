#include "schema/selector.h"

#include <doctest/doctest.h>

#include "schema/testing/json.h"

namespace heirloom::schema {
namespace {

using testing::json;

struct Labelled {
  const char* name;
  const char* labels;
};

const Labelled kObjects[] = {
    {"api", R"({"app":"api","env":"prod","tier":"back"})"},
    {"job", R"({"app":"job"})"},
    {"plain", "null"},
    {"web", R"({"app":"web","env":"prod","tier":"front","n":"7"})"},
    {"web-dev", R"({"app":"web","env":"dev"})"},
};

std::string selected(const LabelSelector& selector) {
  std::string out;
  for (const Labelled& object : kObjects) {
    const Json labels = json(object.labels);
    if (selector.matches(labels)) out.append(out.empty() ? "" : " ").append(object.name);
  }
  return out;
}

TEST_CASE("label selectors select what a real API server selects") {
  struct Row {
    const char* text;
    const char* selected;
  };
  const Row rows[] = {
      {"app=web", "web web-dev"},
      {"app==web", "web web-dev"},
      {"app!=web", "api job plain"},
      {"app=web,env=prod", "web"},
      {"app in (web,api)", "api web web-dev"},
      {" app  in ( web , job ) ", "job web web-dev"},
      {"env notin (dev)", "api job plain web"},
      {"tier", "api web"},
      {"!tier", "job plain web-dev"},
      {"env,app notin (api),tier!=back", "web web-dev"},
      {"tier=", ""},
      {"", "api job plain web web-dev"},
      {"app=none", ""},
      {"n>5", "web"},
      {"n>7", ""},
      {"n<8", "web"},
      {"app>5", ""},
      {"app in (in,notin)", ""},
      {"tier in ()", ""},
      {"tier notin (,front)", "api job plain web-dev"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<LabelSelector> selector = LabelSelector::parse(row.text);
    REQUIRE(selector.ok());
    CHECK(selected(*selector) == row.selected);
    const Result<LabelSelector> again = LabelSelector::parse(selector->to_string());
    REQUIRE(again.ok());
    CHECK(*again == *selector);
  }
}

TEST_CASE("a label selector that does not parse says what Kubernetes says") {
  struct Row {
    const char* text;
    const char* message;
  };
  const Row rows[] = {
      {"a in (b", "unable to parse requirement: found '', expected: ',' or ')'"},
      {"app=a b", "found 'b', expected: ',' or 'end of string'"},
      {"app~web",
       "unable to parse requirement: invalid label key \"app~web\": name part must consist of alphanumeric "
       "characters, "
       "'-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or "
       "'my.name',  or "
       "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"},
      {"a,", "found '', expected: identifier after ','"},
      {",a", "found ',', expected: !, identifier, or 'end of string'"},
      {"!", "unable to parse requirement: found '', expected: identifier"},
      {"a in b", "unable to parse requirement: found 'b' expected: '('"},
      {"a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"},
      {"a>b", "unable to parse requirement: for 'Gt', 'Lt' operators, the value must be an integer"},
      {"a b", "unable to parse requirement: found 'b', expected: '=', '!=', '==', 'in', notin'"},
      {"a=(", "unable to parse requirement: found '(', expected: identifier"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<LabelSelector> selector = LabelSelector::parse(row.text);
    REQUIRE_FALSE(selector.ok());
    CHECK(selector.status().code() == 400);
    CHECK(selector.status().message() == row.message);
  }
  CHECK_FALSE(LabelSelector::parse(std::string(kMaxSelectorBytes + 1, 'a')).ok());
  CHECK_FALSE(LabelSelector::parse("a=" + std::string(64, 'x')).ok());
}

TEST_CASE("LabelSelector objects") {
  struct Row {
    const char* selector;
    const char* selected;
  };
  const Row rows[] = {
      {R"({"matchLabels":{"app":"web","env":"dev"}})", "web-dev"},
      {R"({"matchExpressions":[{"key":"tier","operator":"Exists"}]})", "api web"},
      {R"({"matchExpressions":[{"key":"tier","operator":"DoesNotExist"}]})", "job plain web-dev"},
      {R"({"matchLabels":{"app":"web"},"matchExpressions":[{"key":"env","operator":"In","values":["prod","x"]}]})",
       "web"},
      {R"({"matchExpressions":[{"key":"env","operator":"NotIn","values":["prod"]}]})", "job plain web-dev"},
      {"{}", "api job plain web web-dev"},
      {"null", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.selector);
    const Json object = json(row.selector);
    const Result<LabelSelector> selector = LabelSelector::from_json(object);
    REQUIRE(selector.ok());
    CHECK(selected(*selector) == row.selected);
  }
  for (const char* bad :
       {R"({"matchExpressions":[{"key":"a","operator":"Near"}]})",
        R"({"matchExpressions":[{"key":"a","operator":"In"}]})", R"({"matchLabels":{"a b":"c"}})", "[]"}) {
    const Json object = json(bad);
    CHECK_FALSE(LabelSelector::from_json(object).ok());
  }
}

TEST_CASE("field selectors") {
  const Json object =
      json(R"({"metadata":{"name":"web","namespace":"tr"},"status":{"phase":"a,b"},"spec":{"on":true}})");
  struct Row {
    const char* text;
    bool matches;
  };
  const Row rows[] = {
      {"metadata.name=web", true},
      {"metadata.name==web", true},
      {"metadata.name!=web", false},
      {"metadata.name=web,metadata.namespace=tr", true},
      {"metadata.name=web,metadata.namespace=x", false},
      {"status.phase=a\\,b", true},
      {"spec.on=true", true},
      {"spec.missing=", true},
      {"spec.missing!=x", true},
      {"", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<FieldSelector> selector = FieldSelector::parse(row.text);
    REQUIRE(selector.ok());
    CHECK(selector->matches(object) == row.matches);
    CHECK(*FieldSelector::parse(selector->to_string()) == *selector);
  }
  CHECK(FieldSelector::parse("abc").status().message() == "invalid selector: 'abc'; can't understand 'abc'");
  CHECK(FieldSelector::parse("a=b=c").status().message() ==
        "invalid field selector: unescaped character in value: 61");
  CHECK(FieldSelector::parse("a=b\\x").status().message() ==
        "invalid field selector: invalid escape sequence: \\x");
  const std::vector<std::string> known = {"metadata.name", "metadata.namespace"};
  CHECK(FieldSelector::parse("spec.x=1")->check_fields(known).message() ==
        "\"spec.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
  CHECK(FieldSelector::parse("metadata.name=web")->check_fields(known).ok());
  CHECK(*FieldSelector::parse("metadata.name=web")->required_value("metadata.name") == "web");
  CHECK(FieldSelector::parse("metadata.name!=web")->required_value("metadata.name") == nullptr);
}

}  // namespace
}  // namespace heirloom::schema
