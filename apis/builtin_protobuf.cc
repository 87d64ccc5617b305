#include "apis/builtin_protobuf.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "apis/compact_schema.h"
#include "base/assert.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "base/yaml.h"

namespace heirloom {

std::span<const EmbeddedFile> builtin_schema_files();
std::span<const EmbeddedFile> protobuf_number_files();

namespace {

constexpr std::string_view kEnvelope{"k8s\0", 4};
// Types nest; none contains itself.
constexpr int kMaxDepth = 64;

// One field on the wire: a number (varint, fixed) or bytes.
struct WireField {
  std::uint64_t number = 0;
  std::uint64_t value = 0;
  std::optional<std::string_view> bytes;
};

class WireReader {
 public:
  explicit WireReader(std::string_view message) : rest_(message) {}

  // Nullopt at the end or, with failed(), at bytes that are no field.
  std::optional<WireField> next() {
    if (rest_.empty() || failed_) return std::nullopt;
    const std::uint64_t tag = varint();
    WireField field;
    field.number = tag >> 3;
    switch (tag & 7) {
      case 0:
        field.value = varint();
        break;
      case 1:
        field.value = fixed(8);
        break;
      case 2:
        field.bytes = take(varint());
        break;
      case 5:
        field.value = fixed(4);
        break;
      default:
        failed_ = true;
    }
    if (failed_ || field.number == 0) {
      failed_ = true;
      return std::nullopt;
    }
    return field;
  }
  bool failed() const { return failed_; }

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    failed_ = true;
    return 0;
  }
  std::uint64_t fixed(std::size_t size) {
    const std::string_view bytes = take(size);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    return value;
  }
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }

  std::string_view rest_;
  bool failed_ = false;
};

// What a word of apis/schema/protobuf.yaml says.
struct NumberedField {
  std::string name;
  bool pointer = false;
  bool embedded = false;                // name is a type then
  const CompactField* field = nullptr;  // null: metadata, or an embedded type
};
using NumberedType = std::map<std::uint64_t, NumberedField>;

class Numbers {
 public:
  Numbers() {
    auto schema = CompactSchema::parse(builtin_schema_files());
    HEIRLOOM_ASSERT(schema.ok());
    schema_ = std::move(schema).value();
    for (const EmbeddedFile& file : protobuf_number_files()) {
      const auto document = parse_yaml(file.content);
      HEIRLOOM_ASSERT(document.ok());
      const JsonView numbers = document->view()["numbers"];
      for (const JsonMember type : numbers.members())
        types_.emplace(type.key, read_type(type.key, type.value.string(), numbers));
    }
  }

  const NumberedType* find(std::string_view type) const {
    const auto it = types_.find(std::string(type));
    return it == types_.end() ? nullptr : &it->second;
  }

 private:
  NumberedType read_type(std::string_view type, std::string_view words, JsonView numbers) const {
    NumberedType out;
    std::uint64_t number = 0;
    while (!words.empty()) {
      std::string_view word = words.substr(0, words.find(' '));
      words.remove_prefix(std::min(words.size(), word.size() + 1));
      if (word.empty()) continue;
      ++number;
      if (word == "-") continue;
      NumberedField field;
      field.embedded = word.front() == '<';
      if (field.embedded) word = word.substr(1, word.size() - 2);
      field.pointer = word.ends_with('*');
      if (field.pointer) word.remove_suffix(1);
      field.name = word;
      if (!field.embedded) field.field = field_of(type, word, numbers);
      out.emplace(number, std::move(field));
    }
    return out;
  }

  // Of the type itself or of one that embeds it.
  const CompactField* field_of(std::string_view type, std::string_view name, JsonView numbers) const {
    if (const CompactField* own = own_field(type, name)) return own;
    const std::string marker = fmt::format("<{}>", type);
    for (const JsonMember outer : numbers.members())
      if (outer.value.string().find(marker) != std::string_view::npos)
        if (const CompactField* found = own_field(outer.key, name)) return found;
    return nullptr;
  }
  const CompactField* own_field(std::string_view type, std::string_view name) const {
    const auto it = schema_.types().find(std::string(type));
    if (it == schema_.types().end()) return nullptr;
    for (const CompactField& field : it->second)
      if (field.name == name) return &field;
    return nullptr;
  }

