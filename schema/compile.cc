#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/assert.h"
#include "schema/pattern.h"
#include "schema/prune.h"
#include "schema/schema.h"
#include "schema/structural.h"
#include "schema/validate.h"

namespace heirloom::schema {

namespace {

using MutableNode = std::shared_ptr<Node>;

Type type_of(std::string_view name) {
  for (const Type type :
       {Type::Object, Type::Array, Type::String, Type::Integer, Type::Number, Type::Boolean})
    if (to_string(type) == name) return type;
  return Type::Any;
}

// What code generators write for a resource.Quantity, which has no format of its own in CRDs.
bool is_quantity_pattern(std::string_view pattern) {
  return pattern.find("([KMGTPE]i)|[numkMGTPE]") != std::string_view::npos;
}

Form form_of(JsonView s) {
  const std::string_view format = s["format"].string();
  if (format == "quantity" || is_quantity_pattern(s["pattern"].string())) return Form::Quantity;
  if (format == "int-or-string" || s["x-kubernetes-int-or-string"].boolean()) return Form::IntOrString;
  if (format == "date-time" || format == "micro-time") return Form::Time;
  if (format == "byte") return Form::Bytes;
  return Form::Plain;
}

std::vector<std::string> strings_of(JsonView array) {
  std::vector<std::string> out;
  for (const JsonView element : array.elements())
    if (element.is_string()) out.emplace_back(element.string());
  return out;
}

std::optional<double> number_of(JsonView value) {
  return value.is_number() ? std::optional(value.number()) : std::nullopt;
}

std::optional<std::int64_t> count_of(JsonView value) {
  return value.is_number() ? std::optional(static_cast<std::int64_t>(value.number())) : std::nullopt;
}

class Compiler {
 public:
  explicit Compiler(const CompileOptions& options) : options_(options) {}

