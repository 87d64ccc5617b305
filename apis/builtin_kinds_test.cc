#include "apis/builtin_kinds.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/yaml.h"
#include "schema/defaults.h"
#include "schema/merge_patch.h"
#include "schema/prune.h"
#include "schema/strategic_merge.h"
#include "schema/three_way.h"
#include "schema/validate.h"

namespace heirloom {
namespace {

Json yaml(std::string_view text) {
  auto parsed = parse_yaml(text);
  REQUIRE_MESSAGE(parsed.ok(), parsed.status().message());
  return std::move(parsed).value();
}

const schema::Schema& schema_of(std::string_view group, std::string_view kind) {
  const schema::Schema* found = builtin_schema(group, kind);
  REQUIRE(found != nullptr);
  return *found;
}

std::string rules_of(const schema::Node& node) {
  std::string text;
  for (const std::string& key : node.merge_keys()) text += key + ",";
  if (node.is_set()) text += "set";
  return text;
}

// Where the two disagree about how a value merges or what it means, among the fields both know.
void compare_rules(const schema::Node& full, const schema::Node& sketch, const std::string& path,
                   std::vector<std::string>& differences) {
  // Tolerations have no key in Kubernetes; our merge makes one of all they are.
  const bool ours = path.ends_with(".tolerations");
  if (!ours && rules_of(full) != rules_of(sketch))
    differences.push_back(fmt::format("{}: \"{}\", sketched \"{}\"", path, rules_of(full), rules_of(sketch)));
  if (sketch.form != schema::Form::Plain && sketch.form != full.form)
    differences.push_back(fmt::format("{}: another form", path));
  for (const auto& property : sketch.properties) {
    const schema::Node* same = full.property(property.first);
    if (same != nullptr) compare_rules(*same, *property.second, path + "." + property.first, differences);
  }
  if (full.items && sketch.items) compare_rules(*full.items, *sketch.items, path + "[]", differences);
  if (full.additional && sketch.additional)
    compare_rules(*full.additional, *sketch.additional, path + "{}", differences);
}

}  // namespace

TEST_CASE("what the merge knows of a kind without its description agrees with the description") {
  std::vector<std::string> differences;
  for (const BuiltinKind& kind : builtin_kinds()) {
    const schema::Schema& sketch = schema::merge_knowledge(kind.gvk.group, kind.gvk.kind);
    for (const auto& property : sketch.root().properties) {
      if (property.first == "metadata" || property.first == "status") continue;
      const schema::Node* full = kind.schema->root().property(property.first);
      if (full != nullptr)
        compare_rules(*full, *property.second, kind.gvk.kind + "." + property.first, differences);
    }
  }
  const std::string all = fmt::format("{}", fmt::join(differences, "\n"));
  CHECK(all == "");
}

TEST_CASE("every description compiles") {
  const auto kinds = compile_builtin_kinds();
  REQUIRE_MESSAGE(kinds.ok(), kinds.status().message());
  CHECK(kinds->size() >= 17);
  for (const BuiltinKind& kind : *kinds) {
    CAPTURE(kind.gvk.kind);
    CHECK_FALSE(kind.plural.empty());
    CHECK_FALSE(kind.columns.empty());
    CHECK(kind.openapi["properties"].size() > 3);
  }
}

TEST_CASE("kinds are found by group and kind") {
  REQUIRE(find_builtin_kind("apps", "Deployment") != nullptr);
  CHECK(find_builtin_kind("apps", "Deployment")->plural == "deployments");
  CHECK(find_builtin_kind("", "Deployment") == nullptr);
  CHECK(find_builtin_kind("", "Namespace")->namespaced == false);
  CHECK(builtin_schema("example.com", "Thing") == nullptr);
}

TEST_CASE("a minimal object gets the defaults a real server gives it") {
  struct Row {
    const char* group;
    const char* kind;
    const char* given;
    const char* stored;  // without apiVersion, kind and metadata
  };
  const Row rows[] = {
      {"apps", "Deployment",
       "{spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: "
       "{containers: "
       "[{name: main, image: 'nginx:1.19'}]}}}}",
       R"({spec: {replicas: 1, selector: {matchLabels: {app: web}}, template: {metadata: {creationTimestamp: null,
        labels: {app: web}}, spec: {containers: [{name: main, image: 'nginx:1.19', resources: {},
        terminationMessagePath: /dev/termination-log, terminationMessagePolicy: File}], restartPolicy: Always,
        terminationGracePeriodSeconds: 30, dnsPolicy: ClusterFirst, securityContext: {},
        schedulerName: default-scheduler}}, strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 25%,
        maxSurge: 25%}}, revisionHistoryLimit: 10, progressDeadlineSeconds: 600}, status: {}})"},
      {"", "Pod",
       "{spec: {containers: [{name: c, ports: [{containerPort: 3}], livenessProbe: {httpGet: {port: 3}}}], "
       "volumes: "
       "[{name: a, secret: {secretName: x}}, {name: b, hostPath: {path: /}}]}}",
       R"({spec: {containers: [{name: c, ports: [{containerPort: 3, protocol: TCP}], livenessProbe: {failureThreshold:
        3, httpGet: {path: /, port: 3, scheme: HTTP}, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1},
        resources: {}, terminationMessagePath: /dev/termination-log, terminationMessagePolicy: File}], dnsPolicy:
        ClusterFirst, enableServiceLinks: true, restartPolicy: Always, schedulerName: default-scheduler,
        securityContext: {}, terminationGracePeriodSeconds: 30, volumes: [{name: a, secret: {defaultMode: 420,
        secretName: x}}, {name: b, hostPath: {path: /, type: ''}}]}, status: {}})"},
      {"", "Service", "{spec: {ports: [{port: 80}]}}",
       "{spec: {ports: [{port: 80, protocol: TCP}], sessionAffinity: None, type: ClusterIP}, status: "
       "{loadBalancer: "
       "{}}}"},
      {"", "Secret", "{}", "{type: Opaque}"},
      {"", "Event", "{involvedObject: {}}",
       "{involvedObject: {}, eventTime: null, firstTimestamp: null, lastTimestamp: null, source: {}, "
       "reportingComponent: '', reportingInstance: ''}"},
      {"coordination.k8s.io", "Lease", "{}", "{spec: {}}"},
      {"rbac.authorization.k8s.io", "Role", "{}", "{rules: null}"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.kind);
    const Json given = yaml(row.given);
    const Json defaulted = schema::apply_defaults(given, schema_of(row.group, row.kind));
    CHECK(write_json(defaulted) ==
          write_json(schema::apply_defaults(defaulted, schema_of(row.group, row.kind))));
    CHECK_MESSAGE(defaulted == yaml(row.stored), write_json(defaulted));
  }
}