  CompactSchema schema_;
  std::map<std::string, NumberedType> types_;
};

const Numbers& numbers() {
  static const Numbers kNumbers;
  return kNumbers;
}

std::optional<WallTime> read_time(std::string_view message) {
  std::int64_t seconds = 0, nanos = 0;
  WireReader reader(message);
  while (const auto field = reader.next()) {
    if (field->number == 1) seconds = static_cast<std::int64_t>(field->value);
    if (field->number == 2) nanos = static_cast<std::int64_t>(field->value);
  }
  // Beyond the years that a nanosecond clock can say.
  constexpr std::int64_t kMaxSeconds = 9'000'000'000;
  if (reader.failed() || (seconds == 0 && nanos == 0) || seconds > kMaxSeconds || seconds < -kMaxSeconds)
    return std::nullopt;
  return WallTime(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanos));
}

// The string in field 1: Quantity, FieldsV1.
std::string_view first_text(std::string_view message) {
  WireReader reader(message);
  while (const auto field = reader.next())
    if (field->number == 1 && field->bytes) return *field->bytes;
  return {};
}

// Writes messages as JSON objects. After an error it goes on writing something well-formed.
class ObjectWriter {
 public:
  void write_object(std::string_view bytes, std::string_view kind, std::string_view api_version) {
    out_.begin_object().member("apiVersion", api_version).member("kind", kind);
    write_members(bytes, kind, 0);
    out_.end_object();
  }
  const std::string& error() const { return error_; }
  Json take() { return out_.take(); }

 private:
  using Group = std::vector<WireField>;

  void fail(std::string_view what) {
    if (error_.empty()) error_ = what;
  }

  void write_members(std::string_view message, std::string_view type, int depth) {
    const NumberedType* numbered = numbers().find(type);
    if (numbered == nullptr || depth > kMaxDepth) return fail(fmt::format("type {} is not known", type));
    std::map<std::uint64_t, Group> groups;
    WireReader reader(message);
    while (const auto field = reader.next()) groups[field->number].push_back(*field);
    if (reader.failed()) fail(fmt::format("the bytes of {} are damaged", type));
    for (const auto& group : groups) {
      const auto known = numbered->find(group.first);
      if (known == numbered->end()) continue;  // of a later release
      write_member(known->second, group.second, depth);
    }
  }

  void write_member(const NumberedField& numbered, const Group& group, int depth) {
    if (numbered.embedded) {
      for (const WireField& field : group) write_members(field.bytes.value_or(""), numbered.name, depth + 1);
      return;
    }
    if (numbered.field == nullptr) {  // metadata of the kind itself
      out_.key(numbered.name).begin_object();
      write_members(group.back().bytes.value_or(""), "ObjectMeta", depth + 1);
      out_.end_object();
      return;
    }
    const CompactField& field = *numbered.field;
    switch (field.shape) {
      case CompactField::Shape::List:
        out_.key(field.name).begin_array();
        for (const WireField& element : group) write_value(field.type, element, depth);
        out_.end_array();
        break;
      case CompactField::Shape::Map:
        write_map(field, group, depth);
        break;
      case CompactField::Shape::Single:
        if (!numbered.pointer && !field.required && is_absent(field.type, group.back())) return;
        if ((field.type == "time" || field.type == "microtime") && is_absent(field.type, group.back()))
          return;
        out_.key(field.name);
        write_value(field.type, group.back(), depth);
        break;
    }
  }

  // The last of several entries with one key counts.
  void write_map(const CompactField& field, const Group& group, int depth) {
    std::map<std::string_view, WireField> entries;
    for (const WireField& entry : group) {
      std::string_view key;
      WireField value;
      value.bytes = std::string_view();
      WireReader reader(entry.bytes.value_or(""));
      while (const auto part = reader.next()) {
        if (part->number == 1) key = part->bytes.value_or("");
        if (part->number == 2) value = *part;
      }
      if (reader.failed()) fail(fmt::format("the bytes of {} are damaged", field.name));
      entries[key] = value;
    }
    out_.key(field.name).begin_object();
    for (const auto& entry : entries) {
      out_.key(text(entry.first));
      write_value(field.type, entry.second, depth);
    }
    out_.end_object();
  }

