#include "schema/field_error.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/assert.h"

namespace heirloom::schema {

namespace {

FieldError error(std::string_view reason, std::string path, std::string message) {
  return {std::string(reason), std::move(message), std::move(path)};
}

std::string with_detail(std::string message, std::string_view detail) {
  if (!detail.empty()) message.append(": ").append(detail);
  return message;
}

// How field.Error prints the offending value: scalars plainly, strings quoted, the rest in Go syntax.
std::string bad_value(JsonView value) {
  switch (value.kind()) {
    case JsonKind::Missing:
    case JsonKind::Null:
      return "\"null\"";
    case JsonKind::String:
      return go_quote(value.string());
    default:
      return go_value(value);
  }
}

std::string supported_values(const std::vector<std::string>& supported) {
  std::string out = "supported values: ";
  for (std::size_t i = 0; i < supported.size(); ++i) {
    if (i > 0) out += ", ";
    out += go_quote(supported[i]);
  }
  return out;
}

std::vector<JsonMember> sorted_members(JsonView object) {
  std::vector<JsonMember> members;
  for (const JsonMember member : object.members()) members.push_back(member);
  std::sort(members.begin(), members.end(),
            [](const JsonMember& a, const JsonMember& b) { return a.key < b.key; });
  return members;
}

// Length of the UTF-8 sequence at the start of text, 0 when it is not valid; the code point in rune.
std::size_t decode_rune(std::string_view text, char32_t& rune) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  std::size_t length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length == 0 || length > text.size()) return 0;
  rune = length == 1 ? first : first & (0xff >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    rune = (rune << 6) | (byte(i) & 0x3f);
  }
  return length;
}

// Code points that Go's strconv.Quote escapes although they are valid: controls, format characters,
// separators.
bool is_unprintable(char32_t rune) {
  return (rune >= 0x7f && rune <= 0xa0) || rune == 0xad || (rune >= 0x200b && rune <= 0x200f) ||
         (rune >= 0x2028 && rune <= 0x202f) || (rune >= 0x2060 && rune <= 0x206f) || rune == 0xfeff ||
         (rune >= 0xe000 && rune <= 0xf8ff) || rune == 0x3000 || rune >= 0xe0000;
}

void append_escaped(std::string& out, char32_t rune) {
  static constexpr std::string_view kNames = "abtnvfr";  // 7 .. 13
  if (rune >= 7 && rune <= 13) {
    out.push_back('\\');
    out.push_back(kNames[rune - 7]);
  } else if (rune < 0x80) {
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned>(rune));
  } else if (rune < 0x10000) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(rune));
  } else {
    fmt::format_to(std::back_inserter(out), "\\U{:08x}", static_cast<unsigned>(rune));
  }
}

}  // namespace

FieldError required_value(std::string path, std::string_view detail) {
  return error(reasons::kFieldValueRequired, std::move(path), with_detail("Required value", detail));
}

FieldError invalid_value(std::string path, JsonView value, std::string_view detail) {
  return error(reasons::kFieldValueInvalid, std::move(path),
               with_detail("Invalid value: " + bad_value(value), detail));
}

FieldError invalid_value(std::string path, std::string_view value, std::string_view detail) {
  return error(reasons::kFieldValueInvalid, std::move(path),
               with_detail("Invalid value: " + go_quote(value), detail));
}

FieldError invalid_value(std::string path, const char* value, std::string_view detail) {
  return invalid_value(std::move(path), std::string_view(value), detail);
}

FieldError invalid_value(std::string path, std::int64_t value, std::string_view detail) {
  return error(reasons::kFieldValueInvalid, std::move(path),
               with_detail(fmt::format("Invalid value: {}", value), detail));
}

FieldError unsupported_value(std::string path, JsonView value, const std::vector<std::string>& supported) {
  return error(reasons::kFieldValueNotSupported, std::move(path),
               with_detail("Unsupported value: " + bad_value(value), supported_values(supported)));
}

FieldError unsupported_value(std::string path, std::string_view value,
                             const std::vector<std::string>& supported) {
  return error(reasons::kFieldValueNotSupported, std::move(path),
               with_detail("Unsupported value: " + go_quote(value), supported_values(supported)));
}

FieldError duplicate_value(std::string path, JsonView value) {
  return error(reasons::kFieldValueDuplicate, std::move(path), "Duplicate value: " + bad_value(value));
}

FieldError duplicate_value(std::string path, std::string_view value) {
  return error(reasons::kFieldValueDuplicate, std::move(path), "Duplicate value: " + go_quote(value));
}

