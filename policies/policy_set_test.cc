#include "policies/policy_set.h"

#include <doctest/doctest.h>

#include "apis/labels.h"
#include "apis/testing/builders.h"
#include "base/yaml.h"

namespace heirloom::policies {
namespace {

using heirloom::testing::application;
using heirloom::testing::ApplicationBuilder;
using heirloom::testing::config_map;
using heirloom::testing::namespace_object;
using heirloom::testing::policy;

Policy from_yaml(std::string_view type, const std::string& yaml) {
  return policy(type, yaml == "null" ? Json() : *parse_yaml(yaml));
}

TEST_CASE("policies of one type are merged, from left to right") {
  const Result<PolicySet> set = parse_policies(
      application("a")
          .with(
              from_yaml("garbage-collect",
                        "{keepLegacyResource: false, order: dependency, applicationRevisionLimit: 3, rules: "
                        "[{selector: {resourceTypes: [ConfigMap]}, strategy: never}]}"))
          .with(heirloom::testing::shared_resource("Namespace"))
          .with(from_yaml(
              "garbage-collect",
              "{keepLegacyResource: true, continueOnFailure: true, applicationRevisionLimit: 5, rules: "
              "[{selector: {resourceTypes: [ConfigMap]}, strategy: onAppDelete}]}"))
          .with(heirloom::testing::shared_resource("ConfigMap")));
  REQUIRE(set.ok());
  CHECK(set->garbage_collect.keep_legacy_resource);
  CHECK(set->garbage_collect.continue_on_failure);
  CHECK(set->garbage_collect.order_by_dependency);
  CHECK(set->garbage_collect.application_revision_limit == 3);
  CHECK(set->garbage_collect.rules.size() == 2);
  CHECK(set->collect_strategy(config_map("x")) == CollectStrategy::Never);
  CHECK(set->of(namespace_object("x")) == ObjectPolicies{true, false, false});
  CHECK(set->of(config_map("x")) == ObjectPolicies{true, false, false});
  CHECK(set->warnings.empty());
}

TEST_CASE("the first rule that matches decides the strategy, the first that says something the propagation") {
  const Result<PolicySet> set = parse_policies(application("a").with(from_yaml("garbage-collect", R"(
rules:
- {selector: {resourceNames: [kept]}, propagation: cascading}
- {selector: {resourceTypes: [ConfigMap]}, strategy: never}
- {selector: {resourceTypes: [ConfigMap]}, propagation: orphan}
)")));
  REQUIRE(set.ok());
  CHECK(set->collect_strategy(config_map("kept")) == CollectStrategy::OnAppUpdate);
  CHECK(set->collect_strategy(config_map("x")) == CollectStrategy::Never);
  CHECK(set->collect_strategy(namespace_object("x")) == CollectStrategy::OnAppUpdate);
  CHECK(set->propagation(config_map("kept")) == CollectPropagation::Cascading);
  CHECK(set->propagation(config_map("x")) == CollectPropagation::Orphan);
  CHECK(set->propagation(namespace_object("x")) == CollectPropagation::Unset);
  CHECK(set->releases(config_map("x"), false));
  CHECK_FALSE(set->releases(config_map("kept"), false));
  CHECK(set->releases(config_map("kept"), true));
}

TEST_CASE("how an object is let go of is all that the rules say") {
  const Result<PolicySet> set = parse_policies(application("a").with(from_yaml("garbage-collect", R"(
rules:
- {selector: {resourceNames: [careful]}, keepNonEmptyNamespace: true}
- {selector: {resourceNames: [careful]}, propagation: cascading}
- {selector: {resourceTypes: [ConfigMap]}, propagation: orphan}
)")));
  REQUIRE(set.ok());
  CHECK(set->warnings.empty());
  const LeavePolicy careful = set->leave_policy(namespace_object("careful"), false);
  CHECK(careful.keep_non_empty_namespace);
  CHECK(careful.cascading);
  CHECK_FALSE(careful.release);
  const LeavePolicy other = set->leave_policy(namespace_object("x"), false);
  CHECK_FALSE(other.keep_non_empty_namespace);
  CHECK_FALSE(other.cascading);
  CHECK(set->leave_policy(config_map("x"), false).release);
}

TEST_CASE("the orphan finalizer releases everything; the service account is an annotation") {
  const Result<PolicySet> set = parse_policies(application("a")
                                                   .finalized_by(finalizers::kOrphan)
                                                   .annotated(annotations::kServiceAccountName, "deployer"));
  REQUIRE(set.ok());
  CHECK(set->releases(config_map("x"), false));
  CHECK(set->service_account == "deployer");
}

TEST_CASE("what a policy gets wrong is an error that names it") {
  struct Case {
    std::string type;
    std::string properties;
    std::string field;
  };
  const Case kCases[] = {
      {"shared-resource", "null", "spec.policies[0].properties"},
      {"garbage-collect", "null", "spec.policies[0].properties"},
      {"read-only", "{rules: {}}", "spec.policies[0].properties.rules"},
      {"take-over", "{rules: [x]}", "spec.policies[0].properties.rules[0]"},
      {"take-over", "{rules: [{selector: x}]}", "spec.policies[0].properties.rules[0].selector"},
      {"garbage-collect", "{order: x}", "spec.policies[0].properties.order"},
      {"garbage-collect", "{keepLegacyResource: x}", "spec.policies[0].properties.keepLegacyResource"},
      {"garbage-collect", "{applicationRevisionLimit: x}",
       "spec.policies[0].properties.applicationRevisionLimit"},
      {"garbage-collect", "{rules: [{strategy: sometimes}]}",
       "spec.policies[0].properties.rules[0].strategy"},
      {"garbage-collect", "{rules: [{keepNonEmptyNamespace: x}]}",
       "spec.policies[0].properties.rules[0].keepNonEmptyNamespace"},
      {"garbage-collect", "{rules: [{propagation: x}]}", "spec.policies[0].properties.rules[0].propagation"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.type);
    CAPTURE(c.properties);
    const Result<PolicySet> set = parse_policies(application("a").with(from_yaml(c.type, c.properties)));
    REQUIRE_FALSE(set.ok());
    CHECK(is_invalid(set.status()));
    CHECK(set.status().details().causes.at(0).field == c.field);
  }
}

TEST_CASE("null properties are refused in KubeVela's words") {
  const Result<PolicySet> set = parse_policies(application("a").with(from_yaml("shared-resource", "null")));
  CHECK(set.status().message() ==
        "Application default/a is invalid: spec.policies[0].properties: policy shared-resource named "
        "shared-resource "
        "must not have empty properties");
}

TEST_CASE("members that nobody knows are warned of") {
  const Result<PolicySet> set = parse_policies(
      application("a")
          .with(from_yaml("shared-resource", "{rule: []}"))
          .with(from_yaml("garbage-collect", "{rules: [{selector: {resourceNames: [x]}, stratgy: never}]}")));
  REQUIRE(set.ok());
  CHECK(set->warnings ==
        std::vector<std::string>{"spec.policies[0].properties: unknown member rule is ignored",
                                 "spec.policies[1].properties.rules[0]: unknown member stratgy is ignored"});
}

}  // namespace
}  // namespace heirloom::policies
