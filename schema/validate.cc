#include "schema/validate.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "schema/formats.h"
#include "schema/names.h"
#include "schema/pattern.h"

namespace heirloom::schema {

namespace {

// Integral floats count as integers up to here: beyond, not every integer has a float.
constexpr double kMaxExactInteger = 9007199254740991;

// How go-openapi names the type of a value.
std::string_view type_name(JsonView value) {
  switch (value.kind()) {
    case JsonKind::Missing:
    case JsonKind::Null:
      return "null";
    case JsonKind::Bool:
      return "boolean";
    case JsonKind::Int64:
      return "integer";
    case JsonKind::Uint64:  // beyond int64 Kubernetes decodes a float
    case JsonKind::Double:
      return "number";
    case JsonKind::String:
      return "string";
    case JsonKind::Array:
      return "array";
    case JsonKind::Object:
      return "object";
  }
  return "null";
}

bool is_integral(JsonView value) {
  if (value.kind() == JsonKind::Int64) return true;
  const double number = value.number();
  return value.kind() == JsonKind::Double && std::trunc(number) == number &&
         std::fabs(number) <= kMaxExactInteger;
}

bool has_type(JsonView value, const Node& node) {
  if (node.int_or_string && node.type == Type::Any) return value.is_string() || is_integral(value);
  switch (node.type) {
    case Type::Any:
      return true;
    case Type::Object:
      return value.is_object();
    case Type::Array:
      return value.is_array();
    case Type::String:
      return value.is_string();
    case Type::Integer:
      return is_integral(value);
    case Type::Number:
      return value.is_number();
    case Type::Boolean:
      return value.is_bool();
  }
  return true;
}

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::int64_t count_runes(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

// One step further down for as long as it lives. One text grows and shrinks: most of what is checked is valid, and its
// path is asked for by nobody.
class Step {
 public:
  Step(std::string& path, std::string_view field) : path_(path), length_(path.size()) {
    if (!path.empty()) path.push_back('.');
    path.append(field);
  }
  Step(std::string& path, std::size_t index) : path_(path), length_(path.size()) {
    fmt::format_to(std::back_inserter(path), "[{}]", index);
  }
  ~Step() { path_.resize(length_); }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

 private:
  std::string& path_;
  std::size_t length_;
};

class Validator {
 public:
  void check(JsonView value, const Node& node, std::string& path) {
    if (full()) return;
    if (value.is_null() && node.nullable) return;
    if (!has_type(value, node)) {
      const std::string_view wanted = node.type == Type::Any ? "integer,string" : to_string(node.type);
      const std::string_view got = type_name(value);
      add(invalid_value(path, got,
                        fmt::format("{} in body must be of type {}: {}", path, wanted, go_quote(got))));
      return;
    }
    if (value.is_object()) check_object(value, node, path);
    if (value.is_array()) check_array(value, node, path);
    if (const Constraints* c = node.constraints.get()) {
      if (value.is_string()) check_string(value.string(), *c, path);
      if (value.is_number()) check_number(value, *c, path);
      check_enum(value, *c, path);
      check_junctors(value, *c, path);
    }
  }

  // apiVersion, kind and metadata of the root are looked at by others; here only the names a CRD narrows.
  void check_root(JsonView object, const Node& node) {
    root_ = &node;
    std::string path;
    check(object, node, path);
  }

  FieldErrors take() { return std::move(errors_); }
  std::size_t count() const { return errors_.size(); }

 private:
  bool full() const { return errors_.size() >= kMaxFieldErrors; }
  void add(FieldError error) {
    if (!full()) errors_.push_back(std::move(error));
  }
  void fail(const std::string& path, JsonView value, std::string_view rule) {
    add(invalid_value(path, value, fmt::format("{} in body {}", path, rule)));
  }
  void fail(const std::string& path, std::int64_t value, std::string_view rule) {
    add(invalid_value(path, value, fmt::format("{} in body {}", path, rule)));
  }

  void check_object(JsonView object, const Node& node, std::string& path) {
    if (const Constraints* c = node.constraints.get()) {
      const auto size = static_cast<std::int64_t>(object.size());
      if (c->min_properties && size < *c->min_properties)
        fail(path, *c->min_properties, fmt::format("should have at least {} properties", *c->min_properties));
      if (c->max_properties && size > *c->max_properties)
        fail(path, *c->max_properties, fmt::format("should have at most {} properties", *c->max_properties));
    }
    for (const std::string& name : node.required)
      if (!object.contains(name)) add(required_value(child_path(path, name)));
    const bool resource = &node == root_ || node.embedded_resource;
    if (node.embedded_resource && &node != root_) check_embedded(object, path);
    for (const JsonMember member : object.members()) {
      const Node* child = node.member(member.key);
      if (child == nullptr) continue;
      const Step step(path, member.key);
      if (resource && member.key == "metadata")
        check_narrowed_names(member.value, *child, path);
      else
        check(member.value, *child, path);
    }
  }

  void check_narrowed_names(JsonView metadata, const Node& node, std::string& path) {
    if (&node == &object_meta().root()) return;
    for (const std::string_view field : {"name", "generateName"}) {
      const Node* child = node.property(field);
      if (child == nullptr || !metadata.contains(field)) continue;
      const Step step(path, field);
      check(metadata[field], *child, path);
    }
  }

  void check_embedded(JsonView object, const std::string& path) {
    for (const std::string_view field : {"apiVersion", "kind"}) {
      const JsonView value = object[field];
      if (value.exists() && !value.is_string())
        add(invalid_value(child_path(path, field), value, "must be a string"));
      else if (value.string().empty())
        add(required_value(child_path(path, field), "must not be empty"));
    }
    const std::string_view api_version = object["apiVersion"].string();
    if (std::count(api_version.begin(), api_version.end(), '/') > 1)
      add(invalid_value(child_path(path, "apiVersion"), api_version,
                        fmt::format("unexpected GroupVersion string: {}", api_version)));
    if (const std::string kind(object["kind"].string()); !kind.empty())
      for (const std::string& complaint : check_dns1035_label(lower_case(kind)))
        add(invalid_value(child_path(path, "kind"), kind,
                          "may have mixed case, but should otherwise match: " + complaint));
    const JsonView metadata = object["metadata"];
    const std::string at = child_path(path, "metadata");
    for (FieldError& e : validate_labels(metadata["labels"], child_path(at, "labels"))) add(std::move(e));
    for (FieldError& e : validate_annotations(metadata["annotations"], child_path(at, "annotations")))
      add(std::move(e));
  }

  void check_array(JsonView array, const Node& node, std::string& path) {
    const auto size = static_cast<std::int64_t>(array.size());
    if (const Constraints* c = node.constraints.get()) {
      if (c->min_items && size < *c->min_items)
        fail(path, size, fmt::format("should have at least {} items", *c->min_items));
      if (c->max_items && size > *c->max_items)
        fail(path, size, fmt::format("should have at most {} items", *c->max_items));
      if (c->unique_items && has_duplicates(array))
        add(invalid_value(path, "", fmt::format("{} in body shouldn't contain duplicates", path)));
    }
    std::size_t i = 0;
    if (node.items)
      for (const JsonView element : array.elements()) {
        if (full()) return;
        const Step step(path, i++);
        check(element, *node.items, path);
      }
    if (node.list_type == ListType::Set) check_set(array, path);
    if (node.list_type == ListType::Map) check_list_map(array, node, path);
  }

  // The first repetition of each value is reported, as Kubernetes does.
  template <class Key>
  void report_repeated(JsonView array, const std::string& path, Key key_of) {
    std::unordered_map<std::string, int> seen;
    std::size_t i = 0;
    for (const JsonView element : array.elements()) {
      const Json key = key_of(element);
      if (++seen[canonical(key)] == 2) add(duplicate_value(index_path(path, i), key.view()));
      ++i;
    }
  }

  void check_set(JsonView array, const std::string& path) {
    report_repeated(array, path, [](JsonView element) { return element.to_json(); });
  }

  void check_list_map(JsonView array, const Node& node, const std::string& path) {
    std::size_t i = 0;
    for (const JsonView element : array.elements()) {
      if (!element.is_object() && !element.is_null()) {
        add(invalid_value(index_path(path, i), element, "must be an object for an array of list-type map"));
        return;
      }
      ++i;
    }
    report_repeated(array, path, [&](JsonView element) {
      JsonBuilder key;
      key.begin_object();
      for (const std::string& name : node.list_map_keys)
        if (element.contains(name)) key.member(name, element[name]);
      return key.end_object().take();
    });
  }

  // Equal values have equal texts, whatever the order of members.
  static std::string canonical(JsonView value) { return go_value(value); }

  static bool has_duplicates(JsonView array) {
    std::set<std::string> seen;
    for (const JsonView element : array.elements())
      if (!seen.insert(canonical(element)).second) return true;
    return false;
  }

  // Of length and pattern only the first violation is told, as Kubernetes does.
  void check_string(std::string_view text, const Constraints& c, const std::string& path) {
    const auto refuse = [&](std::string_view rule) { fail(path, Json::string(text), rule); };
    const std::int64_t length = c.max_length || c.min_length ? count_runes(text) : 0;
    if (c.max_length && length > *c.max_length)
      refuse(fmt::format("should be at most {} chars long", *c.max_length));
    else if (c.min_length && length < *c.min_length)
      refuse(fmt::format("should be at least {} chars long", *c.min_length));
    else if (c.pattern && !c.pattern->matches(text))
      refuse(fmt::format("should match '{}'", c.pattern->text()));
    if (!c.format.empty() && !has_format(text, c.format))
      refuse(fmt::format("must be of type {}: {}", c.format, go_quote(text)));
  }

  void check_number(JsonView value, const Constraints& c, const std::string& path) {
    const double number = value.number();
    if (c.maximum && (c.exclusive_maximum ? number >= *c.maximum : number > *c.maximum))
      fail(path, value,
           fmt::format("should be less than {}{}", c.exclusive_maximum ? "" : "or equal to ",
                       go_number(*c.maximum)));
    if (c.minimum && (c.exclusive_minimum ? number <= *c.minimum : number < *c.minimum))
      fail(path, value,
           fmt::format("should be greater than {}{}", c.exclusive_minimum ? "" : "or equal to ",
                       go_number(*c.minimum)));
    if (c.multiple_of && *c.multiple_of > 0) {
      const double times = number / *c.multiple_of;
      if (std::fabs(times - std::round(times)) > 1e-9 * std::max(1.0, std::fabs(times)))
        fail(path, value, fmt::format("should be a multiple of {}", go_number(*c.multiple_of)));
    }
    const bool in_int32 = number >= std::numeric_limits<std::int32_t>::min() &&
                          number <= std::numeric_limits<std::int32_t>::max();
    if (c.format == "int32" && !in_int32)
      fail(path, value, fmt::format("must be of type int32: {}", go_quote(go_value(value))));
  }

  void check_enum(JsonView value, const Constraints& c, const std::string& path) {
    if (c.enumeration.empty()) return;
    for (const Json& allowed : c.enumeration)
      if (allowed.view() == value) return;
    std::vector<std::string> supported;
    for (const Json& allowed : c.enumeration)
      supported.push_back(allowed.is_string() ? std::string(allowed.view().string()) : write_json(allowed));
    add(unsupported_value(path, value, supported));
  }

  FieldErrors errors_of(JsonView value, const Node& node, std::string& path) const {
    Validator inner;
    inner.root_ = root_;
    inner.check(value, node, path);
    return inner.take();
  }

  // How many alternatives hold; `best` gets the errors of the one that came closest.
  std::size_t count_valid(JsonView value, const std::vector<NodePtr>& alternatives, std::string& path,
                          FieldErrors& best) const {
    std::size_t valid = 0;
    bool first = true;
    for (const NodePtr& alternative : alternatives) {
      FieldErrors errors = errors_of(value, *alternative, path);
      if (errors.empty()) {
        ++valid;
      } else if (first || errors.size() < best.size()) {
        best = std::move(errors);
        first = false;
      }
    }
    return valid;
  }

  void fail_junctor(const std::string& path, std::string_view rule) {
    add(invalid_value(path, "", fmt::format("{} {}", go_quote(path), rule)));
  }
  void add_all(FieldErrors errors) {
    for (FieldError& error : errors) add(std::move(error));
  }

  void check_junctors(JsonView value, const Constraints& c, std::string& path) {
    FieldErrors best;
    if (!c.any_of.empty() && count_valid(value, c.any_of, path, best) == 0) {
      fail_junctor(path, "must validate at least one schema (anyOf)");
      add_all(std::move(best));
    }
    if (!c.one_of.empty()) {
      best.clear();
      const std::size_t valid = count_valid(value, c.one_of, path, best);
      if (valid == 0) {
        fail_junctor(path, "must validate one and only one schema (oneOf). Found none valid");
        add_all(std::move(best));
      } else if (valid > 1) {
        fail_junctor(
            path,
            fmt::format("must validate one and only one schema (oneOf). Found {} valid alternatives", valid));
      }
    }
    if (!c.all_of.empty()) {
      const std::size_t before = errors_.size();
      for (const NodePtr& nested : c.all_of) check(value, *nested, path);
      if (errors_.size() != before) fail_junctor(path, "must validate all the schemas (allOf)");
    }
    if (c.negated && errors_of(value, *c.negated, path).empty())
      fail_junctor(path, "must not validate the schema (not)");
  }

  FieldErrors errors_;
  const Node* root_ = nullptr;
};

}  // namespace

FieldErrors validate(JsonView object, const Schema& schema) {
  Validator validator;
  validator.check_root(object, schema.root());
  return validator.take();
}

FieldErrors validate_value(JsonView value, const Node& node, std::string path) {
  Validator validator;
  validator.check(value, node, path);
  return validator.take();
}

}  // namespace heirloom::schema
