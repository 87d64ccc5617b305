#include "server/decode.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "base/clock.h"
#include "schema/schema.h"

namespace heirloom::server {
namespace {

using schema::Form;
using schema::Node;
using schema::Type;

// Writes a typed value the way a typed API object would be encoded again. Depth is bounded by Json's own
// limit.
class TypedCopy {
 public:
  explicit TypedCopy(JsonBuilder& out) : out_(out) {}

  // "" or what is wrong at where().
  std::string copy(JsonView value, const Node* node) {
    if (node == nullptr) {
      out_.value(value);
      return {};
    }
    if (auto wrong = check_scalar(value, *node); !wrong.empty()) return wrong;
    if (node->form == Form::Time && value.is_string()) {
      out_.string(canonical_time(value.string(), is_micro(*node)));
      return {};
    }
    if (value.is_object()) return copy_object(value, *node);
    if (value.is_array()) return copy_array(value, *node);
    out_.value(value);
    return {};
  }

  // The path of what is wrong below the value that was copied: ".template.spec.containers[0].name".
  const std::string& where() const { return where_; }

 private:
  std::string copy_members(JsonView object, const Node& node) {
    for (const auto& member : object.members()) {
      const Node* child = node.member(member.key);
      if (is_absent(member.value, child)) continue;
      out_.key(member.key);
      auto wrong = copy(member.value, child);
      if (wrong.empty()) continue;
      where_ = fmt::format(".{}{}", member.key, where_);
      return wrong;
    }
    return {};
  }

  static bool is_absent(JsonView value, const Node* node) {
    if (node == nullptr) return false;
    if (value.is_null()) return !node->nullable;
    return node->empty_is_absent && (value.is_object() || value.is_array()) && value.empty();
  }

  static std::string_view expected(const Node& node) {
    if (node.int_or_string || node.form == Form::IntOrString) return "a number or a string";
    switch (node.type) {
      case Type::Object:
        return "an object";
      case Type::Array:
        return "an array";
      case Type::String:
        return node.form == Form::Quantity ? "a quantity" : "a string";
      case Type::Integer:
        return "an integer";
      case Type::Number:
        return "a number";
      case Type::Boolean:
        return "a boolean";
      case Type::Any:
        break;
    }
    return "";
  }

  static bool fits(JsonView value, const Node& node) {
    if (node.int_or_string || node.form == Form::IntOrString) return value.is_integer() || value.is_string();
    if (node.form == Form::Quantity) return value.is_number() || value.is_string();
    switch (node.type) {
      case Type::Object:
        return value.is_object();
      case Type::Array:
        return value.is_array();
      case Type::String:
        return value.is_string();
      case Type::Integer:
        return value.is_integer();
      case Type::Number:
        return value.is_number();
      case Type::Boolean:
        return value.is_bool();
      case Type::Any:
        break;
    }
    return true;
  }

  static bool is_micro(const Node& node) {
    return node.constraints && node.constraints->format == "micro-time";
  }

  // Times are answered in UTC: Time in whole seconds, MicroTime with six digits.
  static std::string canonical_time(std::string_view text, bool micro) {
    const auto time = parse_time(text);
    if (!time.ok()) return std::string(text);
    return micro ? format_micro_time(*time) : format_time(*time);
  }

  // MicroTime decodes with exactly six digits behind the second.
  static bool has_six_digits(std::string_view text) {
    const auto dot = text.find('.');
    return dot != std::string_view::npos && text.find_first_not_of("0123456789", dot + 1) == dot + 7;
  }

