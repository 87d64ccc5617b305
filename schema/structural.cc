#include "schema/structural.h"

#include <algorithm>

#include <fmt/format.h>

namespace heirloom::schema {

namespace {

enum class Level { Root, Item, Field };

const std::vector<std::string> kTypes = {"array", "boolean", "integer", "number", "object", "string"};

// The two shapes in which type may appear inside anyOf: integer or string.
bool is_int_or_string_pair(JsonView any_of) {
  const auto only_type = [&](std::size_t i, std::string_view type) {
    return any_of.element(i).size() == 1 && any_of.element(i)["type"].string() == type;
  };
  return any_of.size() == 2 && only_type(0, "integer") && only_type(1, "string");
}

// A list of strings, as Go prints a []string.
FieldError invalid_keys(std::string path, JsonView keys, std::string_view why) {
  std::vector<std::string> quoted;
  for (const JsonView key : keys.elements()) quoted.push_back(go_quote(key.string()));
  return {std::string(reasons::kFieldValueInvalid),
          fmt::format("Invalid value: []string{{{}}}: {}", fmt::join(quoted, ", "), why), std::move(path)};
}

class Checker {
 public:
  FieldErrors check(JsonView root, const CompileOptions& options) {
    if (options.status_subresource && !root["type"].string().empty() && root["type"].string() != "object") {
      add(invalid_value(
          child_path(options.path, "type"), root["type"],
          "only \"object\" is allowed as the type at the root of the schema if the status subresource "
          "is enabled"));
    }
    check_node(root, Level::Root, options.path, 0);
    return std::move(errors_);
  }

 private:
  void add(FieldError error) {
    if (errors_.size() < kMaxFieldErrors) errors_.push_back(std::move(error));
  }
  void forbid(const std::string& path, std::string_view field, std::string_view why) {
    add(forbidden_value(child_path(path, field), why));
  }

  void check_node(JsonView s, Level level, const std::string& path, int depth) {
    if (depth > kMaxSchemaDepth) {
      add(invalid_value(path, "", fmt::format("is nested deeper than {} levels", kMaxSchemaDepth)));
      return;
    }
    if (errors_.size() >= kMaxFieldErrors || !check_shape(s, path)) return;
    check_unsupported(s, path);
    check_type(s, level, path);
    check_list_type(s, path);
    check_map_type(s, path);
    check_extensions(s, path);
    check_children(s, level, path, depth);
    check_metadata(s, level, path);
    check_junctors(s, path, depth, is_int_or_string_pair(s["anyOf"]),
                   is_int_or_string_pair(s["allOf"].element(0)["anyOf"]));
    if (level != Level::Root) return;  // Kubernetes looks at completeness from the root only
    for (const std::string_view junctor : {"allOf", "anyOf", "oneOf"}) {
      std::size_t i = 0;
      for (const JsonView nested : s[junctor].elements())
        check_completeness(s, nested, path, index_path(child_path(path, junctor), i++), depth);
    }
    check_completeness(s, s["not"], path, child_path(path, "not"), depth);
  }

  // Kubernetes decodes a schema into typed fields first; these are the kinds it must have.
  bool check_shape(JsonView s, const std::string& path) {
    if (!s.is_object()) {
      add(invalid_value(path, s, "must be an object"));
      return false;
    }
    struct Rule {
      std::string_view field;
      JsonKind kind;
    };
    static constexpr Rule kRules[] = {{"type", JsonKind::String},
                                      {"format", JsonKind::String},
                                      {"pattern", JsonKind::String},
                                      {"description", JsonKind::String},
                                      {"title", JsonKind::String},
                                      {"nullable", JsonKind::Bool},
                                      {"properties", JsonKind::Object},
                                      {"required", JsonKind::Array},
                                      {"enum", JsonKind::Array},
                                      {"allOf", JsonKind::Array},
                                      {"anyOf", JsonKind::Array},
                                      {"oneOf", JsonKind::Array},
                                      {"not", JsonKind::Object},
                                      {"exclusiveMinimum", JsonKind::Bool},
                                      {"exclusiveMaximum", JsonKind::Bool},
                                      {"uniqueItems", JsonKind::Bool}};
    bool fine = true;
    for (const Rule& rule : kRules) {
      const JsonView value = s[rule.field];
      if (!value.exists() || value.is_null() || value.kind() == rule.kind) continue;
      add(invalid_value(child_path(path, rule.field), value,
                        fmt::format("must be of type {}", to_string(rule.kind))));
      fine = false;
    }
    return fine;
  }

