#include "schema/names.h"

#include <doctest/doctest.h>

#include "schema/testing/json.h"

namespace heirloom::schema {
namespace {

using testing::json;

constexpr const char* kLabelKey =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

TEST_CASE("messages are Kubernetes' own") {
  CHECK(check_qualified_name("bad key") == Complaints{kLabelKey});
  CHECK(
      check_label_value("not valid!") ==
      Complaints{
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
          "must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
          "regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"});
  CHECK(
      check_dns1123_subdomain("Bad_") ==
      Complaints{
          "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
          "and "
          "must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation "
          "is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"});
  CHECK(
      check_dns1035_label("Wrongs") ==
      Complaints{"a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
                 "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
                 "'abc-123', regex "
                 "used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"});
  CHECK(check_dns1123_label(std::string(64, 'n')) == Complaints{"must be no more than 63 characters"});
  CHECK(check_path_segment_name("tr/slash") == Complaints{"may not contain '/'"});
  CHECK(check_path_segment_name("..") == Complaints{"may not be '..'"});
}

TEST_CASE("what is a valid name") {
  struct Row {
    NameCheck check;
    const char* value;
    bool fine;
  };
  const Row rows[] = {
      {check_dns1123_label, "web-1", true},
      {check_dns1123_label, "1web", true},
      {check_dns1123_label, "a.b", false},
      {check_dns1123_label, "", false},
      {check_dns1123_label, "-a", false},
      {check_dns1123_label, "a-", false},
      {check_dns1123_subdomain, "a.b-c.d", true},
      {check_dns1123_subdomain, "a..b", false},
      {check_dns1123_subdomain, ".a", false},
      {check_dns1123_subdomain, "a.", false},
      {check_dns1035_label, "a1", true},
      {check_dns1035_label, "1a", false},
      {check_qualified_name, "app", true},
      {check_qualified_name, "example.com/App_1", true},
      {check_qualified_name, "/a", false},
      {check_qualified_name, "a/", false},
      {check_qualified_name, "a/b/c", false},
      {check_qualified_name, "UP.com/a", false},
      {check_label_value, "", true},
      {check_label_value, "a_b.C-1", true},
      {check_label_value, "a b", false},
      {check_label_value, "-a", false},
      {check_path_segment_name, "system:node", true},
      {check_path_segment_name, "a%b", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.value);
    CHECK(row.check(row.value).empty() == row.fine);
  }
}

TEST_CASE("generated names fit 63 characters") {
  CHECK(generated_name("job-", "abcde") == "job-abcde");
  CHECK(generated_name(std::string(70, 'p'), "abcde") == std::string(58, 'p') + "abcde");
  CHECK(check_generate_name("job-", check_dns1123_label).empty());
  CHECK_FALSE(check_generate_name("Bad_", check_dns1123_label).empty());
}

TEST_CASE("metadata is checked as a whole") {
  struct Row {
    const char* metadata;
    MetaRules rules;
    std::vector<std::string> fields;
    const char* because;
  };
  MetaRules cluster;
  cluster.namespaced = false;
  MetaRules custom;
  custom.standard_finalizers = false;
  const Row rows[] = {
      {R"({"name":"a","namespace":"n","labels":{"a/b":"c"},"annotations":{"A.com/x":"any thing"}})",
       {},
       {},
       "fine"},
      {R"({"namespace":"n"})", {}, {"metadata.name"}, "a name is required"},
      {R"({"name":"a"})", {}, {"metadata.namespace"}, "a namespace is required"},
      {R"({"name":"a","namespace":"n"})", cluster, {"metadata.namespace"}, "no namespace on cluster kinds"},
      {R"({"name":"A","generateName":"A","namespace":"n"})",
       {},
       {"metadata.generateName", "metadata.name"},
       "both"},
      {R"({"name":"a","namespace":"n","labels":{"x":"not valid!"}})", {}, {"metadata.labels"}, "label value"},
      {R"({"name":"a","namespace":"n","annotations":{"bad key":"x"}})",
       {},
       {"metadata.annotations"},
       "annotation"},
      {R"({"name":"a","namespace":"n","finalizers":["bare"]})",
       {},
       {"metadata.finalizers[0]"},
       "bare finalizer"},
      {R"({"name":"a","namespace":"n","finalizers":["bare"]})", custom, {}, "custom resources may"},
      {R"({"name":"a","namespace":"n","finalizers":["orphan","foregroundDeletion"]})",
       {},
       {"metadata.finalizers"},
       "both"},
      {R"({"name":"a","namespace":"n","ownerReferences":[{"kind":"K","name":"x"}]})",
       {},
       {"metadata.ownerReferences.apiVersion", "metadata.ownerReferences.uid"},
       "incomplete owner"},
      {R"({"name":"a","namespace":"n","ownerReferences":[
          {"apiVersion":"v1","kind":"K","name":"x","uid":"1","controller":true},
          {"apiVersion":"v1","kind":"K","name":"y","uid":"2","controller":true}]})",
       {},
       {"metadata.ownerReferences"},
       "two controllers"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.because);
    const Json metadata = json(row.metadata);
    std::vector<std::string> fields;
    for (const FieldError& error : validate_object_meta(metadata, row.rules)) fields.push_back(error.field);
    CHECK(fields == row.fields);
  }
}

TEST_CASE("annotations have a total size") {
  const Json annotations = Json::object({{"a", std::string(kMaxAnnotationBytes, 'x')}});
  const FieldErrors errors = validate_annotations(annotations, "metadata.annotations");
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message == "Too long: must have at most 262144 bytes");
}

}  // namespace
}  // namespace heirloom::schema
