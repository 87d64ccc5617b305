#include "apis/application.h"

#include <fmt/format.h>

#include "apis/field_reader.h"

namespace heirloom {

namespace {

// Free-form members: an object, or nothing.
Json properties_of(FieldReader& reader, JsonView parent, std::string_view path) {
  const JsonView properties = reader.object(parent, "properties", path);
  return properties.exists() ? properties.to_json() : Json();
}

// Visits the objects of an array member with their paths; anything else in it is a fault.
template <class Visit>
void for_each_object(FieldReader& reader, JsonView parent, std::string_view key, std::string_view path,
                     Visit visit) {
  const std::string list = child_path(path, key);
  std::size_t index = 0;
  for (const JsonView element : reader.array(parent, key, path).elements()) {
    const std::string at = element_path(list, index);
    if (reader.is_object(element, at)) visit(element, at, index);
    ++index;
  }
}

Component decode_component(FieldReader& reader, JsonView json, const std::string& path) {
  Component component;
  component.name = reader.string(json, "name", path);
  component.type = reader.string(json, "type", path);
  component.external_revision = reader.string(json, "externalRevision", path);
  component.properties = properties_of(reader, json, path);
  component.depends_on = reader.strings(json, "dependsOn", path);
  for_each_object(reader, json, "inputs", path, [&](JsonView input, const std::string& at, std::size_t) {
    component.inputs.push_back({reader.string(input, "from", at), reader.string(input, "parameterKey", at)});
  });
  for_each_object(reader, json, "outputs", path, [&](JsonView output, const std::string& at, std::size_t) {
    component.outputs.push_back({reader.string(output, "name", at), reader.string(output, "valueFrom", at)});
  });
  for_each_object(reader, json, "traits", path, [&](JsonView trait, const std::string& at, std::size_t) {
    component.traits.push_back({reader.string(trait, "type", at), properties_of(reader, trait, at)});
  });
  return component;
}

Policy decode_policy(FieldReader& reader, JsonView json, const std::string& path, std::size_t index) {
  Policy policy;
  policy.name = reader.string(json, "name", path);
  policy.type = reader.string(json, "type", path);
  policy.properties = properties_of(reader, json, path);
  if (policy.name.empty()) policy.name = fmt::format("{}-auto-gen-{}", policy.type, index);
  return policy;
}

std::optional<Workflow> decode_workflow(FieldReader& reader, JsonView spec) {
  const JsonView json = reader.object(spec, "workflow", "spec");
  if (!json.exists()) return std::nullopt;
  Workflow workflow;
  workflow.ref = reader.string(json, "ref", "spec.workflow");
  if (const JsonView mode = reader.object(json, "mode", "spec.workflow"); mode.exists())
    workflow.mode = mode.to_json();
  for_each_object(
      reader, json, "steps", "spec.workflow",
      [&](JsonView step, const std::string&, std::size_t) { workflow.steps.push_back(step.to_json()); });
  return workflow;
}

void encode_component(JsonBuilder& builder, const Component& component) {
  builder.begin_object();
  builder.member("name", component.name).member("type", component.type);
  builder.member_unless_empty("externalRevision", component.external_revision);
  if (!component.properties.is_null()) builder.member("properties", component.properties);
  if (!component.depends_on.empty()) {
    builder.key("dependsOn").begin_array();
    for (const std::string& name : component.depends_on) builder.string(name);
    builder.end_array();
  }
  if (!component.inputs.empty()) {
    builder.key("inputs").begin_array();
    for (const ComponentInput& input : component.inputs) {
      builder.begin_object().member("from", input.from);
      builder.member_unless_empty("parameterKey", input.parameter_key).end_object();
    }
    builder.end_array();
  }
  if (!component.outputs.empty()) {
    builder.key("outputs").begin_array();
    for (const ComponentOutput& output : component.outputs)
      builder.begin_object().member("name", output.name).member("valueFrom", output.value_from).end_object();
    builder.end_array();
  }
  if (!component.traits.empty()) {
    builder.key("traits").begin_array();
    for (const Trait& trait : component.traits) {
      builder.begin_object().member("type", trait.type);
      if (!trait.properties.is_null()) builder.member("properties", trait.properties);
      builder.end_object();
    }
    builder.end_array();
  }
  builder.end_object();
}

void encode_workflow(JsonBuilder& builder, const Workflow& workflow) {
  builder.begin_object();
  builder.member_unless_empty("ref", workflow.ref);
  if (!workflow.mode.is_null()) builder.member("mode", workflow.mode);
  if (!workflow.steps.empty()) {
    builder.key("steps").begin_array();
    for (const Json& step : workflow.steps) builder.value(step);
    builder.end_array();
  }
  builder.end_object();
}

}  // namespace

Result<Application> decode_application(JsonView object) {
  Application application;
  application.metadata = decode_metadata(object);
  FieldReader reader;
  const JsonView spec = reader.object(object, "spec", "");
  for_each_object(reader, spec, "components", "spec", [&](JsonView json, const std::string& at, std::size_t) {
    application.spec.components.push_back(decode_component(reader, json, at));
  });
  for_each_object(reader, spec, "policies", "spec",
                  [&](JsonView json, const std::string& at, std::size_t index) {
                    application.spec.policies.push_back(decode_policy(reader, json, at, index));
                  });
  application.spec.workflow = decode_workflow(reader, spec);
  application.status = decode_application_status(object["status"]);
  TRY_VOID(reader.status("Application " + application.metadata.namespaced_name().to_string()));
  return application;
}

Json encode_application_spec(const ApplicationSpec& spec) {
  JsonBuilder builder;
  builder.begin_object().key("components").begin_array();
  for (const Component& component : spec.components) encode_component(builder, component);
  builder.end_array();
  if (!spec.policies.empty()) {
    builder.key("policies").begin_array();
    for (const Policy& policy : spec.policies) {
      builder.begin_object().member("name", policy.name).member("type", policy.type);
      if (!policy.properties.is_null()) builder.member("properties", policy.properties);
      builder.end_object();
    }
    builder.end_array();
  }
  if (spec.workflow) {
    builder.key("workflow");
    encode_workflow(builder, *spec.workflow);
  }
  builder.end_object();
  return builder.take();
}

Json encode_application(const Application& application) {
  JsonBuilder builder;
  builder.begin_object().member("apiVersion", kCoreApiVersion).member("kind", kApplicationKind);
  builder.member("metadata", encode_metadata(application.metadata));
  builder.member("spec", encode_application_spec(application.spec));
  if (!application.status.empty()) builder.member("status", encode_application_status(application.status));
  builder.end_object();
  return builder.take();
}

}  // namespace heirloom