  MutableNode compile(JsonView s, const std::string& path, int depth = 0) {
    auto node = std::make_shared<Node>();
    if (++nodes_ > kMaxSchemaNodes || depth > kMaxSchemaDepth) {
      if (errors_.empty())
        errors_.push_back(invalid_value(path, "",
                                        fmt::format("is too large: at most {} fields, {} levels deep",
                                                    kMaxSchemaNodes, kMaxSchemaDepth)));
      return node;
    }
    read_scalars(s, *node);
    read_merge_rules(s, *node);
    node->constraints = read_constraints(s, path, depth);
    if (s["items"].is_object()) node->items = compile(s["items"], child_path(path, "items"), depth + 1);
    const JsonView additional = s["additionalProperties"];
    if (additional.is_object())
      node->additional = compile(additional, child_path(path, "additionalProperties"), depth + 1);
    node->additional_allowed = additional.boolean();
    for (const JsonMember property : s["properties"].members())
      node->properties.emplace_back(
          property.key,
          compile(property.value, key_path(child_path(path, "properties"), property.key), depth + 1));
    std::sort(node->properties.begin(), node->properties.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    node->properties.shrink_to_fit();
    node->empty_is_absent = options_.builtin && (node->type == Type::Array || node->items || node->is_map());
    if (node->embedded_resource) add_metadata(*node);
    // In a CRD Kubernetes takes a null for no default; of built-in kinds Go always writes some nulls.
    const JsonView given_default = s["default"];
    if (given_default.exists() && (options_.builtin || !given_default.is_null())) {
      node->default_value = s["default"].to_json();
      defaults_.push_back({node, child_path(path, "default")});
    }
    return node;
  }

  // metadata is known whether the schema speaks of it or not; a CRD may narrow the names.
  void add_metadata(Node& resource) {
    const Node* given = resource.property("metadata");
    if (given != nullptr && options_.builtin && !given->properties.empty()) return;
    NodePtr metadata = object_meta_node();
    if (given != nullptr && !given->properties.empty()) {
      auto narrowed = std::make_shared<Node>();
      copy_shape(*metadata, *narrowed);
      for (auto& [name, child] : narrowed->properties) {
        const auto own =
            std::find_if(given->properties.begin(), given->properties.end(),
                         [&, wanted = std::string_view(name)](const auto& p) { return p.first == wanted; });
        if (own != given->properties.end()) child = own->second;
      }
      metadata = std::move(narrowed);
    }
    const auto at = std::lower_bound(resource.properties.begin(), resource.properties.end(), "metadata",
                                     [](const auto& p, std::string_view key) { return p.first < key; });
    if (at != resource.properties.end() && at->first == "metadata")
      at->second = std::move(metadata);
    else
      resource.properties.emplace(at, "metadata", std::move(metadata));
  }

  // Kubernetes' rules: a default validates, says nothing unknown, and is checked once its own defaults are
  // filled in.
  void check_defaults() {
    for (const auto& [node, path] : defaults_) {
      if (errors_.size() >= kMaxFieldErrors) return;
      const Json& value = *node->default_value;
      for (FieldError& error : validate_value(value, *node, {})) {
        const bool joined = error.field.empty() || error.field.front() == '[';
        error.field = path + (joined ? "" : ".") + error.field;
        errors_.push_back(std::move(error));
      }
      if (!(prune_value(value, *node) == value))
        errors_.push_back(invalid_value(path, value, "must not have unknown fields"));
    }
  }

  FieldErrors take_errors() { return std::move(errors_); }

 private:
  static NodePtr object_meta_node() {
    const Node& root = object_meta().root();
    return NodePtr(NodePtr(), &root);  // static lifetime
  }

  static void copy_shape(const Node& from, Node& to) {
    to.type = from.type;
    to.properties = from.properties;
  }

  void read_scalars(JsonView s, Node& node) {
    node.type = type_of(s["type"].string());
    node.form = form_of(s);
    node.nullable = s["nullable"].boolean();
    node.int_or_string = s["x-kubernetes-int-or-string"].boolean();
    node.preserve_unknown = s["x-kubernetes-preserve-unknown-fields"].boolean();
    node.embedded_resource = s["x-kubernetes-embedded-resource"].boolean();
    node.required = strings_of(s["required"]);
    node.description = s["description"].string();
  }

  void read_merge_rules(JsonView s, Node& node) {
    const std::string_view list_type = s["x-kubernetes-list-type"].string();
    node.list_type = list_type == "map"   ? ListType::Map
                     : list_type == "set" ? ListType::Set
                                          : ListType::Atomic;
    node.list_map_keys = strings_of(s["x-kubernetes-list-map-keys"]);
    if (node.list_map_keys.empty() && node.list_type == ListType::Map) node.list_type = ListType::Atomic;
    node.atomic_map = s["x-kubernetes-map-type"].string() == "atomic";
    const std::string_view strategy = s["x-kubernetes-patch-strategy"].string();
    node.patch_merge = strategy.find("merge") != std::string_view::npos;
    node.patch_retain_keys = strategy.find("retainKeys") != std::string_view::npos;
    node.patch_merge_key = s["x-kubernetes-patch-merge-key"].string();
  }

  std::vector<NodePtr> compile_all(JsonView array, const std::string& path, int depth) {
    std::vector<NodePtr> out;
    for (const JsonView element : array.elements())
      out.push_back(compile(element, index_path(path, out.size()), depth + 1));
    return out;
  }

  std::unique_ptr<const Constraints> read_constraints(JsonView s, const std::string& path, int depth) {
    static constexpr std::string_view kFields[] = {
        "minimum",  "maximum",       "multipleOf",    "minLength",   "maxLength", "minItems",
        "maxItems", "minProperties", "maxProperties", "uniqueItems", "pattern",   "enum",
        "allOf",    "anyOf",         "oneOf",         "not",         "format"};
    if (std::none_of(std::begin(kFields), std::end(kFields),
                     [&](std::string_view f) { return s.contains(f); }))
      return nullptr;
    auto c = std::make_unique<Constraints>();
    c->minimum = number_of(s["minimum"]);
    c->maximum = number_of(s["maximum"]);
    c->exclusive_minimum = s["exclusiveMinimum"].boolean();
    c->exclusive_maximum = s["exclusiveMaximum"].boolean();
    c->multiple_of = number_of(s["multipleOf"]);
    c->min_length = count_of(s["minLength"]);
    c->max_length = count_of(s["maxLength"]);
    c->min_items = count_of(s["minItems"]);
    c->max_items = count_of(s["maxItems"]);
    c->min_properties = count_of(s["minProperties"]);
    c->max_properties = count_of(s["maxProperties"]);
    c->unique_items = s["uniqueItems"].boolean();
    for (const JsonView value : s["enum"].elements()) c->enumeration.push_back(value.to_json());
    c->all_of = compile_all(s["allOf"], child_path(path, "allOf"), depth);
    c->any_of = compile_all(s["anyOf"], child_path(path, "anyOf"), depth);
    c->one_of = compile_all(s["oneOf"], child_path(path, "oneOf"), depth);
    if (s["not"].is_object()) c->negated = compile(s["not"], child_path(path, "not"), depth + 1);
    // Custom resources are not held to integer widths.
    c->format = s["format"].string();
    if (!options_.builtin && c->format.starts_with("int")) c->format.clear();
    if (const std::string_view pattern = s["pattern"].string(); !pattern.empty()) {
      Result<std::shared_ptr<const Pattern>> compiled = Pattern::compile(pattern);
      if (compiled.ok())
        c->pattern = std::move(compiled).value();
      else
        errors_.push_back(invalid_value(
            child_path(path, "pattern"), pattern,
            fmt::format("must be a valid regular expression, but isn't: {}", compiled.status().message())));
    }
    return c;
  }

  struct Default {
    std::shared_ptr<const Node> node;
    std::string path;
  };

  const CompileOptions& options_;
  FieldErrors errors_;
  std::vector<Default> defaults_;
  std::size_t nodes_ = 0;
};

}  // namespace

Compiled compile_schema(JsonView openapi, const CompileOptions& options) {
  Compiled out;
  if (!options.builtin) out.errors = check_structural(openapi, options);
  if (!out.errors.empty()) return out;
  Compiler compiler(options);
  const MutableNode root = compiler.compile(openapi, options.path);
  if (options.resource_root && !root->embedded_resource) compiler.add_metadata(*root);
  if (!options.builtin) compiler.check_defaults();
  out.errors = compiler.take_errors();
  out.schema = Schema(root);
  return out;
}

Result<Schema> compile(JsonView openapi, const CompileOptions& options) {
  Compiled compiled = compile_schema(openapi, options);
  if (compiled.errors.empty()) return std::move(compiled.schema);
  return invalid_status("apiextensions.k8s.io", "JSONSchemaProps", "", std::move(compiled.errors));
}

}  // namespace heirloom::schema