  static std::string check_scalar(JsonView value, const Node& node) {
    if (value.is_null()) return {};
    if (!fits(value, node))
      return fmt::format("expects {}, but found {}", expected(node), to_string(value.kind()));
    if (node.form == Form::Bytes && !decode_base64(value.string()).ok()) return "illegal base64 data";
    if (node.form == Form::Time && !parse_time(value.string()).ok()) {
      return fmt::format("parsing time {}: it must be RFC 3339", schema::go_quote(value.string()));
    }
    if (node.form == Form::Time && is_micro(node) && !has_six_digits(value.string())) {
      return fmt::format("parsing time {}: it must have six digits behind the second",
                         schema::go_quote(value.string()));
    }
    return {};
  }

  std::string copy_object(JsonView value, const Node& node) {
    out_.begin_object();
    auto wrong = copy_members(value, node);
    if (!wrong.empty()) return wrong;
    out_.end_object();
    return {};
  }

  std::string copy_array(JsonView value, const Node& node) {
    out_.begin_array();
    std::size_t index = 0;
    for (const auto& element : value.elements()) {
      auto wrong = copy(element, node.items.get());
      if (!wrong.empty()) {
        where_ = fmt::format("[{}]{}", index, where_);
        return wrong;
      }
      ++index;
    }
    out_.end_array();
    return {};
  }

  JsonBuilder& out_;
  std::string where_;  // grows from the inside out: nobody pays for it while all is well
};

Status check_type_meta(const Resource& resource, const std::string& api_version, JsonView body) {
  const auto kind = body["kind"].string();
  const auto given = body["apiVersion"].string();
  if (resource.custom && kind.empty())
    return bad_request("Object 'Kind' is missing: it must be " + resource.kind);
  if (resource.custom && given.empty())
    return bad_request("Object 'apiVersion' is missing: it must be " + api_version);
  if (!given.empty() && given != api_version) {
    return bad_request(fmt::format(
        "the API version in the data ({}) does not match the expected API version ({})", given, api_version));
  }
  if (!kind.empty() && kind != resource.kind) {
    return bad_request(
        fmt::format("{} in version \"{}\" cannot be handled as a {}: the kind of the object does not "
                    "match the resource of the URL",
                    kind, api_version, resource.kind));
  }
  return {};
}

}  // namespace

Result<Json> decode_object(const Resource& resource, const ResourceVersionInfo& version, const Json& body) {
  if (!body.is_object()) {
    return bad_request(
        fmt::format("the object provided is unrecognized (must be of type {}): expected a JSON object, "
                    "found {}",
                    resource.kind, to_string(body.kind())));
  }
  const auto api_version = GroupVersionKind{resource.group, version.name, resource.kind}.api_version();
  TRY_VOID(check_type_meta(resource, api_version, body));
  JsonBuilder out;
  out.begin_object().member("kind", resource.kind).member("apiVersion", api_version);
  TypedCopy typed(out);
  const auto refuse = [&](std::string_view member, const std::string& wrong) {
    return bad_request(fmt::format("{} in version \"{}\" cannot be handled as a {}: {}{}: {}", resource.kind,
                                   version.name, resource.kind, member, typed.where(), wrong));
  };
  const JsonView metadata = body["metadata"];
  out.key("metadata");
  if (!metadata.exists() || metadata.is_null()) {
    out.begin_object().end_object();
  } else if (auto wrong = typed.copy(metadata, &schema::object_meta().root()); !wrong.empty()) {
    return refuse("metadata", wrong);
  }
  const Node& root = version.schema->root();
  for (const auto& member : body.view().members()) {
    if (member.key == "kind" || member.key == "apiVersion" || member.key == "metadata") continue;
    if (resource.custom) {
      out.member(member.key, member.value);
      continue;
    }
    const Node* node = root.member(member.key);
    if (node != nullptr && member.value.is_null()) continue;
    if (node != nullptr && node->empty_is_absent && member.value.empty() &&
        (member.value.is_object() || member.value.is_array())) {
      continue;
    }
    out.key(member.key);
    if (auto wrong = typed.copy(member.value, node); !wrong.empty()) return refuse(member.key, wrong);
  }
  out.end_object();
  return out.take();
}

}  // namespace heirloom::server