TEST_CASE("valid objects validate, wrong ones are told where") {
  struct Row {
    const char* group;
    const char* kind;
    const char* object;
    const char* field;  // of the only error; "" = none
  };
  const Row rows[] = {
      {"", "Pod", "{spec: {containers: [{name: c, resources: {limits: {cpu: 1, memory: 1Gi}}}]}}", ""},
      {"", "Pod", "{spec: {containers: [{name: c}], restartPolicy: Sometimes}}", "spec.restartPolicy"},
      {"", "Pod", "{spec: {}}", "spec.containers"},
      {"", "Service", "{spec: {ports: [{port: 80, targetPort: http}]}}", ""},
      {"", "Service", "{spec: {type: Magic}}", "spec.type"},
      {"apps", "Deployment", "{spec: {template: {}}}", "spec.selector"},
      {"", "ConfigMap", "{data: {a: b}}", ""},
      {"apiextensions.k8s.io", "CustomResourceDefinition",
       "{spec: {group: g, names: {kind: K, plural: ks}, scope: Cluster, versions: [{name: v1}]}}", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.object);
    const auto errors = schema::validate(yaml(row.object), schema_of(row.group, row.kind));
    if (row.field[0] == '\0') {
      CHECK_MESSAGE(errors.empty(), (errors.empty() ? "" : errors[0].field + ": " + errors[0].message));
    } else {
      REQUIRE(errors.size() == 1);
      CHECK(errors[0].field == row.field);
    }
  }
}

TEST_CASE("unknown fields are pruned, schemas inside definitions are not") {
  const Json pod = yaml("{spec: {containers: [{name: c, imagee: x}], future: 1}}");
  CHECK(schema::prune(pod, schema_of("", "Pod")) == yaml("{spec: {containers: [{name: c}]}}"));
  const Json crd = yaml(
      "{spec: {versions: [{name: v1, schema: {openAPIV3Schema: {type: object, properties: {a: {type: "
      "string}}}}, "
      "subresources: {status: {}}}]}}");
  CHECK(schema::prune(crd, schema_of("apiextensions.k8s.io", "CustomResourceDefinition")) == crd);
}

TEST_CASE("strategic merge patches find their keys") {
  const Json live =
      yaml("{spec: {template: {spec: {containers: [{name: a, image: x}, {name: b, image: y}]}}}}");
  const Json patch = yaml("{spec: {template: {spec: {containers: [{name: b, image: z}]}}}}");
  const auto merged = schema::strategic_merge(live, patch, schema_of("apps", "Deployment"));
  REQUIRE(merged.ok());
  CHECK(merged->view()["spec"]["template"]["spec"]["containers"].size() == 2);
  const Json service = yaml("{spec: {ports: [{port: 80, name: a}, {port: 81, name: b}]}}");
  const auto ports = schema::strategic_merge(service, yaml("{spec: {ports: [{port: 81, name: c}]}}"),
                                             schema_of("", "Service"));
  REQUIRE(ports.ok());
  CHECK(ports->view()["spec"]["ports"].size() == 2);
}

TEST_CASE("the three-way merge takes a manifest for done when only the form differs") {
  const Json manifest = yaml(
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {containers: "
      "[{name: a, "
      "resources: {limits: {cpu: '1'}}}]}}}}");
  const Json live = schema::apply_defaults(yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: "
                                                "web}, spec: {template: {spec: {containers: "
                                                "[{name: a, resources: {limits: {cpu: 1000m}}}]}}}}"),
                                           schema_of("apps", "Deployment"));
  const schema::Schema& deployment = schema_of("apps", "Deployment");
  const auto declared = schema::declared_fields(manifest, &deployment);
  CHECK(schema::merge(declared, manifest, live, &deployment) == live);
}

}  // namespace heirloom