FieldError forbidden_value(std::string path, std::string_view detail) {
  return error(reasons::kFieldValueForbidden, std::move(path), with_detail("Forbidden", detail));
}

FieldError too_long_value(std::string path, std::int64_t max_bytes) {
  return error("FieldValueTooLong", std::move(path),
               fmt::format("Too long: must have at most {} bytes", max_bytes));
}

FieldError too_many_values(std::string path, std::int64_t actual, std::int64_t max) {
  return error("FieldValueTooMany", std::move(path),
               fmt::format("Too many: {}: must have at most {} items", actual, max));
}

FieldError not_found_value(std::string path, std::string_view value) {
  return error("FieldValueNotFound", std::move(path), "Not found: " + go_quote(value));
}

Status invalid_status(std::string_view group, std::string_view kind, std::string_view name,
                      FieldErrors errors) {
  HEIRLOOM_ASSERT(!errors.empty());
  // Equal messages are told once; the causes list every one.
  std::vector<std::string> texts;
  for (const FieldError& e : errors) {
    std::string text = e.field + ": " + e.message;
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(std::move(text));
  }
  const std::string what = texts.size() == 1 ? texts.front() : fmt::format("[{}]", fmt::join(texts, ", "));
  const std::string full_kind = group.empty() ? std::string(kind) : fmt::format("{}.{}", kind, group);
  StatusDetails details;
  details.name = name;
  details.group = group;
  details.kind = kind;
  details.causes = std::move(errors);
  return {422, reasons::kInvalid, fmt::format("{} {} is invalid: {}", full_kind, go_quote(name), what),
          std::move(details)};
}

std::string child_path(std::string_view path, std::string_view field) {
  std::string out(path);
  if (!out.empty()) out.push_back('.');
  out.append(field);
  return out;
}

std::string index_path(std::string_view path, std::size_t index) {
  return fmt::format("{}[{}]", path, index);
}

std::string key_path(std::string_view path, std::string_view key) { return fmt::format("{}[{}]", path, key); }

std::string go_quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    char32_t rune = 0;
    const std::size_t length = decode_rune(text, rune);
    if (length == 0) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(text.front()));
      text.remove_prefix(1);
      continue;
    }
    if (rune == '"' || rune == '\\') {
      out.push_back('\\');
      out.append(text.substr(0, length));
    } else if (rune < 0x20 || is_unprintable(rune)) {
      append_escaped(out, rune);
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  out.push_back('"');
  return out;
}

std::string go_number(double value) {
  // strconv's 'g' format with shortest digits, but an exponent only below 1e-4 and from 1e21 on.
  const double magnitude = std::fabs(value);
  char buffer[400];
  const bool exponent = magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e21);
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value,
                                 exponent ? std::chars_format::scientific : std::chars_format::fixed);
  return std::string(buffer, end.ptr);
}

std::string go_value(JsonView value) {
  switch (value.kind()) {
    case JsonKind::Missing:
    case JsonKind::Null:
      return "interface {}(nil)";
    case JsonKind::Bool:
      return value.boolean() ? "true" : "false";
    case JsonKind::Int64:
      return fmt::format("{}", value.int64());
    case JsonKind::Uint64:
      return fmt::format("{}", value.uint64());
    case JsonKind::Double:
      return go_number(value.number());
    case JsonKind::String:
      return go_quote(value.string());
    case JsonKind::Array: {
      std::string out = "[]interface {}{";
      for (const JsonView element : value.elements()) {
        if (out.back() != '{') out += ", ";
        out += go_value(element);
      }
      return out + "}";
    }
    case JsonKind::Object: {
      std::string out = "map[string]interface {}{";
      for (const JsonMember& member : sorted_members(value)) {
        if (out.back() != '{') out += ", ";
        out += go_quote(member.key) + ":" + go_value(member.value);
      }
      return out + "}";
    }
  }
  return {};
}

std::string go_print(JsonView value) {
  switch (value.kind()) {
    case JsonKind::Missing:
    case JsonKind::Null:
      return "<nil>";
    case JsonKind::String:
      return std::string(value.string());
    case JsonKind::Array: {
      std::string out = "[";
      for (const JsonView element : value.elements()) {
        if (out.size() > 1) out += " ";
        out += go_print(element);
      }
      return out + "]";
    }
    case JsonKind::Object: {
      std::string out = "map[";
      for (const JsonMember& member : sorted_members(value)) {
        if (out.back() != '[') out += " ";
        out.append(member.key).append(":").append(go_print(member.value));
      }
      return out + "]";
    }
    default:
      return go_value(value);
  }
}

}  // namespace heirloom::schema