  void check_unsupported(JsonView s, const std::string& path) {
    for (const std::string_view field :
         {"id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"})
      if (s.contains(field)) forbid(path, field, fmt::format("{} is not supported", field));
    if (s["uniqueItems"].boolean())
      forbid(path, "uniqueItems",
             "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
    if (s["items"].is_array()) forbid(path, "items", "items must be a schema object and not an array");
    const JsonView additional = s["additionalProperties"];
    if (additional.exists() && !s["properties"].empty() && !(additional.is_bool() && additional.boolean()))
      forbid(path, "additionalProperties", "additionalProperties and properties are mutual exclusive");
  }

  void check_type(JsonView s, Level level, const std::string& path) {
    const std::string_view type = s["type"].string();
    const std::string type_path = child_path(path, "type");
    if (type == "null")
      add(forbidden_value(type_path, "type cannot be set to null, use nullable as an alternative"));
    if (!type.empty() && std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) {
      add(unsupported_value(type_path, type, kTypes));
      return;
    }
    if (s["x-kubernetes-embedded-resource"].boolean() && type != "object") {
      constexpr std::string_view kWhy = "must be object if x-kubernetes-embedded-resource is true";
      add(type.empty() ? required_value(type_path, kWhy) : invalid_value(type_path, type, kWhy));
    } else if (type.empty() && !s["x-kubernetes-int-or-string"].boolean() &&
               !s["x-kubernetes-preserve-unknown-fields"].boolean()) {
      add(required_value(type_path, level == Level::Root ? "must not be empty at the root"
                                    : level == Level::Item
                                        ? "must not be empty for specified array items"
                                        : "must not be empty for specified object fields"));
    }
    if (level == Level::Root && !type.empty() && type != "object")
      add(invalid_value(type_path, type, "must be object at the root"));
  }

  void check_list_type(JsonView s, const std::string& path) {
    const JsonView list_type = s["x-kubernetes-list-type"], keys = s["x-kubernetes-list-map-keys"];
    const std::string_view name = list_type.string(), type = s["type"].string();
    const std::string list_type_path = child_path(path, "x-kubernetes-list-type");
    if (list_type.exists() && type != "array") {
      constexpr std::string_view kWhy = "must be array if x-kubernetes-list-type is specified";
      const std::string at = child_path(path, "type");
      add(type.empty() ? required_value(at, kWhy) : invalid_value(at, type, kWhy));
    }
    if (list_type.exists() && name != "atomic" && name != "set" && name != "map")
      add(unsupported_value(list_type_path, name, {"atomic", "set", "map"}));
    if (!keys.empty() && name != "map") {
      constexpr std::string_view kWhy = "must be map if x-kubernetes-list-map-keys is non-empty";
      add(list_type.exists() ? invalid_value(list_type_path, name, kWhy)
                             : required_value(list_type_path, kWhy));
    }
    if (name == "map") check_list_map(s, keys, path);
    if (name == "set") check_set_items(s["items"], path);
  }

  void check_list_map(JsonView s, JsonView keys, const std::string& path) {
    const std::string keys_path = child_path(path, "x-kubernetes-list-map-keys");
    const JsonView items = s["items"];
    if (keys.empty()) add(required_value(keys_path, "must not be empty if x-kubernetes-list-type is map"));
    if (!items.exists()) {
      add(required_value(child_path(path, "items"), "must have a schema if x-kubernetes-list-type is map"));
      return;
    }
    const std::string items_path = child_path(path, "items");
    if (items["type"].string() != "object")
      add(invalid_value(child_path(items_path, "type"), items["type"].string(),
                        "must be object if parent array's x-kubernetes-list-type is map"));
    std::vector<std::string_view> seen;
    for (const JsonView element : keys.elements()) {
      const std::string_view key = element.string();
      const JsonView property = items["properties"][key];
      const std::string property_path = key_path(child_path(items_path, "properties"), key);
      if (!property.exists()) {
        add(invalid_keys(keys_path, keys, "entries must all be names of item properties"));
      } else if (const std::string_view type = property["type"].string();
                 type == "array" || type == "object") {
        add(invalid_value(child_path(property_path, "type"), type,
                          "must be a scalar type if parent array's x-kubernetes-list-type is map"));
      }
      if (std::find(seen.begin(), seen.end(), key) != seen.end())
        add(invalid_keys(keys_path, keys, "must not contain duplicate entries"));
      seen.push_back(key);
      if (property.exists()) check_map_key(items, property, key, property_path);
    }
    if (items["nullable"].boolean())
      forbid(items_path, "nullable", "cannot be nullable when x-kubernetes-list-type is map");
  }

  // An element whose key may be absent could not be told from others.
  void check_map_key(JsonView items, JsonView property, std::string_view key, const std::string& path) {
    if (property["nullable"].boolean())
      forbid(path, "nullable", "this property is in x-kubernetes-list-map-keys, so it cannot be nullable");
    bool always_there = property["default"].exists();
    for (const JsonView name : items["required"].elements())
      always_there = always_there || name.string() == key;
    if (!always_there)
      add(required_value(
          child_path(path, "default"),
          "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required "
          "property"));
  }

  void check_set_items(JsonView items, const std::string& path) {
    const std::string items_path = child_path(path, "items");
    if (items["nullable"].boolean())
      forbid(items_path, "nullable", "cannot be nullable when x-kubernetes-list-type is set");
    const std::string_view type = items["type"].string();
    if (type == "object" && items["x-kubernetes-map-type"].string() != "atomic")
      add(invalid_value(child_path(items_path, "x-kubernetes-map-type"), items["x-kubernetes-map-type"],
                        "must be atomic as item of a list with x-kubernetes-list-type=set"));
    if (type == "array" && items.contains("x-kubernetes-list-type") &&
        items["x-kubernetes-list-type"].string() != "atomic")
      add(invalid_value(child_path(items_path, "x-kubernetes-list-type"),
                        items["x-kubernetes-list-type"].string(),
                        "must be atomic as item of a list with x-kubernetes-list-type=set"));
  }

  void check_map_type(JsonView s, const std::string& path) {
    const JsonView map_type = s["x-kubernetes-map-type"];
    if (!map_type.exists()) return;
    const std::string_view name = map_type.string(), type = s["type"].string();
    if (type != "object") {
      constexpr std::string_view kWhy = "must be object if x-kubernetes-map-type is specified";
      const std::string at = child_path(path, "type");
      add(type.empty() ? required_value(at, kWhy) : invalid_value(at, type, kWhy));
    }
    if (name != "granular" && name != "atomic")
      add(unsupported_value(child_path(path, "x-kubernetes-map-type"), name, {"atomic", "granular"}));
  }

  void check_extensions(JsonView s, const std::string& path) {
    const bool int_or_string = s["x-kubernetes-int-or-string"].boolean();
    const bool embedded = s["x-kubernetes-embedded-resource"].boolean();
    const JsonView preserve = s["x-kubernetes-preserve-unknown-fields"];
    if (preserve.is_bool() && !preserve.boolean())
      add(invalid_value(child_path(path, "x-kubernetes-preserve-unknown-fields"), preserve,
                        "must be true or undefined"));
    for (const std::string_view other :
         {"x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"})
      if (int_or_string && s[other].boolean())
        add(invalid_value(child_path(path, other), s[other],
                          "must be false if x-kubernetes-int-or-string is true"));
    if (embedded && s.contains("additionalProperties"))
      forbid(path, "additionalProperties", "must not be used if x-kubernetes-embedded-resource is set");
    if (embedded && !preserve.boolean() && s["properties"].empty())
      add(required_value(child_path(path, "properties"),
                         "must not be empty if x-kubernetes-embedded-resource is true without "
                         "x-kubernetes-preserve-unknown-fields"));
  }

  void check_children(JsonView s, Level level, const std::string& path, int depth) {
    if (s["type"].string() == "array" && !s.contains("items"))
      add(required_value(child_path(path, "items"), "must be specified"));
    if (s["items"].exists() && !s["items"].is_array())
      check_node(s["items"], Level::Item, child_path(path, "items"), depth + 1);
    for (const JsonMember property : s["properties"].members())
      check_node(property.value, Level::Field, key_path(child_path(path, "properties"), property.key),
                 depth + 1);
    const JsonView additional = s["additionalProperties"];
    if (additional.exists() && level == Level::Root)
      forbid(path, "additionalProperties", "must not be used at the root");
    if (additional.exists() && !additional.is_bool())
      check_node(additional, Level::Field, child_path(path, "additionalProperties"), depth + 1);
  }

  void check_metadata(JsonView s, Level level, const std::string& path) {
    const bool resource = level == Level::Root || s["x-kubernetes-embedded-resource"].boolean();
    if (!resource) return;
    const std::string properties = child_path(path, "properties");
    for (const std::string_view field : {"kind", "apiVersion"}) {
      const JsonView property = s["properties"][field];
      if (property.exists() && property["type"].string() != "string")
        add(invalid_value(child_path(key_path(properties, field), "type"), property["type"].string(),
                          "must be string"));
    }
    const JsonView metadata = s["properties"]["metadata"];
    if (!metadata.exists()) return;
    const std::string metadata_path = key_path(properties, "metadata");
    if (metadata["type"].string() != "object")
      add(invalid_value(child_path(metadata_path, "type"), metadata["type"].string(), "must be object"));
    if (level != Level::Root) return;
    for (const JsonMember property : metadata["properties"].members())
      if (property.value.contains("default"))
        add(forbidden_value(
            child_path(key_path(child_path(metadata_path, "properties"), property.key), "default"),
            "must not be set in top-level metadata"));
    bool only_names = true;
    for (const JsonMember member : metadata.members())
      only_names = only_names && (member.key == "type" || member.key == "properties");
    for (const JsonMember property : metadata["properties"].members())
      only_names = only_names && (property.key == "name" || property.key == "generateName");
    if (!only_names)
      add(forbidden_value(
          metadata_path,
          "must not specify anything other than name and generateName, but metadata is implicitly "
          "specified"));
  }

  void check_junctors(JsonView s, const std::string& path, int depth, bool skip_any_of,
                      bool skip_first_all_of) {
    if (depth > kMaxSchemaDepth) return;
    for (const std::string_view junctor : {"anyOf", "allOf", "oneOf"}) {
      if (junctor == "anyOf" && skip_any_of) continue;
      std::size_t i = 0;
      for (const JsonView nested : s[junctor].elements()) {
        const bool skip = junctor == "allOf" && i == 0 && skip_first_all_of;
        check_nested(nested, index_path(child_path(path, junctor), i++), depth + 1, skip);
      }
    }
    if (s.contains("not")) check_nested(s["not"], child_path(path, "not"), depth + 1, false);
  }

  // Under a junctor only value validations may stand.
  void check_nested(JsonView s, const std::string& path, int depth, bool skip_any_of) {
    if (errors_.size() >= kMaxFieldErrors || depth > kMaxSchemaDepth || !check_shape(s, path)) return;
    check_unsupported(s, path);
    check_list_type(s, path);
    check_map_type(s, path);
    check_junctors(s, path, depth, skip_any_of, false);
    if (s["items"].is_object()) check_nested(s["items"], child_path(path, "items"), depth + 1, false);
    for (const JsonMember property : s["properties"].members()) {
      const std::string at = key_path(child_path(path, "properties"), property.key);
      check_nested(property.value, at, depth + 1, false);
      if (property.key == "metadata") add(forbidden_value(at, "must not be specified in a nested context"));
    }
    struct Rule {
      std::string_view field, why;
    };
    static constexpr Rule kRules[] = {
        {"type", "must be empty to be structural"},
        {"additionalProperties", "must be undefined to be structural"},
        {"default", "must be undefined to be structural"},
        {"title", "must be empty to be structural"},
        {"description", "must be empty to be structural"},
        {"nullable", "must be false to be structural"},
        {"externalDocs", "must be undefined to be structural"},
        {"x-kubernetes-preserve-unknown-fields", "must be false to be structural"},
        {"x-kubernetes-embedded-resource", "must be false to be structural"},
        {"x-kubernetes-int-or-string", "must be false to be structural"},
        {"x-kubernetes-list-map-keys", "must be empty to be structural"},
        {"x-kubernetes-list-type", "must be undefined to be structural"},
        {"x-kubernetes-map-type", "must be undefined to be structural"}};
    for (const Rule& rule : kRules) {
      const JsonView value = s[rule.field];
      const bool set = value.exists() && !(value.is_string() && value.string().empty()) &&
                       !(value.is_bool() && !value.boolean());
      if (set) forbid(path, rule.field, rule.why);
    }
  }

  // Every field a value validation speaks of is also specified outside.
  void check_completeness(JsonView s, JsonView nested, const std::string& path,
                          const std::string& nested_path, int depth) {
    if (!nested.exists() || depth > kMaxSchemaDepth || errors_.size() >= kMaxFieldErrors) return;
    if (nested["items"].exists()) {
      if (!s["items"].exists())
        add(required_value(child_path(path, "items"),
                           fmt::format("because it is defined in {}", child_path(nested_path, "items"))));
      else
        check_completeness(s["items"], nested["items"], child_path(path, "items"),
                           child_path(nested_path, "items"), depth + 1);
    }
    for (const JsonMember property : nested["properties"].members()) {
      const std::string at = key_path(child_path(path, "properties"), property.key);
      const std::string nested_at = key_path(child_path(nested_path, "properties"), property.key);
      const JsonView outside = s["properties"][property.key];
      if (!outside.exists())
        add(required_value(at, fmt::format("because it is defined in {}", nested_at)));
      else
        check_completeness(outside, property.value, at, nested_at, depth + 1);
    }
    for (const std::string_view junctor : {"allOf", "anyOf", "oneOf"}) {
      std::size_t i = 0;
      for (const JsonView inner : nested[junctor].elements())
        check_completeness(s, inner, path, index_path(child_path(nested_path, junctor), i++), depth + 1);
    }
    check_completeness(s, nested["not"], path, child_path(nested_path, "not"), depth + 1);
  }

  FieldErrors errors_;
};

}  // namespace

FieldErrors check_structural(JsonView openapi, const CompileOptions& options) {
  return Checker().check(openapi, options);
}

}  // namespace heirloom::schema
