#include "policies/selector.h"

#include <doctest/doctest.h>

#include "base/yaml.h"

namespace heirloom::policies {
namespace {

// The further object of a k8s-objects component.
const Json& manifest() {
  static const Json json = *parse_yaml(R"(
apiVersion: v1
kind: Namespace
metadata:
  name: example
  labels: {app.oam.dev/component: shared, app.oam.dev/resourceType: TRAIT,
    trait.oam.dev/type: AuxiliaryWorkload}
)");
  return json;
}

Selector decode(const std::string& yaml, std::vector<std::string>& warnings, Status* status = nullptr) {
  const Json rule = *parse_yaml("selector: " + yaml);
  FieldReader reader;
  Selector selector = decode_selector(reader, rule, "selector", "rule", warnings);
  if (status) *status = reader.status("it");
  return selector;
}

TEST_CASE("which objects a selector selects") {
  struct Case {
    std::string selector;
    bool matches;
    std::string because;
  };
  const Case kCases[] = {
      {"{}", false, "no condition selects nothing"},
      {"null", false, "neither does no selector"},
      {"{resourceTypes: []}", false, "an empty list is no condition"},
      {"{resourceTypes: [Namespace]}", true, "kind"},
      {"{resourceTypes: [namespace]}", false, "case matters"},
      {"{resourceTypes: [v1/Namespace]}", false, "kind only"},
      {"{resourceTypes: [ConfigMap, Namespace]}", true, "one of the list"},
      {"{resourceNames: [example]}", true, "name"},
      {"{resourceNames: ['exam*']}", false, "no globs"},
      {"{resourceTypes: [Namespace], resourceNames: [other]}", false, "all conditions must hold"},
      {"{resourceTypes: [Namespace], resourceNames: []}", true, "the empty one is none"},
      {"{componentNames: [shared]}", true, "component"},
      {"{componentTypes: [k8s-objects]}", false, "only the main object has that label"},
      {"{componentTypes: ['']}", false, "an absent label never matches"},
      {"{oamTypes: [TRAIT]}", true, "further objects are traits"},
      {"{traitTypes: [AuxiliaryWorkload]}", true, "of this type"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.because);
    std::vector<std::string> warnings;
    CHECK(decode(c.selector, warnings).matches(manifest()) == c.matches);
  }
}

TEST_CASE("a typo is warned of, a wrong type is an error") {
  std::vector<std::string> warnings;
  decode("{resourceType: [Namespace]}", warnings);
  CHECK(warnings == std::vector<std::string>{"rule.selector: unknown member resourceType is ignored",
                                             "rule.selector: no condition, so it selects nothing"});
  Status status;
  decode("{resourceTypes: Namespace}", warnings, &status);
  CHECK(status.details().causes.at(0).field == "rule.selector.resourceTypes");
  decode("[a]", warnings, &status);
  CHECK(status.details().causes.at(0).field == "rule.selector");
}

}  // namespace
}  // namespace heirloom::policies
