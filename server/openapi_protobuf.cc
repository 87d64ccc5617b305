// gnostic's openapi.v2.Document, by hand: the numbers are those of openapiv2.proto. Only what our own
// document contains is written.
#include <string>
#include <string_view>

#include <cstring>

#include "server/openapi.h"

namespace heirloom::server {
namespace {

// A message under construction; wire format: (field << 3 | type), then varint, 8 bytes, or length and bytes.
class Message {
 public:
  void bytes(int field, std::string_view value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 2);
    varint(value.size());
    out_ += value;
  }
  void text(int field, JsonView value) {
    if (value.is_string() && !value.string().empty()) bytes(field, value.string());
  }
  void texts(int field, JsonView array) {
    for (const JsonView element : array.elements()) bytes(field, element.string());
  }
  void boolean(int field, JsonView value) {
    if (!value.boolean()) return;
    varint(static_cast<std::uint64_t>(field) << 3);
    varint(1);
  }
  void integer(int field, JsonView value) {
    if (!value.is_integer() || value.int64() == 0) return;
    varint(static_cast<std::uint64_t>(field) << 3);
    varint(static_cast<std::uint64_t>(value.int64()));
  }
  void number(int field, JsonView value) {
    if (!value.is_number() || value.number() == 0) return;
    varint(static_cast<std::uint64_t>(field) << 3 | 1);
    const double v = value.number();
    std::uint64_t bits = 0;
    std::memcpy(&bits, &v, sizeof bits);
    for (int i = 0; i < 8; ++i) out_ += static_cast<char>(bits >> (8 * i) & 0xff);
  }
  void message(int field, const Message& value) { bytes(field, value.out_); }
  // A name and a message: how gnostic writes the entries of maps.
  void named(int field, std::string_view name, const Message& value) {
    Message entry;
    entry.bytes(1, name);
    entry.message(2, value);
    message(field, entry);
  }
  std::string take() { return std::move(out_); }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>((value & 0x7f) | 0x80);
    out_ += static_cast<char>(value);
  }
  std::string out_;
};

// Any: the value as YAML; JSON is YAML.
Message any(JsonView value) {
  Message out;
  out.bytes(2, write_json(value) + "\n");
  return out;
}

void write_extensions(Message& out, int field, JsonView object) {
  for (const JsonMember member : object.members())
    if (member.key.starts_with("x-")) out.named(field, member.key, any(member.value));
}

Message schema_message(JsonView schema) {
  Message out;
  out.text(1, schema["$ref"]);
  out.text(2, schema["format"]);
  out.text(3, schema["title"]);
  out.text(4, schema["description"]);
  if (schema["default"].exists()) out.message(5, any(schema["default"]));
  out.number(6, schema["multipleOf"]);
  out.number(7, schema["maximum"]);
  out.boolean(8, schema["exclusiveMaximum"]);
  out.number(9, schema["minimum"]);
  out.boolean(10, schema["exclusiveMinimum"]);
  out.integer(11, schema["maxLength"]);
  out.integer(12, schema["minLength"]);
  out.text(13, schema["pattern"]);
  out.integer(14, schema["maxItems"]);
  out.integer(15, schema["minItems"]);
  out.boolean(16, schema["uniqueItems"]);
  out.integer(17, schema["maxProperties"]);
  out.integer(18, schema["minProperties"]);
  out.texts(19, schema["required"]);
  for (const JsonView value : schema["enum"].elements()) out.message(20, any(value));
  if (const JsonView additional = schema["additionalProperties"]; additional.is_object()) {
    Message item;
    item.message(1, schema_message(additional));
    out.message(21, item);
  }
  if (const JsonView type = schema["type"]; type.is_string()) {
    Message item;
    item.bytes(1, type.string());
    out.message(22, item);
  }
  if (const JsonView items = schema["items"]; items.is_object()) {
    Message item;
    item.message(1, schema_message(items));
    out.message(23, item);
  }
  if (const JsonView properties = schema["properties"]; properties.is_object()) {
    Message all;
    for (const JsonMember property : properties.members())
      all.named(1, property.key, schema_message(property.value));
    out.message(25, all);
  }
  write_extensions(out, 31, schema);
  return out;
}

Message parameter_message(JsonView parameter) {
  const bool in_path = parameter["in"].string() == "path";
  Message sub;
  sub.boolean(1, parameter["required"]);
  sub.text(2, parameter["in"]);
  sub.text(3, parameter["description"]);
  sub.text(4, parameter["name"]);
  sub.text(in_path ? 5 : 6, parameter["type"]);
  Message non_body;
  non_body.message(in_path ? 4 : 3, sub);
  Message outer;
  outer.message(2, non_body);
  Message item;
  item.message(1, outer);
  return item;
}

Message responses_message(JsonView responses) {
  Message out;
  for (const JsonMember response : responses.members()) {
    Message content;
    content.text(1, response.value["description"]);
    if (const JsonView schema = response.value["schema"]; schema.is_object()) {
      Message item;
      item.message(1, schema_message(schema));
      content.message(2, item);
    }
    Message value;
    value.message(1, content);
    out.named(1, response.key, value);
  }
  return out;
}

Message operation_message(JsonView operation) {
  Message out;
  out.text(3, operation["description"]);
  out.text(5, operation["operationId"]);
  for (const JsonView parameter : operation["parameters"].elements())
    out.message(8, parameter_message(parameter));
  out.message(9, responses_message(operation["responses"]));
  write_extensions(out, 13, operation);
  return out;
}

Message path_message(JsonView path) {
  constexpr std::pair<int, std::string_view> kMethods[] = {
      {2, "get"}, {3, "put"}, {4, "post"}, {5, "delete"}, {8, "patch"}};
  Message out;
  for (const auto& method : kMethods)
    if (const JsonView operation = path[method.second]; operation.exists())
      out.message(method.first, operation_message(operation));
  for (const JsonView parameter : path["parameters"].elements()) out.message(9, parameter_message(parameter));
  return out;
}

}  // namespace

std::string openapi_v2_protobuf(JsonView document) {
  Message out;
  out.text(1, document["swagger"]);
  Message info;
  info.text(1, document["info"]["title"]);
  info.text(2, document["info"]["version"]);
  out.message(2, info);
  Message paths;
  for (const JsonMember path : document["paths"].members())
    paths.named(2, path.key, path_message(path.value));
  out.message(8, paths);
  Message definitions;
  for (const JsonMember definition : document["definitions"].members())
    definitions.named(1, definition.key, schema_message(definition.value));
  out.message(9, definitions);
  return out.take();
}

}  // namespace heirloom::server