  // Go writes fields that it does not hold by pointer even when they are zero; JSON keeps only the required ones.
  static bool is_absent(std::string_view type, const WireField& field) {
    if (type == "string" || type == "bytes") return field.bytes.value_or("").empty();
    if (type == "boolean" || type == "int32" || type == "int64") return field.value == 0;
    if (type == "time" || type == "microtime") return !read_time(field.bytes.value_or(""));
    if (type == "quantity") return first_text(field.bytes.value_or("")).empty();
    if (type == "int-or-string") return is_zero_int_or_string(field.bytes.value_or(""));
    return false;
  }

  static bool is_zero_int_or_string(std::string_view message) {
    WireReader reader(message);
    while (const auto field = reader.next())
      if ((field->number == 2 && field->value != 0) ||
          (field->number == 3 && !field->bytes.value_or("").empty()))
        return false;
    return true;
  }

  void write_value(std::string_view type, const WireField& field, int depth) {
    const std::string_view bytes = field.bytes.value_or("");
    if (type == "string") {
      out_.string(text(bytes));
    } else if (type == "boolean") {
      out_.boolean(field.value != 0);
    } else if (type == "int32" || type == "int64") {
      out_.int64(static_cast<std::int64_t>(field.value));
    } else if (type == "bytes") {
      out_.string(encode_base64(bytes));
    } else if (type == "quantity") {
      out_.string(text(first_text(bytes)));
    } else if (type == "int-or-string") {
      write_int_or_string(bytes);
    } else if (type == "time" || type == "microtime") {
      const auto time = read_time(bytes);
      if (!time) return void(out_.null());
      out_.string(type == "time" ? format_time(*time) : format_micro_time(*time));
    } else if (type == "any") {
      const auto raw = Json::parse(first_text(bytes));
      out_.value(raw.ok() ? *raw : Json::object());
    } else {
      out_.begin_object();
      write_members(bytes, type, depth + 1);
      out_.end_object();
    }
  }

  void write_int_or_string(std::string_view message) {
    bool is_text = false;
    std::int64_t number = 0;
    std::string_view word;
    WireReader reader(message);
    while (const auto field = reader.next()) {
      if (field->number == 1) is_text = field->value != 0;
      if (field->number == 2) number = static_cast<std::int32_t>(field->value);
      if (field->number == 3) word = field->bytes.value_or("");
    }
    if (is_text) {
      out_.string(text(word));
    } else {
      out_.int64(number);
    }
  }

  // Text from outside must be UTF-8 before it may be JSON.
  std::string_view text(std::string_view bytes) {
    if (is_valid_utf8(bytes)) return bytes;
    fail("a string is not UTF-8");
    return {};
  }

  JsonBuilder out_;
  std::string error_;
};

}  // namespace

Result<Json> read_protobuf_object(std::string_view bytes) {
  if (!bytes.starts_with(kEnvelope))
    return bad_request("the body is no Kubernetes protobuf: it lacks its prefix");
  std::string_view api_version, kind, raw;
  WireReader reader(bytes.substr(kEnvelope.size()));
  while (const auto field = reader.next()) {
    if (field->number == 2) raw = field->bytes.value_or("");
    if (field->number != 1) continue;
    WireReader type(field->bytes.value_or(""));
    while (const auto part = type.next()) {
      if (part->number == 1) api_version = part->bytes.value_or("");
      if (part->number == 2) kind = part->bytes.value_or("");
    }
  }
  if (reader.failed()) return bad_request("the protobuf envelope of the body is damaged");
  if (numbers().find(kind) == nullptr) {
    return Status(415, reasons::kUnsupportedMediaType,
                  fmt::format("objects of this kind cannot be read from {}: send application/json",
                              kProtobufMediaType));
  }
  ObjectWriter writer;
  writer.write_object(raw, kind, is_valid_utf8(api_version) ? api_version : "");
  if (!writer.error().empty())
    return bad_request(fmt::format("the body does not decode: {}", writer.error()));
  return writer.take();
}

}  // namespace heirloom
