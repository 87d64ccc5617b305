#include "apis/field_reader.h"

#include <fmt/format.h>

namespace heirloom {

namespace {

constexpr std::size_t kMaxCauses = 100;  // more would tell nobody anything
constexpr std::size_t kShownCauses = 5;

}  // namespace

std::string child_path(std::string_view parent, std::string_view key) {
  return parent.empty() ? std::string(key) : fmt::format("{}.{}", parent, key);
}

std::string element_path(std::string_view parent, std::size_t index) {
  return fmt::format("{}[{}]", parent, index);
}

void FieldReader::fail(std::string path, std::string message, std::string_view reason) {
  if (causes_.size() < kMaxCauses)
    causes_.push_back({std::string(reason), std::move(message), std::move(path)});
}

JsonView FieldReader::typed(JsonView parent, std::string_view key, std::string_view path, JsonKind kind) {
  const JsonView value = parent[key];
  if (!value.exists() || value.is_null()) return {};
  if (value.kind() == kind || (kind == JsonKind::Int64 && value.kind() == JsonKind::Uint64)) return value;
  fail(child_path(path, key), fmt::format("expected {}, found {}", to_string(kind), to_string(value.kind())));
  return {};
}

std::string FieldReader::string(JsonView parent, std::string_view key, std::string_view path) {
  return std::string(typed(parent, key, path, JsonKind::String).string());
}

bool FieldReader::boolean(JsonView parent, std::string_view key, std::string_view path) {
  return typed(parent, key, path, JsonKind::Bool).boolean();
}

std::int64_t FieldReader::int64(JsonView parent, std::string_view key, std::string_view path) {
  return typed(parent, key, path, JsonKind::Int64).int64();
}

JsonView FieldReader::object(JsonView parent, std::string_view key, std::string_view path) {
  return typed(parent, key, path, JsonKind::Object);
}

JsonView FieldReader::array(JsonView parent, std::string_view key, std::string_view path) {
  return typed(parent, key, path, JsonKind::Array);
}

std::vector<std::string> FieldReader::strings(JsonView parent, std::string_view key, std::string_view path) {
  std::vector<std::string> values;
  std::size_t index = 0;
  for (const JsonView element : array(parent, key, path).elements()) {
    if (element.is_string())
      values.emplace_back(element.string());
    else
      fail(element_path(child_path(path, key), index),
           fmt::format("expected string, found {}", to_string(element.kind())));
    ++index;
  }
  return values;
}

bool FieldReader::is_object(JsonView element, std::string_view path) {
  if (element.is_object()) return true;
  fail(std::string(path), fmt::format("expected object, found {}", to_string(element.kind())));
  return false;
}

Status FieldReader::status(std::string_view subject) const {
  if (causes_.empty()) return {};
  std::string message = fmt::format("{} is invalid: ", subject);
  for (std::size_t i = 0; i < causes_.size() && i < kShownCauses; ++i) {
    if (i > 0) message += "; ";
    message += fmt::format("{}: {}", causes_[i].field, causes_[i].message);
  }
  if (causes_.size() > kShownCauses) message += fmt::format("; and {} more", causes_.size() - kShownCauses);
  StatusDetails details;
  details.causes = causes_;
  return {422, reasons::kInvalid, std::move(message), std::move(details)};
}

}  // namespace heirloom
