#include "apis/application.h"

#include <doctest/doctest.h>

#include "apis/testing/builders.h"
#include "base/yaml.h"

namespace heirloom {
namespace {

using testing::application;
using testing::component;

Result<Application> from_yaml(std::string_view text) {
  TRY(const Json json, parse_yaml(text));
  return decode_application(json);
}

TEST_CASE("an application is read as people write it") {
  const Result<Application> app = from_yaml(R"(
apiVersion: core.oam.dev/v1beta1
kind: Application
metadata: {name: shop, namespace: prod, uid: u1, generation: 3, labels: {team: a}, finalizers: [x/y]}
spec:
  components:
  - name: web
    type: k8s-objects
    properties: {objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: cm}}]}
    dependsOn: [db]
    inputs: [{from: port, parameterKey: properties.port}]
    outputs: [{name: host, valueFrom: output.status.host}]
    traits: [{type: scaler, properties: {replicas: 2}}]
  - {name: db, type: k8s-objects}
  policies:
  - {name: share, type: shared-resource, properties: {rules: []}}
  - {type: garbage-collect}
  workflow: {steps: [{type: apply-component}]}
)");
  REQUIRE(app.ok());
  CHECK(app->key() == application_key("prod", "shop"));
  CHECK(app->metadata.generation == 3);
  CHECK(app->metadata.label("team") == "a");
  CHECK(app->metadata.has_finalizer("x/y"));
  REQUIRE(app->spec.components.size() == 2);
  const Component& web = app->spec.components[0];
  CHECK(web.depends_on == std::vector<std::string>{"db"});
  CHECK(web.inputs == std::vector<ComponentInput>{{"port", "properties.port"}});
  CHECK(web.outputs == std::vector<ComponentOutput>{{"host", "output.status.host"}});
  CHECK(web.traits.at(0).type == "scaler");
  CHECK(web.properties["objects"].size() == 1);
  CHECK(app->spec.components[1].properties.is_null());
  CHECK(app->spec.policies[1].name == "garbage-collect-auto-gen-1");
  REQUIRE(app->spec.workflow.has_value());
  CHECK(app->spec.workflow->steps.size() == 1);
  CHECK(validate_application(*app).ok());
}

TEST_CASE("an application survives being written and read") {
  Application app = application("shop")
                        .in("prod")
                        .with(component("web", {testing::config_map("cm")}))
                        .with(testing::shared_resource("Namespace"))
                        .labelled("a", "b")
                        .annotated("c", "d");
  app.metadata.generation = 0;  // written by servers only
  app.spec.components[0].depends_on = {"x"};
  app.spec.components[0].traits.push_back({"scaler", Json::object({{"replicas", 2}})});
  app.spec.components[0].inputs.push_back({"a", "b"});
  app.spec.components[0].outputs.push_back({"a", "b"});
  app.spec.workflow = Workflow{"shared", {}, Json::object({{"steps", "DAG"}})};
  app.status.phase = "running";
  const Result<Application> read = decode_application(encode_application(app));
  REQUIRE(read.ok());
  CHECK(*read == app);
}

TEST_CASE("a member of the wrong type is an error that names it") {
  struct Case {
    std::string spec;
    std::string field;
  };
  const Case kCases[] = {
      {"components: {}", "spec.components"},
      {"components: [web]", "spec.components[0]"},
      {"components: [{name: 1, type: x}]", "spec.components[0].name"},
      {"components: [{name: x, type: [y]}]", "spec.components[0].type"},
      {"components: [{name: x, type: t, properties: []}]", "spec.components[0].properties"},
      {"components: [{name: x, type: t, dependsOn: [1]}]", "spec.components[0].dependsOn[0]"},
      {"components: [{name: x, type: t, dependsOn: z}]", "spec.components[0].dependsOn"},
      {"components: [{name: x, type: t, traits: [1]}]", "spec.components[0].traits[0]"},
      {"components: [{name: x, type: t, inputs: [{from: 1}]}]", "spec.components[0].inputs[0].from"},
      {"policies: [{type: x, properties: text}]", "spec.policies[0].properties"},
      {"policies: [{type: true}]", "spec.policies[0].type"},
      {"workflow: []", "spec.workflow"},
      {"workflow: {steps: [1]}", "spec.workflow.steps[0]"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.spec);
    const Result<Application> app =
        from_yaml("metadata: {name: shop, namespace: prod}\nspec:\n  " + c.spec + "\n");
    REQUIRE_FALSE(app.ok());
    CHECK(is_invalid(app.status()));
    REQUIRE(app.status().details().causes.size() == 1);
    CHECK(app.status().details().causes[0].field == c.field);
    CHECK(app.status().message().starts_with("Application prod/shop is invalid: "));
  }
  CHECK_FALSE(from_yaml("{metadata: {name: x}, spec: 3}").ok());
}

TEST_CASE("faults of meaning are told all at once, and do not hinder reading") {
  struct Case {
    std::string spec;
    std::vector<std::string> fields;
    std::string because;
  };
  const Case kCases[] = {
      {"components: []", {}, "an application may be empty"},
      {"components: [{type: x}]", {"spec.components[0].name"}, "no name"},
      {"components: [{name: x}]", {"spec.components[0].type"}, "no type"},
      {"components: [{name: x, type: t}, {name: x, type: t}]", {"spec.components[1].name"}, "names repeat"},
      {"components: [{}, {}]",
       {"spec.components[0].name", "spec.components[0].type", "spec.components[1].name",
        "spec.components[1].type"},
       "empty names do not count as repeated"},
      {"components: [{name: x, type: t, dependsOn: [z]}]",
       {"spec.components[0].dependsOn[0]"},
       "nobody is called z"},
      {"components: [{name: x, type: t, dependsOn: [x]}]",
       {"spec.components[0].dependsOn"},
       "waits for itself"},
      {"components: [{name: w, type: t, dependsOn: [x]}, {name: x, type: t, dependsOn: [z]}, "
       "{name: z, type: t, dependsOn: [x]}]",
       {"spec.components[0].dependsOn"},
       "a cycle"},
      {"components: [{name: x, type: t, traits: [{}]}]",
       {"spec.components[0].traits[0].type"},
       "a trait has a type"},
      {"{components: [], policies: [{name: x}]}", {"spec.policies[0].type"}, "a policy has a type"},
      {"{components: [], workflow: {ref: x, steps: [{type: t}]}}", {"spec.workflow"}, "one or the other"},
  };
  for (const Case& c : kCases) {
    CAPTURE(c.because);
    const std::string spec = c.spec[0] == '{' ? " " + c.spec : "\n  " + c.spec;
    const Result<Application> app = from_yaml("metadata: {name: shop, namespace: prod}\nspec:" + spec + "\n");
    REQUIRE(app.ok());
    const Status status = validate_application(*app);
    std::vector<std::string> fields;
    for (const StatusCause& cause : status.details().causes) fields.push_back(cause.field);
    CHECK(fields == c.fields);
  }
  CHECK(validate_application(application(std::string(64, 'x'))).details().causes.at(0).field ==
        "metadata.name");
}

TEST_CASE("an application without a namespace counts as default") {
  CHECK(from_yaml("metadata: {name: shop}")->key() == application_key("default", "shop"));
}

}  // namespace
}  // namespace heirloom
