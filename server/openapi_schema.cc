#include "server/openapi_schema.h"

#include <string_view>

namespace heirloom::server {
namespace {

// Copied as they are when present.
constexpr std::string_view kPlain[] = {
    "format",
    "title",
    "default",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "multipleOf",
    "maxProperties",
    "minProperties",
    "enum",
};

// v2 has no word for these, or kubectl fails on the whole document when it meets them.
bool means_anything(JsonView schema, bool custom) {
  if (schema["x-kubernetes-preserve-unknown-fields"].boolean()) return true;
  if (!custom) return false;
  if (schema["nullable"].boolean() || schema["x-kubernetes-int-or-string"].boolean()) return true;
  const std::string_view type = schema["type"].string();
  return type == "array" && !schema["items"].is_object();
}

void write_extensions(JsonBuilder& out, JsonView schema) {
  for (const JsonMember member : schema.members()) {
    if (!member.key.starts_with("x-kubernetes-") || member.key == "x-kubernetes-validations") continue;
    out.member(member.key, member.value);
  }
}

void write_children(JsonBuilder& out, JsonView schema, bool custom) {
  if (const JsonView required = schema["required"]; !required.empty()) out.member("required", required);
  if (const JsonView properties = schema["properties"]; !properties.empty()) {
    out.key("properties").begin_object();
    for (const JsonMember property : properties.members()) {
      out.key(property.key).begin_object();
      write_v2_schema(out, property.value, custom);
      out.end_object();
    }
    out.end_object();
  }
  if (const JsonView additional = schema["additionalProperties"]; additional.is_object()) {
    out.key("additionalProperties").begin_object();
    write_v2_schema(out, additional, custom);
    out.end_object();
  }
  if (const JsonView items = schema["items"]; items.is_object()) {
    out.key("items").begin_object();
    write_v2_schema(out, items, custom);
    out.end_object();
  }
}

}  // namespace

void write_v2_schema(JsonBuilder& out, JsonView schema, bool custom) {
  if (const JsonView description = schema["description"]; description.is_string())
    out.member("description", description);
  if (!means_anything(schema, custom)) {
    if (const JsonView type = schema["type"]; type.is_string()) out.member("type", type);
    for (const std::string_view key : kPlain)
      if (const JsonView value = schema[key]; value.exists() && !value.is_null()) out.member(key, value);
    write_children(out, schema, custom);
  }
  write_extensions(out, schema);
}

}  // namespace heirloom::server
